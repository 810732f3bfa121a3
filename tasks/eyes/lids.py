"""Finds the margins of the lids: two curves across the eye at which the picture turns from skin to eye."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from osmo.tasks.eyes.calm import without_lashes
from osmo.tasks.eyes.ellipse import Ellipse, Floats
from osmo.tasks.eyes.layout import Gray

HALF_WIDTH = 36.0
"""Pixels to either side of the axis on which a margin is followed."""
COLUMNS = 13
SLOPES = np.arange(-32.0, 33.0, 4.0)
UPPER_BENDS, LOWER_BENDS = np.arange(0.0, 25.0, 6.0), np.arange(-24.0, 7.0, 6.0)
"""A margin is y = a + slope t + bend t², t from -1 to 1 across the width, pixels: the upper lid is a dome."""
STEEPEST = 0.20
"""Rise of log brightness per half-size pixel beyond which a column counts no more: one lash must not decide."""
FIRST = 0.6
"""Of the strongest edge: the first edge out from the eye that reaches so much is the margin; creases lie behind it."""
CLEAR = 0.075
"""Mean rise of log brightness at which a margin is certain; half of it gives no confidence at all."""


@dataclass(frozen=True)
class Margin:
    """A lid's margin around the axis.

    Attributes:
        x: The axis: the picture's column at which the lid's opening is measured.
        y: Where the margin crosses it.
        slope: Its rise across `HALF_WIDTH` columns, pixels.
        bend: Its bend across `HALF_WIDTH` columns, pixels.
        strength: Mean rise of log brightness along it.
    """

    x: float
    y: float
    slope: float
    bend: float
    strength: float

    def at(self, x: Floats) -> Floats:
        """Rows at columns of the picture."""
        t = (x - self.x) / HALF_WIDTH
        return np.asarray(self.y + self.slope * t + self.bend * t**2)

    @property
    def confidence(self) -> float:
        """0-1, from the edge's strength."""
        return float(np.clip(2 * self.strength / CLEAR - 1, 0, 1))


class LidPicture:
    """An eye picture made ready for the search of margins: no pupil, no lashes, rises of log brightness."""

    def __init__(self, calm: Gray, pupil: Ellipse | None) -> None:
        """Prepare it.

        Args:
            calm: Eye picture without glints, shape (240, W).
            pupil: What is painted over, so that its edge is not taken for a lid's; null: there is none.
        """
        plain = without_lashes(calm if pupil is None else _painted(calm, pupil))
        small = cv2.resize(plain, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.float32)
        smooth = cv2.GaussianBlur(np.log(small + 8.0), (0, 0), 1.6)
        rise = np.zeros_like(smooth)
        rise[1:-1] = 0.5 * (smooth[2:] - smooth[:-2])
        self._rise = np.clip(rise, -STEEPEST, STEEPEST)

    def upper(self, x: float, above_y: float, *, from_y: float = 0.0) -> Margin | None:
        """The upper margin at column x: the first dark edge under bright skin, going up from row above_y to from_y."""
        return self._margin(x, from_y, above_y, UPPER_BENDS, sign=-1.0, downward=False)

    def lower(self, x: float, below_y: float, *, to_y: float = 239.0) -> Margin | None:
        """The lower margin at column x: the first bright edge under the eye, going down from row below_y to to_y."""
        return self._margin(x, below_y, to_y, LOWER_BENDS, sign=1.0, downward=True)

    def _margin(
        self, x: float, from_y: float, to_y: float, bends: Floats, *, sign: float, downward: bool
    ) -> Margin | None:
        rows = np.arange(max(1, int(from_y / 2)), min(self._rise.shape[0] - 2, int(to_y / 2)) + 1)
        if len(rows) < 3:
            return None
        scores = sign * self._scores(x, rows, bends)
        best = scores.max(0)
        peaks = np.flatnonzero((best[1:-1] >= best[:-2]) & (best[1:-1] >= best[2:]) & (best[1:-1] > 0)) + 1
        if not len(peaks):
            return None
        strong = peaks[best[peaks] >= FIRST * best[peaks].max()]
        peak = int(strong[0] if downward else strong[-1])
        shape = int(scores[:, peak].argmax())
        line = scores[shape]
        bow = line[peak - 1] - 2 * line[peak] + line[peak + 1]
        shift = 0.5 * (line[peak - 1] - line[peak + 1]) / bow if bow < 0 else 0.0
        y = 2 * (float(rows[peak]) + float(np.clip(shift, -0.5, 0.5))) + 0.5
        slope, bend = SLOPES[shape // len(bends)], bends[shape % len(bends)]
        return Margin(x, y, float(slope), float(bend), float(line[peak]))

    def _scores(self, x: float, rows: npt.NDArray[np.int64], bends: Floats) -> Floats:
        """Mean rise along every curve through every row, shape (slopes x bends, rows)."""
        height, width = self._rise.shape
        t = np.linspace(-1, 1, COLUMNS)
        columns = np.rint((x + t * HALF_WIDTH) / 2).astype(int)
        inside = (columns >= 0) & (columns < width)
        t, columns = t[inside], columns[inside]
        offsets = (SLOPES[:, None, None] * t + bends[None, :, None] * t**2).reshape(-1, len(t)) / 2
        places = np.clip(rows[:, None, None] + np.rint(offsets).astype(int), 0, height - 1)
        return np.asarray(self._rise[places, columns].mean(2).T, np.float64)


def _painted(calm: Gray, pupil: Ellipse) -> Gray:
    """The picture with the pupil as bright as the iris around it."""
    ring = np.rint(pupil.points(np.linspace(0, 2 * np.pi, 32, endpoint=False)) * 1.0).astype(int)
    centre = np.array([pupil.x, pupil.y])
    outside = np.rint(centre + 1.35 * (ring - centre)).astype(int)
    outside[:, 0] = np.clip(outside[:, 0], 0, calm.shape[1] - 1)
    outside[:, 1] = np.clip(outside[:, 1], 0, calm.shape[0] - 1)
    level = float(np.percentile(calm[outside[:, 1], outside[:, 0]], 40))
    mask = np.zeros_like(calm)
    axes = (2 * pupil.major + 6, 2 * pupil.minor + 6)
    cv2.ellipse(mask, ((pupil.x, pupil.y), axes, float(np.degrees(pupil.angle))), 255, -1)
    return np.asarray(np.where((mask > 0) & (calm < level), np.uint8(level), calm), np.uint8)
