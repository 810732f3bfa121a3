"""Finds the margins of the lids: two curves across the eye at which the picture turns from skin to eye."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from osmo.tasks.eyes.calm import without_lashes
from osmo.tasks.eyes.ellipse import Ellipse, Floats
from osmo.tasks.eyes.layout import Gray


@dataclass(frozen=True)
class Family:
    """The curves among which a margin is looked for: y = a + slope t + bend t², t from -1 to 1 across the width.

    Attributes:
        half_width: Pixels to either side of the axis on which the margin is followed.
        slopes: Rises across `half_width`, pixels.
        bends: Bends across `half_width`, pixels.
        downward: Whether the skin lies below the margin.
        first: Of the strongest edge: the first edge out from the eye that reaches so much is the margin.
        least: Of the strongest edge: less is no margin.
        enough: Rise of log brightness a pixel that is enough for it where an edge has `least`.
    """

    half_width: float
    slopes: tuple[float, ...]
    bends: tuple[float, ...]
    downward: bool
    first: float
    least: float
    enough: float

    @property
    def shapes(self) -> Floats:
        """Every slope with every bend, shape (N, 2)."""
        return np.array([(slope, bend) for slope in self.slopes for bend in self.bends])


UPPER = Family(
    36.0,
    (-32.0, -24.0, -16.0, -8.0, 0.0, 8.0, 16.0, 24.0, 32.0),
    (0.0, 6.0, 12.0, 18.0, 24.0),
    False,
    0.85,
    0.28,
    0.020,
)
"""A dome. Rows of lashes and the crease above the margin are stronger edges than the margin itself."""
LOWER = Family(
    56.0, (-40.0, -30.0, -20.0, -10.0, 0.0, 10.0, 20.0, 30.0, 40.0), (-16.0, -8.0, 0.0, 8.0), True, 0.9, 0.9, 1.0
)
"""Nearly straight, and longer than the iris is wide, whose lower edge looks alike."""
_SHAPES = {family.downward: family.shapes for family in (UPPER, LOWER)}
COLUMNS = 13
BEYOND = 80
"""Empty rows around the picture, so that a curve may leave it."""
MIDDLE, MIDDLE_WEIGHT = 0.4, 2.0
"""The middle columns count so many times: a flatter curve that only crosses the margin at both ends is none."""
PAINTED_PX = 8
"""So much wider than the pupil is what is painted over it: its edge is blurred."""
STEEPEST = 0.12
"""Rise of log brightness per pixel beyond which a column counts no more: one lash must not decide."""
APART = 11
"""Rows within which only the strongest edge is one: a margin is some pixels wide."""
LOWER_LID_PX = 14.0
"""How far the lower lid commonly moves, pixels: about 2 mm on Aria."""
_FINER = np.array([(slope, bend) for slope in (-4.0, 0.0, 4.0) for bend in (-3.0, 0.0, 3.0)])
_LOG = np.log(np.arange(256, dtype=np.float32) + 8.0)
NO_EDGE, CLEAR = 0.008, 0.030
"""Mean rise of log brightness a pixel up to which a margin is none, and from which it is certain."""


@dataclass(frozen=True)
class Margin:
    """A lid's margin around the axis.

    Attributes:
        x: The axis: the picture's column at which the lid's opening is measured.
        y: Where the margin crosses it.
        slope: Its rise across the half-width, pixels.
        bend: Its bend across the half-width, pixels.
        half_width: Pixels to either side of the axis on which it was followed.
        strength: Mean rise of log brightness along it.
    """

    x: float
    y: float
    slope: float
    bend: float
    half_width: float
    strength: float

    def at(self, x: Floats) -> Floats:
        """Rows at columns of the picture."""
        t = (x - self.x) / self.half_width
        return np.asarray(self.y + self.slope * t + self.bend * t**2)

    @property
    def confidence(self) -> float:
        """0-1, from the edge's strength."""
        return float(np.clip((self.strength - NO_EDGE) / (CLEAR - NO_EDGE), 0, 1))


