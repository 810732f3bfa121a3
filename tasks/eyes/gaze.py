"""Where an eye looks, from where its pupil has gone since: degrees from the wearer's own usual direction.

A pupil that turns with an eyeball travels over a sphere. Seen by a camera whose place on the glasses is known, its
place in the picture gives the angle; the wearer's usual place of the pupil stands for the usual direction.
"""

from __future__ import annotations

import bisect
import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from osmo.tasks.eyes.ellipse import Floats

EYE_MM = (32.0, 0.0, -10.0)
"""The left eyeball's centre in the wearer's directions (left, up, ahead) from the middle between the pupils, assumed:
eyes 64 mm apart that turn about a point 10 mm behind their pupils."""
PUPIL_MM = 10.0
"""How far the pupil lies from that point, assumed alike."""
FOCAL_PX = 278.0


@dataclass(frozen=True)
class EyeCamera:
    """One of Aria Gen1's eye cameras in the wearer's directions (left, up, ahead).

    From the factory calibration of the recording in ../shared/corpora/aria_gen1/aea_recording, rounded. Devices differ
    by some degrees, and by how they sit.

    Attributes:
        place_mm: Where it is, from the middle between the eyes.
        right: Where the picture's right points.
        down: Where the picture's lower edge points.
        eye_mm: The eyeball's centre.
    """

    place_mm: tuple[float, float, float]
    right: tuple[float, float, float]
    down: tuple[float, float, float]
    eye_mm: tuple[float, float, float]

    @property
    def axes(self) -> Floats:
        """The picture's right and down, and the way from eye to camera, shape (3, 3); the last is at right angles."""
        toward = _unit(np.subtract(self.place_mm, self.eye_mm))
        right = np.asarray(self.right)
        right = _unit(right - (right @ toward) * toward)
        down = np.asarray(self.down)
        return np.array([right, _unit(down - (down @ toward) * toward - (down @ right) * right), toward])

    @property
    def radius_px(self) -> float:
        """How far a pupil lies from the eyeball's centre, in pixels of the 240-line picture."""
        return FOCAL_PX * PUPIL_MM / float(np.linalg.norm(np.subtract(self.place_mm, self.eye_mm)))


CAMERAS = {
    "left": EyeCamera((53.9, -18.0, 8.0), (0.74, 0.60, -0.30), (0.03, -0.48, -0.87), EYE_MM),
    "right": EyeCamera((-54.1, -17.6, 6.6), (0.74, -0.59, 0.33), (0.02, -0.47, -0.88), (-EYE_MM[0], *EYE_MM[1:])),
}
USUAL_PITCH = math.radians(-10.0)
"""How far down people usually look: where the usual place of the pupil is taken to be."""
WINDOW_S = 60.0
FEWEST = 5


@dataclass(frozen=True)
class Direction:
    """How far an eye has turned from where it usually points.

    Attributes:
        left_deg: To the wearer's left; negative: right.
        up_deg: Up; negative: down.
    """

    left_deg: float
    up_deg: float


class UsualPlace:
    """The median place of one eye's pupil over earlier frames."""

    def __init__(self) -> None:
        """Begin a recording."""
        self._times: deque[float] = deque()
        self._places: tuple[deque[float], deque[float]] = (deque(), deque())
        self._sorted: tuple[list[float], list[float]] = ([], [])

    def before(self, time_s: float) -> tuple[float, float] | None:
        """The median over the minute before a time, pixels; null where fewer than five frames showed a pupil."""
        while self._times and self._times[0] < time_s - WINDOW_S:
            self._times.popleft()
            for places, ordered in zip(self._places, self._sorted, strict=True):
                del ordered[bisect.bisect_left(ordered, places.popleft())]
        if len(self._times) < FEWEST:
            return None
        x, y = (ordered[len(ordered) // 2] for ordered in self._sorted)
        return x, y

    def add(self, time_s: float, x: float, y: float) -> None:
        """Remember where the pupil is."""
        self._times.append(time_s)
        for value, places, ordered in zip((x, y), self._places, self._sorted, strict=True):
            places.append(value)
            bisect.insort(ordered, value)


def direction(side: str, x: float, y: float, usual: tuple[float, float]) -> Direction | None:
    """How far an eye has turned.

    Args:
        side: left or right; of any other eye the camera's place is not known.
        x: The pupil's centre, pixels of the 240-line picture.
        y: The pupil's centre.
        usual: Its usual place.

    Returns:
        Null where the camera is not known, or the pupil is farther than an eyeball lets it go.
    """
    if side not in _SEEN_BY:
        return None
    axes, radius_px = _SEEN_BY[side]
    rest = axes[:2] @ (0.0, math.sin(USUAL_PITCH), math.cos(USUAL_PITCH))
    here, there = _angles(axes, rest + np.subtract((x, y), usual) / radius_px), _angles(axes, rest)
    if here is None or there is None:
        return None
    return Direction(math.degrees(here[0] - there[0]), math.degrees(here[1] - there[1]))


def _angles(axes: Floats, seen: Floats) -> tuple[float, float] | None:
    """Yaw and pitch in radians of a pupil seen at a place, in radii from the eyeball's centre."""
    toward = 1.0 - float(seen @ seen)
    if toward < 0:
        return None
    left, up, ahead = np.linalg.solve(axes, np.array([*seen, math.sqrt(toward)]))
    return math.atan2(left, ahead), math.atan2(up, math.hypot(left, ahead))


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / np.linalg.norm(vector), np.float64)


_SEEN_BY = {side: (camera.axes, camera.radius_px) for side, camera in CAMERAS.items()}
