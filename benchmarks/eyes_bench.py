"""Cost of reading both eyes of a frame, and the errors of lids, pupils and blinks on rendered eyes.

The looks are those that no constant of tasks/eyes was chosen on. Real frames: benchmarks/eye_overlay.py.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from measure import at_most, cpu_seconds, report, size

from osmo.schemas.tables import MEDIA
from osmo.storage.media import Media, MediaCache
from osmo.storage.objects import Objects
from osmo.tasks.eyes.closures import closures
from osmo.tasks.eyes.columns import OcularTrack
from osmo.tasks.eyes.frames import eye_frames
from osmo.tasks.eyes.layout import eye_pictures
from osmo.tasks.eyes.opening import opening
from osmo.tasks.eyes.reading import EyeReader
from osmo.tasks.proxy import Shape, encode
from osmo.tasks.tracks.ocular import create_tracker
from osmo.tasks.tracks.tracker import Recorded

TESTS = Path(__file__).resolve().parent.parent / "tests"
BUDGET_S = 0.005
"""CPU seconds a frame with both eyes may cost."""
RATES = {10: 30.0, 30: 15.0, 90: 8.0}
"""Seconds of film at each frame rate."""


def load(name: str) -> ModuleType:
    """A module of tests/ that renders."""
    spec = importlib.util.spec_from_file_location(name, TESTS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


load("rendered_eyes")
eye_errors = load("eye_errors")


class Film:
    """An eye video in a cache, and its track."""

    def __init__(self, folder: Path, frames: Sequence[npt.NDArray[np.uint8]], fps: int) -> None:
        self.path = folder / "eye.mp4"
        self.count = len(frames)
        height, width = frames[0].shape
        pictures = (av.VideoFrame.from_ndarray(frame, "gray").reformat(format="yuv420p") for frame in frames)
        encode(self.path, Shape(width, height, Fraction(fps), len(frames), None), pictures, None, crf=18)
        cache = MediaCache(Objects(str(folder / "store"), create=True))
        put = cache.put(self.path)
        row = {
            "recording_id": "r", "kind": "eye", "source_sha256": "s", "uri": put.uri, "sha256": put.sha256,
            "bytes": put.bytes, "start_s": 0.0, "duration_s": len(frames) / fps, "captioned": False, "silent": False,
            "encoder": "bench",
        }  # fmt: skip
        self._media = Media(cache, MEDIA.rows([row]))

    def track(self) -> pa.Table:
        return pa.concat_tables(create_tracker().track(Recorded("r", 1.0, None, ()), self._media))

    def decode(self) -> None:
        for _ in eye_frames(self.path):
            pass

    def read(self) -> Callable[[], None]:
        """Reads the eyes of frames that are decoded already."""
        pictures = [eye_pictures(frame.gray) for frame in eye_frames(self.path)]

        def run() -> None:
            readers = {eye.side: EyeReader() for eye in pictures[0]}
            for eyes in pictures:
                for eye in eyes:
                    readers[eye.side].read(eye.gray)

        return run


def film(seed: int, fps: int, length_s: float, blinks: Sequence[Any]) -> Film:
    return Film(Path(tempfile.mkdtemp(prefix="osmo-eyes-")), list(eye_errors.film(seed, fps, length_s, blinks)), fps)


def blink_rows(looks: Sequence[int]) -> list[str]:
    rows = []
    for fps, length_s in RATES.items():
        made = found = told = 0
        length_s = size(int(length_s), 4)
        for seed in looks:
            blinks = eye_errors.blinks(seed, length_s, every_s=1.5)
            track = OcularTrack.of(film(seed, fps, length_s, blinks).track())
            opened = opening(track)
            over = closures(track.times_s, opened.left, opened.right).blink
            counted = eye_errors.counted(blinks, track.times_s[over].tolist())
            made, found, told = made + counted.made, found + counted.found, told + counted.told
        rows.append(
            f"{fps} Hz: {made} blinks made, recall {found / max(1, made):.2f}, precision {found / max(1, told):.2f}"
        )
    return rows


def still_rows(looks: Sequence[int]) -> list[str]:
    e = eye_errors.errors(looks)
    known, sure, whole = e.lid_confidence >= 0.3, e.pupil_confidence >= 0.6, e.pupil_shown > 0.999
    off, usual = np.abs(e.aperture_px[known]), np.nanmax(e.opening_px)
    centre, diameter = e.pupil_px[sure], np.abs(e.diameter[sure])
    return [
        f"{e.opening_px.size} frames of {len(looks)} looks, lids open up to {usual:.0f} px",
        f"aperture: known in {100 * known.mean():.0f}%, mean error {off.mean():.1f} px, median {np.median(off):.1f}, "
        f"90th percentile {np.percentile(off, 90):.1f}, largest {off.max():.1f}",
        f"pupil centre: mean error {centre.mean():.2f} px, median {np.median(centre):.2f}, "
        f"90th percentile {np.percentile(centre, 90):.2f}, largest {centre.max():.1f}",
        f"pupil diameter: mean error {100 * diameter.mean():.1f}%, median {100 * np.median(diameter):.1f}%, "
        f"90th percentile {100 * np.percentile(diameter, 90):.1f}%",
        f"sure of {100 * sure[whole].mean():.0f}% of the whole pupils and of "
        f"{100 * sure[e.pupil_shown < 0.3].mean():.0f}% of those that lids hide to more than 70%",
    ]


def main() -> None:
    cv2.setNumThreads(1)
    seed = eye_errors.HELD_OUT[0]
    one = film(seed, 10, size(10, 2), [])
    track_s, decode_s, read_s = cpu_seconds(one.track, one.decode, one.read(), repeat=7)
    whole = "a row of the track, decoding with it"
    figures = [
        at_most("both eyes of a frame", "5 ms", read_s / one.count, BUDGET_S, 1.0),
        at_most(whole, "decoding it alone", track_s / one.count, decode_s / one.count, None),
    ]
    looks = eye_errors.HELD_OUT[: size(len(eye_errors.HELD_OUT), 1)]
    notes: dict[str, object] = {f"errors {n}": row for n, row in enumerate(still_rows(looks))}
    notes |= {f"blinks {n}": row for n, row in enumerate(blink_rows(looks[: size(4, 1)]))}
    report(figures, notes=notes)


if __name__ == "__main__":
    main()
