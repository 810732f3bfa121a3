"""How sure a counted share is."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

Z_95 = 1.959963984540054
"""Standard normal quantile of a two-sided 95 % interval."""


@dataclass(frozen=True)
class Share:
    """A counted share with its 95 % interval.

    Attributes:
        hits: How many hold.
        of: Of how many.
        share: hits / of; null: nothing was counted.
        low: Lower end of the interval; null as above.
        high: Upper end; null as above.
    """

    hits: int
    of: int
    share: float | None
    low: float | None
    high: float | None


def share(hits: int, of: int) -> Share:
    """A share with Wilson's score interval (Wilson, 1927, JASA 22:209), which keeps to 0–1 where few were counted."""
    assert 0 <= hits <= of, f"{hits} of {of}"
    if of == 0:
        return Share(hits, of, None, None, None)
    p, z2 = hits / of, Z_95 * Z_95
    centre = (p + z2 / (2 * of)) / (1 + z2 / of)
    half = Z_95 * sqrt(p * (1 - p) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    # At 0 and at all the end is exact; rounding would put it a hair beyond.
    return Share(hits, of, p, 0.0 if hits == 0 else centre - half, 1.0 if hits == of else centre + half)