class LidPicture:
    """An eye picture made ready for the search of margins: no pupil, no lashes, rises of log brightness."""

    def __init__(self, calm: Gray, pupil: Ellipse | None) -> None:
        """Prepare it.

        Args:
            calm: Eye picture without glints, shape (240, W).
            pupil: What is painted over, so that its edge is not taken for a lid's; null: there is none.
        """
        plain = without_lashes(calm if pupil is None else _painted(calm, pupil))
        narrow = cv2.resize(plain, None, fx=0.5, fy=1.0, interpolation=cv2.INTER_AREA)
        smooth = cv2.GaussianBlur(cv2.LUT(narrow, _LOG), (0, 0), sigmaX=1.5, sigmaY=1.5)
        height, width = smooth.shape
        self._height = height
        self._rise = np.zeros((width, height + 2 * BEYOND), np.float32)
        rise = 0.25 * (smooth[4:] - smooth[:-4])
        self._rise[:, BEYOND + 2 : BEYOND + height - 2] = np.clip(rise, -STEEPEST, STEEPEST).T

    def upper(self, x: float, above_y: float, *, from_y: float = 0.0) -> Margin | None:
        """The upper margin at column x: the first dark edge under bright skin, going up from row above_y to from_y."""
        return self._margin(UPPER, x, from_y, above_y, None)

    def lower(self, x: float, below_y: float, *, to_y: float = 239.0, expected_y: float | None = None) -> Margin | None:
        """The lower margin at column x: a bright edge under the eye, going down from row below_y to to_y.

        Args:
            x: The axis.
            below_y: First row.
            to_y: Last row.
            expected_y: Where it was before: of two edges alike, the nearer one is the margin. Null: not known.
        """
        return self._margin(LOWER, x, below_y, to_y, expected_y)

    def _margin(self, family: Family, x: float, from_y: float, to_y: float, expected_y: float | None) -> Margin | None:
        rows = np.arange(max(1, int(from_y)), min(self._height - 2, int(to_y)) + 1)
        if len(rows) < 3:
            return None
        sign, shapes = 1.0 if family.downward else -1.0, _SHAPES[family.downward]
        scores = sign * self._scores(x, rows, shapes, family.half_width)
        best = scores.max(0)
        if expected_y is not None:
            best = best * (0.5 + 0.5 * np.exp(-(((rows - expected_y) / LOWER_LID_PX) ** 2)))
        chosen = _first_edge(best, family)
        if chosen is None:
            return None
        finer = shapes[scores[:, chosen].argmax()] + _FINER
        near = rows[max(0, chosen - 2) : chosen + 3]
        scores = sign * self._scores(x, near, finer, family.half_width)
        shape, peak = np.unravel_index(scores.argmax(), scores.shape)
        y, (slope, bend) = float(near[peak]), finer[shape]
        if 0 < peak < len(near) - 1:
            before, most, after = scores[shape, peak - 1 : peak + 2]
            bow = before - 2 * most + after
            y += float(np.clip(0.5 * (before - after) / bow, -0.5, 0.5)) if bow < 0 else 0.0
        return Margin(x, y, float(slope), float(bend), family.half_width, float(scores[shape, peak]))

    def _scores(self, x: float, rows: npt.NDArray[np.int64], shapes: Floats, half_width: float) -> Floats:
        """Mean rise along every curve through every row, shape (curves, rows)."""
        t = np.linspace(-1, 1, COLUMNS)
        columns = np.rint((x + t * half_width) / 2).astype(int)
        inside = (columns >= 0) & (columns < len(self._rise))
        t, columns = t[inside], columns[inside]
        first = np.rint(shapes[:, :1] * t + shapes[:, 1:] * t**2).astype(int) + int(rows[0]) + BEYOND
        windows = sliding_window_view(self._rise[columns], len(rows), axis=1)
        curves = windows[np.arange(len(columns))[:, None], first.T]
        weights = np.where(np.abs(t) < MIDDLE, MIDDLE_WEIGHT, 1.0).astype(np.float32)
        return np.asarray(np.tensordot(weights / max(1.0, weights.sum()), curves, 1), np.float64)


def _first_edge(best: Floats, family: Family) -> int | None:
    """Index of the first edge out from the eye among those that reach a share of the strongest."""
    peaks = np.flatnonzero((best[1:-1] >= best[:-2]) & (best[1:-1] >= best[2:]) & (best[1:-1] > 0)) + 1
    apart: list[int] = []
    for peak in sorted(peaks, key=lambda row: (-best[row], row)):
        if all(abs(int(peak) - other) > APART for other in apart):
            apart.append(int(peak))
    if not apart:
        return None
    most = float(best[apart[0]])
    least = max(family.least * most, min(family.enough, family.first * most))
    strong = sorted(peak for peak in apart if best[peak] >= least)
    return strong[0] if family.downward else strong[-1]


def _painted(calm: Gray, pupil: Ellipse) -> Gray:
    """The picture with iris in the pupil's place: along each row from what lies left of the pupil to what lies right.

    Along rows, because what lies above a pupil may be a lid.
    """
    width = calm.shape[1]
    reach = int(np.ceil(pupil.major)) + 8
    top, left = max(0, int(pupil.y) - reach), max(2, int(pupil.x) - reach)
    window = calm[top : int(pupil.y) + reach, left : min(width - 2, int(pupil.x) + reach)]
    if min(window.shape) < 3:
        return calm
    mask = np.zeros_like(window)
    axes = (2 * pupil.major + PAINTED_PX, 2 * pupil.minor + PAINTED_PX)
    cv2.ellipse(mask, ((pupil.x - left, pupil.y - top), axes, float(np.degrees(pupil.angle))), 1, -1)
    rows = np.flatnonzero(mask.any(1))
    first, last = mask[rows].argmax(1), window.shape[1] - 1 - mask[rows, ::-1].argmax(1)
    before, after = (window[rows, np.clip(at, 0, window.shape[1] - 1)] for at in (first - 1, last + 1))
    share = (np.arange(window.shape[1])[None, :] - first[:, None]) / np.maximum(last - first, 1)[:, None]
    filled = before[:, None] + share * (after.astype(np.float32) - before)[:, None]
    painted = calm.copy()
    inside = mask[rows] > 0
    painted[top + rows, left : left + window.shape[1]] = np.where(inside, filled, window[rows])
    return np.asarray(painted, np.uint8)
