"""How the camera moves from one small picture to the next, and how much of the picture moves otherwise."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

WIDTH = 160
"""Of the small pictures that are compared, in pixels; their height follows the shape of the picture."""
_LEAST_HEIGHT, _MOST_HEIGHT = 32, 320

_LEAST_OVERLAP = 0.25
"""A shift that leaves less of the width or the height in common is not believed."""
_LEAST_CONTRAST = 2.0
"""Standard deviation in grey levels below which there is nothing to follow."""

Grey = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Motion:
    """Between two pictures, in pixels of the small picture.

    Attributes:
        right: How far the camera turned or went to the right: the picture's content moved to the left.
        down: How far it turned or went down.
        residual: Median length of what is left of the flow: how things move against the picture as a whole.
    """

    right: float
    down: float
    residual: float


def small_height(width: int, height: int) -> int:
    """Height of the small picture of one of `width` × `height` pixels."""
    return min(max(_LEAST_HEIGHT, round(WIDTH * height / width)), _MOST_HEIGHT)


class MotionMeter:
    """Measures motion: phase correlation for the shift as a whole, dense inverse search flow for what is left."""

    def __init__(self, height: int) -> None:
        """Make one for pictures of WIDTH × `height` pixels."""
        self._window = cv2.createHanningWindow((WIDTH, height), cv2.CV_32F)
        self._most = (1 - _LEAST_OVERLAP) * WIDTH, (1 - _LEAST_OVERLAP) * height
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)

    def between(self, before: Grey, after: Grey) -> Motion | None:
        """Motion from one picture to the next; null where one of them has nothing to follow.

        Args:
            before: Grey, of the meter's size.
            after: The same.
        """
        if min(float(cv2.meanStdDev(picture)[1][0, 0]) for picture in (before, after)) < _LEAST_CONTRAST:
            return None
        shift = self._shift(before, after)
        first, second = _overlap(before, after, shift)
        flow = self._flow.calc(np.ascontiguousarray(first), np.ascontiguousarray(second), None)  # type: ignore[call-overload]
        x, y = float(np.median(flow[..., 0])), float(np.median(flow[..., 1]))
        residual = float(np.median(np.hypot(flow[..., 0] - x, flow[..., 1] - y)))
        return Motion(-(shift[0] + x), -(shift[1] + y), residual)

    def _shift(self, before: Grey, after: Grey) -> tuple[int, int]:
        """Whole pixels by which the content moved; no shift, where that fits as well."""
        (x, y), _ = cv2.phaseCorrelate(before.astype(np.float32), after.astype(np.float32), self._window)
        shift = round(x), round(y)
        if abs(shift[0]) > self._most[0] or abs(shift[1]) > self._most[1]:
            return 0, 0
        return shift if _difference(before, after, shift) < _difference(before, after, (0, 0)) else (0, 0)


def _difference(before: Grey, after: Grey, shift: tuple[int, int]) -> float:
    return float(cv2.absdiff(*_overlap(before, after, shift)).mean())


def _overlap(before: Grey, after: Grey, shift: tuple[int, int]) -> tuple[Grey, Grey]:
    """What both pictures show, where content moved by `shift`."""
    (x, y), (height, width) = shift, before.shape
    first = before[max(0, -y) : height - max(0, y), max(0, -x) : width - max(0, x)]
    second = after[max(0, y) : height - max(0, -y), max(0, x) : width - max(0, -x)]
    return first, second
