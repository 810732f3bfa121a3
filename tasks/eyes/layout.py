"""Where the eyes are in a frame of the eye camera, and on which side of the wearer they sit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

Gray = npt.NDArray[np.uint8]
Side = Literal["left", "right", "only"]

HEIGHT = 240
"""Lines of an eye picture to which every other size is scaled: Aria's own. All pixel numbers are of this size."""
TWO_EYES = 1.5
"""Width over height from which a frame holds two eyes, side by side."""
LEAST_SIDE = 32
"""Pixels under which a side is no picture of an eye."""


@dataclass(frozen=True)
class EyePicture:
    """One eye.

    Attributes:
        side: The wearer's own left or right; only: a frame with one eye, which does not say whose.
        gray: Grey levels, shape (240, W).
    """

    side: Side
    gray: Gray


def sides(width: int, height: int) -> tuple[Side, ...]:
    """Which eyes a frame of this size shows, from its left edge to its right; none where it is too small."""
    if min(width, height) < LEAST_SIDE:
        return ()
    return ("left", "right") if width >= TWO_EYES * height else ("only",)


def eye_pictures(frame: Gray) -> tuple[EyePicture, ...]:
    """The eyes of a frame.

    Aria Gen1 stores both cameras in one frame, the left camera's picture first. Its factory calibration puts that
    camera 54 mm to the wearer's left of the middle between the eyes, 18 mm below it, looking inward and up: so the
    left half is the wearer's own left eye, seen from the temple, its inner corner toward the frame's left edge.

    Args:
        frame: Grey levels, shape (H, W).
    """
    height, width = frame.shape
    found = sides(width, height)
    halves = np.array_split(frame, len(found), axis=1) if found else []
    return tuple(EyePicture(side, _scaled(half)) for side, half in zip(found, halves, strict=True))


def _scaled(eye: Gray) -> Gray:
    height, width = eye.shape
    if height == HEIGHT:
        return np.ascontiguousarray(eye)
    size = (max(LEAST_SIDE, round(width * HEIGHT / height)), HEIGHT)
    way = cv2.INTER_AREA if height > HEIGHT else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(eye, size, interpolation=way), np.uint8)
