"""Real media of one recording, rendered by the tests."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from osmo.schemas.tables import MEDIA
from osmo.storage.media import Media, MediaCache
from osmo.storage.objects import Objects
from osmo.tasks.proxy import Shape, encode
from osmo.tasks.tracks.tracker import Recorded, Spoken, Tracker

RATE_HZ = 16_000


class Place:
    """Makes sounds, pictures, and tracks of recording `r`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cache = MediaCache(Objects(str(folder / "store"), create=True))

    def sound(self, samples: npt.NDArray[np.floating]) -> dict[str, object]:
        """Row of a 16 kHz WAV file."""
        path = self.folder / "sound.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE_HZ)
            file.writeframes(np.rint(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
        return self.row("audio", path)

    def heard(self, file: Path) -> dict[str, object]:
        """Row of the sound of any file, as 16 kHz mono."""
        resampler = av.AudioResampler("flt", "mono", RATE_HZ)
        with av.open(str(file)) as container:
            frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
            frames += resampler.resample(None)
        return self.sound(np.concatenate([frame.to_ndarray()[0] for frame in frames]))

    def proxy(self, frames: Sequence[npt.NDArray[np.uint8]], *, fps: int = 10) -> dict[str, object]:
        """Row of a labelling proxy of grey pictures of shape (H, W) or coloured ones of shape (H, W, 3)."""
        path = self.folder / "proxy.mp4"
        coloured = (frame if frame.ndim == 3 else np.stack([frame] * 3, axis=2) for frame in frames)
        pictures = (av.VideoFrame.from_ndarray(c, "rgb24").reformat(format="yuv420p") for c in coloured)
        height, width = frames[0].shape[:2]
        encode(path, Shape(width, height, Fraction(fps), len(frames), None), pictures, None, crf=23)
        return self.row("proxy", path)

    def row(self, kind: str, file: Path, **more: object) -> dict[str, object]:
        put = self.cache.put(file)
        return {
            "recording_id": "r", "kind": kind, "source_sha256": "s", "uri": put.uri, "sha256": put.sha256,
            "bytes": put.bytes, "start_s": 0.0, "duration_s": 10.0, "captioned": False, "silent": False,
            "encoder": "test", **more,
        }  # fmt: skip

    def media(self, *rows: dict[str, object]) -> Media:
        return Media(self.cache, MEDIA.rows(rows))

    def track(self, tracker: Tracker, *rows: dict[str, object], spoken: Sequence[Spoken] = ()) -> pa.Table:
        """The whole track, checked against the tracker's schema."""
        tables = list(tracker.track(Recorded("r", 10.0, None, tuple(spoken)), self.media(*rows)))
        assert all(table.schema == tracker.schema for table in tables)
        whole = pa.concat_tables(tables, promote_options="none") if tables else tracker.schema.empty_table()
        assert np.all(np.diff(whole["time_s"].to_numpy()) > 0)
        return whole


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)
