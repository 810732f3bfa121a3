"""Closures of the eyes: blinks (AU45), long closures (AU43) and winks (AU46), each told when it is over or long enough.

A blink takes 0.1 to 0.4 s and comes about 17 times a minute at rest, 26 in conversation, 4.5 in reading (Bentivoglio et
al., "Analysis of blink rate patterns in normal subjects", Movement Disorders 12, 1997). A closure of more than half a
second is no blink.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from osmo.tasks.eyes.ellipse import Floats

Flags = npt.NDArray[np.bool_]

SHUT, OPEN = 0.5, 0.65
"""Of the usual aperture: under the first an eye is shut, above the second it is open again."""
LONGEST_BLINK_S = 0.5
WINK_SHUT, WINK_OPEN = 0.4, 0.75
SHORTEST_WINK_S, LONGEST_WINK_S = 0.15, 2.0
GAP = 3.5
"""Frame intervals without known lids after which nothing is taken to have gone on."""


@dataclass(frozen=True)
class Closures:
    """What is known of closures at each frame; arrays of shape (N,).

    Attributes:
        blink: A blink is over: both eyes are open again after a short closure.
        closed: Both eyes have been shut for longer than a blink.
        wink: A wink is over: one eye opened again while the other had stayed open.
        shut: Both eyes are shut.
    """

    blink: Flags
    closed: Flags
    wink: Flags
    shut: Flags


def closures(times_s: Floats, left: Floats, right: Floats, *, one_eye: bool = False) -> Closures:
    """Follow the lids frame by frame; what is said of a frame rests on it and on earlier ones.

    Args:
        times_s: Rising, shape (N,).
        left: Aperture over its usual one; NaN where unknown.
        right: The same of the right eye; not looked at where there is one eye.
        one_eye: Whether only `left` is there; winks cannot be told from blinks then, and none is.
    """
    least, most = (left, left) if one_eye else (np.minimum(left, right), np.maximum(left, right))
    found = Closures(*(np.zeros(times_s.size, bool) for _ in range(4)))
    both, single = _Run(), _Run()
    interval_s, known_s = np.inf, -np.inf
    for n in range(times_s.size):
        time_s = float(times_s[n])
        if n:  # frame rates are constant: the least interval so far is the camera's
            interval_s = min(interval_s, time_s - float(times_s[n - 1]))
        if not np.isfinite(most[n]):
            continue
        if time_s - known_s > GAP * interval_s:
            both.forget()
            single.forget()
        known_s = time_s
        lasted_s = both.step(time_s, shut=bool(most[n] < SHUT), opened=bool(least[n] > OPEN))
        found.blink[n] = lasted_s is not None and lasted_s <= LONGEST_BLINK_S
        found.shut[n] = bool(most[n] < SHUT)
        found.closed[n] = both.since_s is not None and time_s - both.since_s > LONGEST_BLINK_S
        if not one_eye:
            single.spoil(bool(most[n] < WINK_OPEN))
            winked_s = single.step(time_s, shut=bool(least[n] < WINK_SHUT), opened=bool(least[n] > OPEN))
            found.wink[n] = winked_s is not None and SHORTEST_WINK_S <= winked_s <= LONGEST_WINK_S
    return found


class _Run:
    """One closure in the making."""

    def __init__(self) -> None:
        self.since_s: float | None = None
        self._was_open = False
        self._spoiled = False

    def forget(self) -> None:
        """Frames are missing: what began before them is not known to have gone on."""
        self.since_s, self._was_open, self._spoiled = None, False, False

    def spoil(self, spoiled: bool) -> None:
        """Whether this closure is of another kind by now; it stays so until it is over."""
        self._spoiled = spoiled or (self._spoiled and self.since_s is not None)

    def step(self, time_s: float, *, shut: bool, opened: bool) -> float | None:
        """Take the next frame; gives a closure's seconds when it is over and its beginning was seen."""
        if shut and self.since_s is None:
            self.since_s = time_s if self._was_open else None
        lasted_s = None
        if opened:
            if self.since_s is not None and not self._spoiled:
                lasted_s = time_s - self.since_s
            self.since_s, self._was_open = None, True
        elif shut:
            self._was_open = self.since_s is not None
        return lasted_s
