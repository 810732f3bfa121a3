"""What was usual before: running medians over frames strictly earlier, so that no later frame ever changes one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from osmo.tasks.eyes.ellipse import Floats

WINDOW_S = 60.0
FEWEST = 10
"""Frames without which nothing is called usual."""


def earlier_median(times_s: Floats, values: Floats) -> Floats:
    """Median of the values of the minute before each frame, the frame itself left out.

    Args:
        times_s: Rising, shape (N,).
        values: NaN where unknown, shape (N,).

    Returns:
        Shape (N,); NaN where fewer than `FEWEST` earlier values are known.
    """
    index = pd.to_timedelta(np.asarray(times_s, np.float64), unit="s")
    window = pd.Series(values, index=index).rolling(f"{WINDOW_S}s", closed="left", min_periods=FEWEST)
    return np.asarray(window.median().to_numpy(), np.float64)
