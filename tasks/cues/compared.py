"""Says a measured number, and how it compares with what is usual for the same stretches before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from osmo.tasks.cues.description import Description
from osmo.tasks.cues.usual import middle, usual


@dataclass(frozen=True)
class Compared:
    """One measure, over the stretches of an event and over those before it.

    Attributes:
        name: As its phrases begin: <name>, <name>_same, <name>_more and <name>_less.
        unit: Of the number that is shown.
        least: Spread below which a difference counts for nothing, in the measure's own scale.
        here: One number a stretch of the event.
        before: One number an earlier stretch; too few: there is nothing to compare with.
        digits: Decimal places.
        shown: From the scale in which stretches are compared to the one that is shown.
        change_unit: Unit of differences; null: that of the number.
    """

    name: str
    unit: str
    least: float
    here: Sequence[float]
    before: Sequence[float]
    digits: int = 1
    shown: Callable[[float], float] = float
    change_unit: str | None = None

    def say(self, said: Description) -> None:
        """Record the number, its difference and the usual spread, and say them; nothing, where it is unknown."""
        value = middle(self.here)
        if np.isnan(value):
            return
        said.measure(self.name, self.shown(value), self.unit, digits=self.digits)
        known = usual(self.before, least=self.least)
        if known is None:
            said.say(self.name)
            return
        change = said.measure(f"{self.name}_change", value - known.middle, self.change_unit or self.unit, digits=1)
        said.measure(f"{self.name}_spread", known.spread, self.change_unit or self.unit, digits=1)
        if not known.differs(value):
            said.say(f"{self.name}_same")
        else:
            said.say(f"{self.name}_more" if change > 0 else f"{self.name}_less")
