"""Where the wearer looks against the usual direction: gaze left (AU61), right (AU62), up (AU63) and down (AU64)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from osmo.tasks.eyes.columns import OcularTrack
from osmo.tasks.eyes.earlier import earlier_median
from osmo.tasks.eyes.ellipse import Floats

Flags = npt.NDArray[np.bool_]

PUPIL_KNOWN = 0.5
ASIDE_DEG = 10.0
"""Turn from the usual direction that counts as looking aside: more than pixels and the owner's gaze differ by on the
real frames (docs/eyes.md)."""


@dataclass(frozen=True)
class Looks:
    """Gaze per frame against the usual of the minute before; arrays of shape (N,), NaN where unknown.

    Attributes:
        left_deg: To the wearer's left.
        up_deg: Up.
        owner: Whether it is the gaze that the recording's owner computed; else it is that of the pixels.
    """

    left_deg: Floats
    up_deg: Floats
    owner: Flags

    @property
    def told(self) -> Flags:
        """Frames of which it could be said."""
        return np.asarray(np.isfinite(self.left_deg) & np.isfinite(self.up_deg))

    def units(self) -> dict[str, Flags]:
        """AU61 to AU64 of every frame."""
        with np.errstate(invalid="ignore"):
            return {
                "AU61": self.left_deg >= ASIDE_DEG,
                "AU62": self.left_deg <= -ASIDE_DEG,
                "AU63": self.up_deg >= ASIDE_DEG,
                "AU64": self.up_deg <= -ASIDE_DEG,
            }


def looks(track: OcularTrack) -> Looks:
    """The owner's gaze at frames that have it, else that of the pixels."""
    axes = (track.mps_left_deg, track.mps_up_deg)
    left, up = (axis - earlier_median(track.times_s, axis) for axis in axes)
    owner = np.asarray(np.isfinite(left) & np.isfinite(up))
    pixels = pixel_looks(track)
    return Looks(np.where(owner, left, pixels.left_deg), np.where(owner, up, pixels.up_deg), owner)


def pixel_looks(track: OcularTrack) -> Looks:
    """The mean of the eyes whose pupil is sure: what the model gets wrong of one eye, the other one halves."""
    seen = [
        [np.where(eye.pupil_confidence >= PUPIL_KNOWN, angle, np.nan) for angle in (eye.gaze_left_deg, eye.gaze_up_deg)]
        for eye in (track.left, track.right)
    ]
    left, up = (_mean(*both) for both in zip(*seen, strict=True))
    return Looks(left, up, np.zeros(len(track), bool))


def _mean(one: Floats, other: Floats) -> Floats:
    known = np.isfinite(one).astype(int) + np.isfinite(other)
    return np.where(known > 0, (np.nan_to_num(one) + np.nan_to_num(other)) / np.maximum(known, 1), np.nan)
