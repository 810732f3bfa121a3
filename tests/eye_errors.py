"""How far the measures of eyes are off on rendered ones, frame by frame and in blinks; for tests and benchmarks.

`rendered_eyes` must be loaded first (tests/conftest.py, benchmarks/eyes_bench.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import rendered_eyes
from rendered_eyes import Blink, Look, Pose

from osmo.tasks.eyes.reading import EyeReader

TUNED = tuple(range(6))
"""Looks on which constants of tasks/eyes were chosen."""
HELD_OUT = tuple(range(100, 112))
"""Looks that nothing was chosen on; errors are stated for these."""
APERTURES = (1, 1, 1, 1, 1, 0.98, 0.9, 0.75, 0.6, 0.45, 0.3, 0.15, 0.05, 0, 0, 0, 0.1, 0.3, 0.5, 0.7, 0.9, 1, 1.1, 1.15)

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Errors:
    """Of frames, shape (N,); NaN where nothing was measured.

    Attributes:
        opening_px: True distance of the lids on the measured column.
        aperture_px: How far the measured distance is off.
        lid_confidence: 0-1.
        pupil_shown: Share of the pupil that no lid covers.
        pupil_px: How far the pupil's centre is off.
        diameter: How far its diameter is off, as a share of the true one.
        pupil_confidence: 0-1.
    """

    opening_px: Floats
    aperture_px: Floats
    lid_confidence: Floats
    pupil_shown: Floats
    pupil_px: Floats
    diameter: Floats
    pupil_confidence: Floats


def errors(seeds: Sequence[int]) -> Errors:
    """Of eyes that look about, dilate, close, open and open wide, one look a seed, every other one mirrored."""
    return Errors(*np.array([row for seed in seeds for row in _frames(seed)], np.float64).T)


def _frames(seed: int) -> Iterator[tuple[float, ...]]:
    look, reader, rng = Look.drawn(seed), EyeReader(), np.random.default_rng([5, seed])
    for number, aperture in enumerate(APERTURES):
        moving = number > 4
        pose = Pose(
            aperture=aperture,
            gaze_x=rng.uniform(-20, 20) if moving else 0.0,
            gaze_y=rng.uniform(-8, 8) if moving else 0.0,
            pupil_px=rng.uniform(20, 44),
            gain=rng.uniform(0.8, 1.2) if moving else 1.0,
        )
        true = rendered_eyes.render(look, pose, frame=number, mirrored=seed % 2 == 1)
        got = reader.read(true.gray)
        pupil_px = diameter = opening_px = aperture_px = np.nan
        if got.axis_x is not None:
            opening_px = float((true.lower - true.upper)[round(got.axis_x)])
        if got.aperture is not None:
            aperture_px = got.aperture * rendered_eyes.HEIGHT - opening_px
        if got.pupil is not None:
            pupil_px = float(np.hypot(got.pupil.x - true.pupil_x, got.pupil.y - true.pupil_y))
            diameter = 2 * got.pupil.major / true.pupil_px - 1
        yield (
            opening_px, aperture_px, got.lid_confidence, true.pupil_shown, pupil_px, diameter, got.pupil_confidence
        )  # fmt: skip


def blinks(seed: int, length_s: float, *, every_s: float = 3.0) -> list[Blink]:
    """Blinks of 0.15 to 0.4 s, about `every_s` apart, none within the first 2 s or the last one."""
    rng = np.random.default_rng([6, seed])
    made: list[Blink] = []
    start_s = 2.0 + rng.uniform(0, 1)
    while start_s < length_s - 1:
        made.append(Blink(start_s, rng.uniform(0.15, 0.4)))
        start_s += every_s * rng.uniform(0.5, 1.5)
    return made


def film(seed: int, fps: int, length_s: float, made: Sequence[Blink]) -> Iterator[npt.NDArray[np.uint8]]:
    """Frames of both eyes that blink, and look elsewhere every second; the camera opens its shutter for a moment."""
    look = Look.drawn(seed)
    rng = np.random.default_rng([7, seed])
    places = [(round(rng.uniform(-14, 14)), round(rng.uniform(-5, 5))) for _ in range(int(length_s) + 2)]
    for number in range(round(fps * length_s)):
        time_s = (number + 0.37) / fps
        aperture = min(1.0, *(one.aperture(time_s) for one in made)) if made else 1.0
        x, y = places[int(time_s)]
        eyes = [
            rendered_eyes.render(
                look,
                Pose(round(aperture, 2), way * x, y, 30.0),
                frame=2 * number + side,
                mirrored=bool(side),
                jpeg=False,
            )
            for side, way in ((0, 1), (1, -1))
        ]
        yield rendered_eyes.two_eyes(*eyes)


@dataclass(frozen=True)
class Counted:
    """Blinks.

    Attributes:
        made: How many there were.
        found: How many of them were found.
        told: How many were told in all.
    """

    made: int
    found: int
    told: int

    @property
    def recall(self) -> float:
        return self.found / self.made

    @property
    def precision(self) -> float:
        return self.found / self.told if self.told else 1.0


def counted(made: Sequence[Blink], told_s: Sequence[float]) -> Counted:
    """Match blinks with the times at which one is told to be over: during it or a fifth of a second after."""
    left = list(told_s)
    found = 0
    for one in made:
        match = next((t for t in left if one.start_s < t <= one.start_s + one.length_s + 0.2), None)
        if match is not None:
            left.remove(match)
            found += 1
    return Counted(len(made), found, len(told_s))
