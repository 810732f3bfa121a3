"""How far the eyes are open against the wearer's own usual opening: upper-lid raise (AU5), lid tightening (AU6/7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from osmo.tasks.eyes.columns import EyeTrack, OcularTrack
from osmo.tasks.eyes.earlier import earlier_median
from osmo.tasks.eyes.ellipse import Floats
from osmo.tasks.eyes.looks import looks

Flags = npt.NDArray[np.bool_]

LIDS_KNOWN, PUPIL_SEEN = 0.3, 0.35
"""Confidence from which an aperture counts, and from which a pupil counts as seen."""
RAISED = 1.15
"""Of the usual aperture: from here the upper lid counts as raised. What the aperture is off by on rendered eyes is a
fraction of that (docs/eyes.md)."""
TIGHT = (0.5, 0.85)
"""Of the usual aperture: between these an eye is narrowed and not closing."""
LOWER_RISEN_PX = 2.5
"""Rise of the lower lid, which tightening brings and a drooping upper lid does not."""
FOLLOWS_DEG = 8.0
"""The upper lid follows the gaze: frames that look so far up or down say nothing of AU5, AU6 or AU7."""


@dataclass(frozen=True)
class Opening:
    """The eyes' opening per frame; arrays of shape (N,), NaN where unknown or nothing is usual yet.

    Attributes:
        left: Aperture of the left eye over its usual one.
        right: The same of the right eye; NaN throughout where frames show one eye.
        raised: Whether the upper lids of all eyes that are known are raised (AU5).
        tight: Whether all eyes that are known are narrowed with the lower lid risen (AU6/7).
        told: Frames of which raised and tight could be said.
    """

    left: Floats
    right: Floats
    raised: Flags
    tight: Flags
    told: Flags

    @property
    def mean(self) -> Floats:
        """Of the eyes that are known."""
        known = np.isfinite(self.left).astype(int) + np.isfinite(self.right)
        total = np.nan_to_num(self.left) + np.nan_to_num(self.right)
        return np.where(known > 0, total / np.maximum(known, 1), np.nan)


def opening(track: OcularTrack) -> Opening:
    """Opening, AU5 and AU6/7 of every frame, from that frame and the minute before it."""
    ratios, risen, seen = zip(*(_eye(track.times_s, eye) for eye in (track.left, track.right)), strict=True)
    up = looks(track).up_deg
    steady = ~(np.abs(np.nan_to_num(up)) > FOLLOWS_DEG)
    known = [np.isfinite(ratio) & saw for ratio, saw in zip(ratios, seen, strict=True)]
    told = (known[0] | known[1]) & steady
    raised, tight = told.copy(), told.copy()
    for ratio, rose, told_by in zip(ratios, risen, known, strict=True):
        with np.errstate(invalid="ignore"):
            raised &= ~told_by | (ratio >= RAISED)
            tight &= ~told_by | ((ratio > TIGHT[0]) & (ratio <= TIGHT[1]) & (rose >= LOWER_RISEN_PX))
    return Opening(ratios[0], ratios[1], raised, tight, told)


def _eye(times_s: Floats, eye: EyeTrack) -> tuple[Floats, Floats, Flags]:
    """Aperture over the usual one, rise of the lower lid in pixels, and whether the pupil is seen."""
    sure = eye.lid_confidence >= LIDS_KNOWN
    aperture = np.where(sure, eye.aperture, np.nan)
    seen = eye.pupil_confidence >= PUPIL_SEEN
    usual = earlier_median(times_s, np.where(seen, aperture, np.nan))
    lower = np.where(sure & seen, eye.lower_y_px, np.nan)
    return aperture / usual, earlier_median(times_s, lower) - lower, np.asarray(seen)
