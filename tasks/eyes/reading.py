"""Reads one eye from frame to frame: pupil, lids and how sure both are, from this frame and earlier ones only."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

import numpy as np

from osmo.tasks.eyes.calm import without_glints
from osmo.tasks.eyes.ellipse import Ellipse
from osmo.tasks.eyes.layout import HEIGHT, Gray
from osmo.tasks.eyes.lids import LidPicture, Margin
from osmo.tasks.eyes.pupil import Pupil, find_pupil
from osmo.tasks.eyes.ranks import ranked

REMEMBERED = 120
"""Open frames that say where this wearer's eye is: its column, lids and pupil are their medians."""
FAMILIAR = 3
"""Open frames from which those medians are used."""
PUPIL_FIRST = 0.6
"""Confidence from which a pupil counts as one while it is not known what this wearer's are like."""
PUPIL_SEEN = 0.35
"""Confidence from which a pupil counts as seen: lids are then searched above and below it."""
ODD_SHADE = 1.5
"""A pupil so many times brighter against its iris than this wearer's usual one is doubted: lashes, the lid's shadow."""
CUT_PX = 3.0
"""Rows by which a margin may lie under the upper edge of a pupil that it cuts."""
CLEAR_PX, CUT = 3.0, 0.2
"""Rows between the pupil's edge and the upper margin from which no lid cuts the pupil; what is left of the confidence
where one does."""
_AROUND = np.linspace(0, 2 * np.pi, 24, endpoint=False)
BLACK = 12
"""Grey level that a picture's brightest hundredth must exceed; under it the camera shows nothing."""
REACH_UP, REACH_DOWN = 100, 80
"""Rows above and below the pupil within which the margins are looked for."""
CLOSED_SHARE = 0.08
"""Of the usual aperture: under it an eye without a pupil is closed."""
STAYS = 6.0
"""Rows by which the lower lid may lie elsewhere than usual while the eye is shut."""
EDGE_LEFT = 0.2
"""Of the upper margin's usual strength: with less there is no edge of skin over an eye, so the eye is shut."""
ODD_SIZE = 1.5
"""A pupil so many times larger or smaller than this wearer's usual one is doubted, and half as much again is none:
pupils change slowly, and what lashes leave between them is small."""


@dataclass(frozen=True)
class Reading:
    """One eye in one frame; pixels of the 240-line eye picture.

    Attributes:
        axis_x: Column at which the lids are measured: the wearer's own usual column of the pupil.
        upper: The upper lid's margin; null where it was not found.
        lower: The lower lid's margin; null where it was not found.
        aperture: Distance of the margins on that column, as a share of the picture's height; 0: closed; null: unknown.
        lid_confidence: 0-1.
        pupil: The pupil, null where none is seen.
        pupil_confidence: 0-1; 0 where none is seen.
    """

    axis_x: float | None
    upper: Margin | None
    lower: Margin | None
    aperture: float | None
    lid_confidence: float
    pupil: Ellipse | None
    pupil_confidence: float


NOTHING = Reading(None, None, None, None, 0.0, None, 0.0)


@dataclass(frozen=True)
class _Usual:
    x: float
    y: float
    major: float
    upper: float
    lower: float
    strength: float
    darkness: float


