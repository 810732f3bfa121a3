"""What is usual: the middle and the spread of earlier stretches, and when a number is said to differ from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FEWEST_STRETCHES = 4
"""Earlier stretches without which nothing is called usual."""
TIMES_SPREAD = 2.0
"""A number differs from what is usual by at least so many spreads, else it is as before."""
_MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True)
class Usual:
    """What earlier stretches were like.

    Attributes:
        middle: Their median.
        spread: Their median distance from it, as a standard deviation, or the least spread that counts.
    """

    middle: float
    spread: float

    def differs(self, value: float) -> bool:
        """Whether a number is beyond what is usual."""
        return abs(value - self.middle) >= TIMES_SPREAD * self.spread


def usual(values: Sequence[float], *, least: float) -> Usual | None:
    """What is usual among earlier stretches; null where they are too few.

    Args:
        values: One number a stretch; NaN where it has none.
        least: A spread below it is taken for it: smaller differences are hardly noticed.
    """
    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    if known.size < FEWEST_STRETCHES:
        return None
    middle = float(np.median(known))
    spread = _MAD_TO_SIGMA * float(np.median(np.abs(known - middle)))
    return Usual(middle, max(least, spread))


def middle(values: Sequence[float]) -> float:
    """Median of the numbers that are known; NaN where none is."""
    known = [value for value in values if np.isfinite(value)]
    return float(np.median(known)) if known else float("nan")
