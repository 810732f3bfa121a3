"""What a frame rate can show of the lids' movements."""

from __future__ import annotations

import numpy as np

from osmo.tasks.eyes.ellipse import Floats

COUNTS_BLINKS_HZ, TIMES_BLINKS_HZ = 8.0, 25.0
"""From the first (cameras of nominally 10 Hz) blinks of 0.1 to 0.4 s show on one to four frames, the shortest on none:
counts are a lower bound. From the second (nominally 30 Hz) each shows on three or more: its length can be told."""


def frame_rate(times_s: Floats) -> float:
    """Frames a second that the camera gave, repeated ones not counted: the usual interval; 0 where it is unknown."""
    return 0.0 if times_s.size < 2 else float(1.0 / np.median(np.diff(times_s)))
