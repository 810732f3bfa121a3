"""An ellipse drawn on a picture, and how it is fitted to points."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]

FEWEST_POINTS = 6


@dataclass(frozen=True)
class Ellipse:
    """An ellipse.

    Attributes:
        x: Centre, pixels from the left edge.
        y: Centre, pixels from the upper edge.
        major: Half the longer axis, pixels.
        minor: Half the shorter axis, pixels.
        angle: Of the longer axis against the picture's lines, radians, clockwise on the screen.
    """

    x: float
    y: float
    major: float
    minor: float
    angle: float

    def frame(self) -> Floats:
        """The 2×2 matrix that takes the unit circle to this ellipse around its centre."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        return np.array([[cos * self.major, -sin * self.minor], [sin * self.major, cos * self.minor]])

    def points(self, angles: Floats) -> Floats:
        """Points on it at angles of the unit circle, shape (N, 2)."""
        return np.stack([np.cos(angles), np.sin(angles)], 1) @ self.frame().T + (self.x, self.y)

    def scaled(self, share: float) -> Ellipse:
        """The same ellipse, so many times as large."""
        return Ellipse(self.x, self.y, self.major * share, self.minor * share, self.angle)

    def top(self, x: float) -> float | None:
        """Row of its upper edge at a column; null where it is not there."""
        edge = self.points(np.linspace(0, 2 * np.pi, 72, endpoint=False))
        near = np.abs(edge[:, 0] - x) <= max(1.0, 0.1 * self.major)
        return float(edge[near, 1].min()) if near.any() else None

    def radii(self, points: Floats) -> Floats:
        """How far points lie from the centre, in units of the ellipse's own radius there, shape (N,)."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        inward = np.array([[cos / self.major, -sin / self.minor], [sin / self.major, cos / self.minor]])
        across = (points - (self.x, self.y)) @ inward
        return np.asarray(np.hypot(across[:, 0], across[:, 1]))


def fitted(points: Floats) -> Ellipse | None:
    """The ellipse through points by direct least squares (Fitzgibbon, Pilu and Fisher 1999).

    Args:
        points: Shape (N, 2), pixels.

    Returns:
        Null where the points are too few, or lie on no ellipse of at least a pixel across.
    """
    if len(points) < FEWEST_POINTS:
        return None
    (x, y), (width, height), degrees = cv2.fitEllipseDirect(points.astype(np.float32))
    if not all(map(math.isfinite, (x, y, width, height, degrees))) or min(width, height) < 1.0:
        return None
    angle = math.radians(degrees)
    if height > width:
        width, height, angle = height, width, angle + math.pi / 2
    return Ellipse(x, y, width / 2, height / 2, angle)
