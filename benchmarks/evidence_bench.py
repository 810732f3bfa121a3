"""Tracks of sound and picture beside what they cannot do without, how fast that is, and how much memory it takes."""

from __future__ import annotations

import itertools
import multiprocessing
import re
import tempfile
import wave
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import parselmouth
from measure import at_most, cpu_seconds, report, size

from osmo.schemas.tables import MEDIA
from osmo.storage.media import Media, MediaCache, write_track
from osmo.storage.objects import Objects
from osmo.tasks.cues.extractor import Span
from osmo.tasks.cues.registry import extractor
from osmo.tasks.proxy import Shape, encode
from osmo.tasks.tracks.registry import tracker
from osmo.tasks.tracks.tracker import Recorded, Spoken

RATE_HZ, FPS, WIDTH, HEIGHT = 16_000, 10, 640, 360
SECONDS = size(600, 12)
LONG_S = size(6 * 3_600, 24)
"""Of the recording whose memory is shown."""
EVENTS = size(20, 1)


def syllables(seconds: int) -> npt.NDArray[np.float64]:
    """A voice that wanders, four syllables a second, with noise."""
    random = np.random.default_rng(0)
    t = np.arange(seconds * RATE_HZ) / RATE_HZ
    phase = 2 * np.pi * np.cumsum(170 + 40 * np.sin(0.7 * t)) / RATE_HZ
    voice = sum(np.sin(k * phase) / k for k in range(1, 6)) * np.sin(4 * np.pi * t) ** 2
    return 0.1 * voice + random.normal(0, 0.002, t.size)  # type: ignore[no-any-return]


def sound_file(path: Path, seconds: int) -> None:
    """The voice of at most a minute, again and again."""
    minute = np.rint(syllables(min(seconds, 60)) * 32767).astype("<i2").tobytes()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        for _ in range(-(-seconds // 60)):
            file.writeframes(minute)


def video_file(path: Path, seconds: int) -> None:
    """A camera that pans over a scene of many sizes at changing speed, as a labelling proxy."""
    random = np.random.default_rng(0)
    layers = [cv2.GaussianBlur(random.normal(0, 1, (HEIGHT, 4 * WIDTH)), (0, 0), s) * s for s in (3, 9, 25)]
    scene = cv2.normalize(np.sum(layers, axis=0), np.zeros(0), 20, 230, cv2.NORM_MINMAX).astype(np.uint8)
    places = itertools.accumulate(random.integers(-12, 16, seconds * FPS).tolist())

    def picture(place: int) -> av.VideoFrame:
        grey = np.roll(scene, -place, axis=1)[:, :WIDTH]
        return av.VideoFrame.from_ndarray(np.ascontiguousarray(grey), "gray").reformat(format="yuv420p")

    encode(path, Shape(WIDTH, HEIGHT, Fraction(FPS), seconds * FPS, None), map(picture, places), None, crf=28)


def row(kind: str, file: Path, cache: MediaCache, seconds: int) -> dict[str, object]:
    put = cache.put(file)
    return {
        "recording_id": "r", "kind": kind, "source_sha256": "s", "uri": put.uri, "sha256": put.sha256,
        "bytes": put.bytes, "start_s": 0.0, "duration_s": float(seconds), "captioned": False, "silent": False,
        "encoder": "benchmark",
    }  # fmt: skip


def write(name: str, media: Media, seconds: int, out: Path) -> None:
    measured = tracker(name)
    recorded = Recorded("r", float(seconds), None, (Spoken(0.0, float(seconds), "wearer"),))
    write_track(out, measured.track(recorded, media), measured.schema)


def decoded(path: Path) -> None:
    with av.open(str(path)) as container:
        for _ in container.decode(video=0):
            pass


def peak_mib(seconds: int, folder: Path) -> float:
    """Most resident memory of a process that measures the sound of a recording, MiB."""
    cache = MediaCache(Objects(str(folder / "store"), create=True))
    sound_file(folder / "long.wav", seconds)
    rows = [row("audio", folder / "long.wav", cache, seconds)]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_peak_of, (str(folder), rows, seconds))


def _peak_of(folder: str, rows: list[dict[str, object]], seconds: int) -> float:
    media = Media(MediaCache(Objects(f"{folder}/store")), MEDIA.rows(rows))
    write("acoustic", media, seconds, Path(folder) / "long.parquet")
    status = Path("/proc/self/status").read_text()  # getrusage would count what the parent held before the start
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024  # type: ignore[index]


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cache = MediaCache(Objects(str(folder / "store"), create=True))
        sound_file(folder / "sound.wav", SECONDS)
        video_file(folder / "video.mp4", SECONDS)
        rows = [row("audio", folder / "sound.wav", cache, SECONDS), row("proxy", folder / "video.mp4", cache, SECONDS)]
        media = Media(cache, MEDIA.rows(rows))
        sound = media.audio("r", 0, SECONDS)
        assert sound is not None
        praat = parselmouth.Sound(sound.astype(np.float64), RATE_HZ)
        runs: list[Callable[[], object]] = [
            lambda: write("acoustic", media, SECONDS, folder / "acoustic.parquet"),
            lambda: praat.to_pitch_ac(time_step=0.01, pitch_floor=75.0, pitch_ceiling=500.0),
            lambda: write("visual", media, SECONDS, folder / "visual.parquet"),
            lambda: decoded(folder / "video.mp4"),
        ]
        acoustic, pitch, visual, decoding = cpu_seconds(*runs, repeat=3)
        tracks = [row(f"{kind}_track", folder / f"{kind}.parquet", cache, SECONDS) for kind in ("acoustic", "visual")]
        media = Media(cache, MEDIA.rows([*rows, *tracks]))
        spans = [Span(str(n), "r", SECONDS - 6.0 - n / 10, SECONDS - n / 10, "en") for n in range(EVENTS)]
        cues: list[Callable[[], object]] = []
        for kind in ("acoustic", "visual"):
            cues += [
                lambda kind=kind: extractor(kind).extract(spans, media),  # type: ignore[misc]
                lambda kind=kind: [media.track("r", f"{kind}_track") for _ in spans],  # type: ignore[misc]
            ]
        voice, voice_read, view, view_read = cpu_seconds(*cues, repeat=3)
        peaks = [peak_mib(seconds, folder) for seconds in (SECONDS, LONG_S)]
    long = f"{SECONDS:,} s of recording"
    report(
        [
            at_most(f"acoustic track of {long}", "Praat's pitch of the same sound", acoustic, pitch, None),
            at_most(f"visual track of {long}, {WIDTH} × {HEIGHT}", "decoding the same video", visual, decoding, None),
            at_most(f"{EVENTS} acoustic cues over it", "reading the track as often", voice, voice_read, None),
            at_most(f"{EVENTS} visual cues over it", "reading the track as often", view, view_read, None),
        ],
        notes={
            "Seconds of recording per CPU s": f"acoustic {SECONDS / acoustic:,.0f}, visual {SECONDS / visual:,.0f}",
            "CPU milliseconds per cue": f"acoustic {1e3 * voice / EVENTS:.0f}, visual {1e3 * view / EVENTS:.0f}",
            "Peak MiB of an acoustic track": f"{peaks[0]:.0f} for {SECONDS:,} s, {peaks[1]:.0f} for {LONG_S:,} s",
        },
    )


if __name__ == "__main__":
    main()
