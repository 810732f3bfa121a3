"""What a frame rate can show of the lids' movements."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from osmo.tasks.eyes.ellipse import Floats

COUNTS_BLINKS_HZ, TIMES_BLINKS_HZ = 8.0, 25.0
"""From the first (cameras of nominally 10 Hz) blinks of 0.1 to 0.4 s show on one to four frames, the shortest on none:
counts are a lower bound. From the second (nominally 30 Hz) each shows on three or more: its length can be told."""


def frame_rate(times_s: Floats, repeated: npt.NDArray[np.bool_]) -> float:
    """Frames a second that the camera gave: the usual interval of those that repeat none; 0 where it is unknown."""
    fresh = times_s[~repeated]
    return 0.0 if fresh.size < 2 else float(1.0 / np.median(np.diff(fresh)))
