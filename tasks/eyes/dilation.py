"""How wide the pupils are against the wearer's own usual width of the minute before.

Light, distance and what is looked at change a pupil as well: what is measured here says nothing of why.
"""

from __future__ import annotations

import numpy as np

from osmo.tasks.eyes.columns import OcularTrack
from osmo.tasks.eyes.earlier import earlier_median
from osmo.tasks.eyes.ellipse import Floats

PUPIL_WHOLE = 0.6
"""Confidence from which a pupil counts as whole: one that a lid cuts looks smaller than it is."""


def dilation(track: OcularTrack) -> Floats:
    """Diameter over the usual one, the mean of the eyes that are known, shape (N,); NaN where neither is."""
    ratios: list[Floats] = []
    for eye in (track.left, track.right):
        diameter = np.where(eye.pupil_confidence >= PUPIL_WHOLE, eye.pupil_diameter_px, np.nan)
        ratios.append(diameter / earlier_median(track.times_s, diameter))
    known = np.isfinite(ratios).sum(0)
    return np.asarray(np.where(known > 0, np.nan_to_num(ratios).sum(0) / np.maximum(known, 1), np.nan))