class EyeReader:
    """One eye of one recording; what it gives for a frame depends on that frame and those read before it."""

    def __init__(self) -> None:
        """Begin a recording."""
        self._latest: Ellipse | None = None
        self._opened: deque[tuple[float, ...]] = deque(maxlen=REMEMBERED)

    def read(self, gray: Gray) -> Reading:
        """Measure the next frame.

        Args:
            gray: Eye picture, shape (240, W).
        """
        if ranked(gray[::8, ::8], 0.99)[0] <= BLACK:
            return NOTHING
        calm = without_glints(gray)
        usual = self._usual()
        pupil = find_pupil(gray, calm, self._latest)
        sure = _doubted(pupil, usual)
        self._latest = pupil.ellipse if pupil is not None and sure >= PUPIL_FIRST else None
        if pupil is not None and sure >= (PUPIL_FIRST if usual is None else PUPIL_SEEN):
            return self._open(calm, pupil, sure, usual)
        if usual is None:
            return NOTHING
        return _shut(calm, usual)

    def _usual(self) -> _Usual | None:
        if len(self._opened) < FAMILIAR:
            return None
        return _Usual(*(float(value) for value in np.median(self._opened, axis=0)))

    def _open(self, calm: Gray, pupil: Pupil, sure: float, usual: _Usual | None) -> Reading:
        ellipse = pupil.ellipse
        x = ellipse.x if usual is None else usual.x
        lids = LidPicture(calm, ellipse)
        top = ellipse.top(x)
        upper = lids.upper(x, ellipse.y if top is None else top + CUT_PX, from_y=ellipse.y - REACH_UP)
        lower = lids.lower(x, ellipse.y, to_y=ellipse.y + REACH_DOWN, expected_y=None if usual is None else usual.lower)
        if upper is not None:
            sure *= _clear(ellipse, upper)
        if usual is None and sure < PUPIL_FIRST:
            return NOTHING
        if usual is not None and sure < PUPIL_SEEN:
            return replace(_shut(calm, usual), pupil=ellipse, pupil_confidence=sure)
        if upper is None or lower is None:
            return Reading(x, upper, lower, None, 0.0, ellipse, sure)
        confidence = min(upper.confidence, lower.confidence)
        if sure >= 0.6 and confidence >= 0.4:
            opened = (ellipse.x, ellipse.y, ellipse.major, upper.y, lower.y, upper.strength, pupil.darkness)
            self._opened.append(opened)
        return Reading(x, upper, lower, (lower.y - upper.y) / HEIGHT, confidence, ellipse, sure)


def _shut(calm: Gray, usual: _Usual) -> Reading:
    """Lids where no whole pupil is seen: between where this wearer's lids usually are."""
    lids = LidPicture(calm, None)
    lower = lids.lower(usual.x, usual.lower - STAYS, to_y=usual.lower + STAYS, expected_y=usual.lower)
    bottom = usual.lower if lower is None else lower.y
    upper = lids.upper(usual.x, bottom + 4, from_y=usual.upper - 14)
    if upper is None or upper.strength < EDGE_LEFT * usual.strength:
        return Reading(usual.x, None, lower, 0.0, 0.5, None, 0.0)
    aperture = max(0.0, bottom - upper.y) / HEIGHT
    if aperture * HEIGHT < CLOSED_SHARE * (usual.lower - usual.upper):
        return Reading(usual.x, upper, lower, 0.0, 0.6, None, 0.0)
    return Reading(usual.x, upper, lower, aperture, 0.6 * upper.confidence, None, 0.0)


def _doubted(pupil: Pupil | None, usual: _Usual | None) -> float:
    """A pupil's confidence, less where it is not where, as large or as dark as this wearer's pupils were."""
    if pupil is None:
        return 0.0
    if usual is None:
        return pupil.confidence
    size = pupil.ellipse.major / usual.major
    odd = max(size, 1 / size) / ODD_SIZE
    pale = (pupil.darkness + 0.05) / (usual.darkness + 0.05) / ODD_SHADE
    open_px = usual.lower - usual.upper
    low = max(0.0, pupil.ellipse.y - (usual.lower + 0.1 * open_px)) + max(0.0, usual.upper - pupil.ellipse.y)
    aside = max(0.0, abs(pupil.ellipse.x - usual.x) - open_px)
    doubts = (3 - 2 * odd, 2 - pale, 1 - low / (0.2 * open_px + 1), 1 - aside / (0.2 * open_px + 1))
    return float(pupil.confidence * np.prod(np.clip(doubts, 0, 1)))


def _clear(pupil: Ellipse, upper: Margin) -> float:
    """0-1: how clear of the upper lid the pupil is; one that the lid cuts has another centre and size than it shows."""
    edge = pupil.points(_AROUND)
    return float(np.clip(float((edge[:, 1] - upper.at(edge[:, 0])).min()) / CLEAR_PX, CUT, 1))
