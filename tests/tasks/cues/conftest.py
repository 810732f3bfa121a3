"""Real media of one recording, rendered by the tests."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from osmo.schemas.tables import MEDIA
from osmo.storage.media import Media, MediaCache, write_track
from osmo.storage.objects import Objects
from osmo.tasks.tracks.registry import TRACKERS
from osmo.tasks.tracks.tracker import Recorded, Spoken

RATE_HZ = 16_000


class Studio:
    """Makes sounds, pictures, and the media of recording `r`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cache = MediaCache(Objects(str(folder / "store"), create=True))

    def tone(self, hz: float, level: float, seconds: float) -> npt.NDArray[np.float64]:
        """A tone with harmonics, so that it has a pitch as a voice has."""
        t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
        return level * np.sum([np.sin(2 * np.pi * hz * k * t) / k for k in range(1, 6)], axis=0) / 2

    def sound(self, *parts: npt.NDArray[np.float64], name: str = "sound.wav") -> Path:
        path = self.folder / name
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE_HZ)
            file.writeframes((np.clip(np.concatenate(parts), -1, 1) * 32767).astype("<i2").tobytes())
        return path

    def heard(self, file: Path) -> Path:
        """The sound of any file as a cached one: 16 kHz, mono, 16 bits."""
        resampler = av.AudioResampler("s16", "mono", RATE_HZ)
        with av.open(str(file)) as container:
            frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
            frames += resampler.resample(None)
        return self.sound(np.concatenate([frame.to_ndarray()[0] for frame in frames]) / 32767)

    def video(self, frames: list[npt.NDArray[np.uint8]], *, fps: int = 10, name: str = "video.mp4") -> Path:
        """Grey frames of shape (H, W) as H.264 with a keyframe a second."""
        path = self.folder / name
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=fps, options={"crf": "10", "g": str(fps)})
            stream.height, stream.width = frames[0].shape
            stream.pix_fmt = "yuv420p"
            for grey in frames:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(np.stack([grey] * 3, axis=2), "rgb24")))
            container.mux(stream.encode())
        return path

    def row(self, kind: str, file: Path, **more: object) -> dict[str, object]:
        put = self.cache.put(file)
        return {
            "recording_id": "r", "kind": kind, "source_sha256": "s", "uri": put.uri, "sha256": put.sha256,
            "bytes": put.bytes, "start_s": 0.0, "duration_s": 10.0, "captioned": False, "silent": False,
            "encoder": "test", **more,
        }  # fmt: skip

    def tracked(
        self, tracker: str, *rows: dict[str, object], spoken: Sequence[tuple[float, float, str]] = ()
    ) -> list[dict[str, object]]:
        """The rows, and that of the track which a tracker makes of them."""
        path = self.folder / "track.parquet"
        measured = TRACKERS.create(tracker)
        recorded = Recorded("r", 10.0, None, tuple(Spoken(*turn) for turn in spoken))
        write_track(path, measured.track(recorded, self.media(*rows)), measured.schema)  # type: ignore[attr-defined]
        return [*rows, self.row(f"{tracker}_track", path)]

    def rows(self, *rows: dict[str, object]) -> pa.Table:
        return MEDIA.rows(rows)

    def media(self, *rows: dict[str, object]) -> Media:
        return Media(self.cache, self.rows(*rows))


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path)
