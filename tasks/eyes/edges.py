"""Edge points of a dark ellipse, to a fraction of a pixel, along rays from its centre."""

from __future__ import annotations

import cv2
import numpy as np

from osmo.tasks.eyes.ellipse import Ellipse, Floats
from osmo.tasks.eyes.layout import Gray
from osmo.tasks.eyes.ranks import ranked

RAYS = 64
STEPS = 33
NEAREST, FARTHEST = 0.45, 1.65
"""Where rays are looked at, in units of the ellipse's radius."""
LEAST_RISE = 0.25
"""Of the usual rise of this ellipse's rays: what rises less shows no edge."""
GLINT = 140
"""Grey level from which a pixel is a lamp's reflection: skin and iris stay under it in Aria's pictures."""

_ANGLES = np.linspace(0, 2 * np.pi, RAYS, endpoint=False)
_SHARES = np.linspace(NEAREST, FARTHEST, STEPS)


def edge_points(gray: Gray, ellipse: Ellipse) -> tuple[Floats, int]:
    """Where the picture turns from dark to bright along each ray.

    Args:
        gray: Eye picture, shape (240, W).
        ellipse: Where the edge is about.

    Returns:
        Points of shape (N, 2), and how many rays could show one: those inside the picture and clear of glints.
    """
    on_edge = ellipse.points(_ANGLES) - (ellipse.x, ellipse.y)
    reach = _SHARES[None, :, None] * on_edge[:, None, :] + (ellipse.x, ellipse.y)
    levels = cv2.remap(
        gray.astype(np.float32),
        reach[..., 0].astype(np.float32),
        reach[..., 1].astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=-1000.0,
    )
    clear = (levels.min(1) > -1) & (levels.max(1) < GLINT)
    smooth = cv2.blur(levels, (3, 1))
    rise = smooth[:, 2:] - smooth[:, :-2]
    rise[:, [0, -1]] = -np.inf
    at = rise[:, 1:-1].argmax(1) + 1
    rows = np.arange(RAYS)
    before, most, after = rise[rows, at - 1], rise[rows, at], rise[rows, at + 1]
    inner = (at > 1) & (at < rise.shape[1] - 2)
    bend = np.where(inner, before - 2 * most + after, -1.0)
    shift = np.where(inner & (bend < 0), 0.5 * (before - after) / np.minimum(bend, -1e-6), 0.0)
    usual = ranked(most[clear], 0.5)[0] if clear.any() else 0.0
    steps = at + 1 + np.clip(shift, -0.5, 0.5)
    shares = NEAREST + steps * (FARTHEST - NEAREST) / (STEPS - 1)
    good = clear & (most >= max(2.0, LEAST_RISE * usual))
    return on_edge[good] * shares[good, None] + (ellipse.x, ellipse.y), int(clear.sum())
