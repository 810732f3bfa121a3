"""Gaze that a recording's owner computed, at the frames of the eye camera, and how it compares with the pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from osmo.tasks.eyes.ellipse import Floats

FARTHEST_S = 0.05
"""A sample farther from a frame than half a frame at 10 Hz is not that frame's."""


@dataclass(frozen=True)
class OwnerGaze:
    """Gaze over time.

    Attributes:
        times_s: Seconds from the recording's start, rising, shape (N,).
        left_deg: To the wearer's left of straight ahead, shape (N,).
        up_deg: Above straight ahead, shape (N,).
    """

    times_s: Floats
    left_deg: Floats
    up_deg: Floats

    @classmethod
    def of(cls, gaze: pa.Table | None) -> OwnerGaze:
        """From the cached track of kind `gaze`; null: there is none."""
        if gaze is None:
            return cls(np.zeros(0), np.zeros(0), np.zeros(0))
        yaw, pitch = (np.degrees(gaze[name].to_numpy().astype(np.float64)) for name in ("yaw_rad", "pitch_rad"))
        return cls(gaze["time_s"].to_numpy().astype(np.float64), yaw, pitch)

    def at(self, time_s: float) -> tuple[float | None, float | None]:
        """The sample nearest to a time: left and up in degrees; null where none is near."""
        if not self.times_s.size:
            return None, None
        after = int(np.searchsorted(self.times_s, time_s))
        near = min(
            (i for i in (after - 1, after) if 0 <= i < self.times_s.size), key=lambda i: abs(self.times_s[i] - time_s)
        )
        if abs(float(self.times_s[near]) - time_s) > FARTHEST_S:
            return None, None
        return float(self.left_deg[near]), float(self.up_deg[near])


FEWEST_FITTED, FEWEST_COMPARED = 20, 5


@dataclass(frozen=True)
class Agreement:
    """How the pixels' gaze compares with the owner's, after a line fitted on earlier frames only.

    Attributes:
        correlation: Of the owner's gaze to the left with the fitted pixels', over later frames; NaN where one is still.
        difference_deg: Median distance of both, degrees.
    """

    correlation: float
    difference_deg: float


def agreement(pixels_deg: Floats, owner_deg: Floats, earlier: npt.NDArray[np.bool_]) -> Agreement | None:
    """Fit on the earlier frames, compare on the others.

    Args:
        pixels_deg: One angle of the pixels, NaN where unknown, shape (N,).
        owner_deg: The owner's, shape (N,).
        earlier: Which frames the line is fitted on, shape (N,).

    Returns:
        Null where there are too few frames of either, or nothing moves in the earlier ones.
    """
    known = np.isfinite(pixels_deg) & np.isfinite(owner_deg)
    fit, test = known & earlier, known & ~earlier
    if fit.sum() < FEWEST_FITTED or test.sum() < FEWEST_COMPARED or float(np.std(pixels_deg[fit])) < 1e-6:
        return None
    slope, offset = np.polyfit(pixels_deg[fit], owner_deg[fit], 1)
    fitted, owner = slope * pixels_deg[test] + offset, owner_deg[test]
    still = float(np.std(fitted)) < 1e-6 or float(np.std(owner)) < 1e-6
    correlation = np.nan if still else float(np.corrcoef(fitted, owner)[0, 1])
    return Agreement(float(correlation), float(np.median(np.abs(fitted - owner))))
