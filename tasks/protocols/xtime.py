"""XTime: for each subject, validation is later than train, and test later still."""

from __future__ import annotations

import math
from collections.abc import Sequence

from osmo.tasks.protocol import SPLITS_OF_A_PROTOCOL, Assignment, Unit, missing_splits

CUT_MARGIN_S = 30.0
"""Windows nearer to a cut than this are left out."""

CLAIM = "For each subject, every test window begins after every earlier split's windows ended, on one common clock."
CHECKED = (
    "each event has a subject_id and a place on the subject's timeline",
    "for each subject, the context windows of train end before those of validation begin, and these before test",
    f"for each subject, windows of two splits lie at least {2 * CUT_MARGIN_S:.0f} s apart",
)


def assign(units: Sequence[Unit], *, seed: int) -> list[Assignment]:
    """Cut each subject's timeline twice, near 70 and 85 % of the events, in the widest pause found there.

    Time decides, so `seed` plays no part. A subject with one event trains; with two, the later one tests.
    """
    del seed
    left_out: dict[str, str] = {}
    by_subject: dict[str, list[Unit]] = {}
    for unit in units:
        if unit.subject_id is None:
            left_out[unit.event_id] = "unknown_subject"
        elif unit.window_start_t is None:
            left_out[unit.event_id] = "no_common_clock"
        else:
            by_subject.setdefault(unit.subject_id, []).append(unit)
    splits: dict[str, str] = {}
    for subject in sorted(by_subject):
        for unit, split in _cut(sorted(by_subject[subject], key=lambda unit: (_start(unit), unit.event_id))):
            if split is None:
                left_out[unit.event_id] = "within_30s_of_cut"
            else:
                splits[unit.event_id] = split
    reason = (
        f"{len(by_subject)} subjects on a known common clock have too few events that are "
        f"{CUT_MARGIN_S:.0f} s away from a cut in time"
    )
    return [Assignment("xtime", splits, left_out, missing_splits(splits, reason))]


def violations(units: Sequence[Unit], assignment: Assignment) -> list[str]:
    """Subjects whose splits touch or are out of order, and events without a subject or a clock."""
    found: list[str] = []
    ends: dict[tuple[str, int], float] = {}
    starts: dict[tuple[str, int], float] = {}
    for unit in units:
        split = assignment.splits.get(unit.event_id)
        if split is None:
            continue
        if unit.subject_id is None or unit.window_start_t is None or unit.window_end_t is None:
            found.append(f"event {unit.event_id} has no subject or no common clock")
            continue
        key = (unit.subject_id, SPLITS_OF_A_PROTOCOL.index(split))
        starts[key] = min(starts.get(key, math.inf), unit.window_start_t)
        ends[key] = max(ends.get(key, -math.inf), unit.window_end_t)
    for subject in sorted({subject for subject, _ in starts}):
        for earlier, later in ((0, 1), (0, 2), (1, 2)):
            gap = starts.get((subject, later), math.inf) - ends.get((subject, earlier), -math.inf)
            if gap < 2 * CUT_MARGIN_S - 1e-6:  # sums of seconds are not exact
                names = SPLITS_OF_A_PROTOCOL[earlier], SPLITS_OF_A_PROTOCOL[later]
                found.append(f"subject {subject!r}: {names[1]} begins {gap:.3f} s after {names[0]} ended")
    return found


def _cut(units: Sequence[Unit]) -> list[tuple[Unit, str | None]]:
    """Split of each event of one subject, in order of time; null: too near to a cut."""
    count = len(units)
    if count == 1:
        return [(units[0], "train")]
    cuts: list[tuple[float, str]] = []
    if count >= 3:
        first = _widest(units, math.ceil(0.6 * count), math.ceil(0.75 * count))
        cuts.append((_pause(units, first)[0], "validation"))
        last = _widest(units, max(first + 1, math.ceil(0.8 * count)), max(first + 1, math.ceil(0.9 * count)))
    else:
        last = 1
    cuts.append((_pause(units, last)[0], "test"))
    return [(unit, _side(unit, cuts)) for unit in units]


def _side(unit: Unit, cuts: Sequence[tuple[float, str]]) -> str | None:
    split = "train"
    for at, later in cuts:
        if _start(unit) >= at + CUT_MARGIN_S:
            split = later
        elif _end(unit) > at - CUT_MARGIN_S:
            return None
    return split


def _widest(units: Sequence[Unit], low: int, high: int) -> int:
    """The index in [low, high] before which the pause is widest; the earliest of equals."""
    top = len(units) - 1
    low, high = min(max(low, 1), top), min(max(high, 1), top)
    return max(range(low, high + 1), key=lambda index: (_pause(units, index)[1], -index))


def _pause(units: Sequence[Unit], index: int) -> tuple[float, float]:
    """Middle and length in seconds of the pause before `units[index]`; negative where windows overlap."""
    before = max(_end(unit) for unit in units[:index])
    after = _start(units[index])
    return (before + after) / 2, after - before


def _start(unit: Unit) -> float:
    assert unit.window_start_t is not None
    return unit.window_start_t


def _end(unit: Unit) -> float:
    assert unit.window_end_t is not None
    return unit.window_end_t
