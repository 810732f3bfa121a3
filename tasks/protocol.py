"""The contract of split protocols: events with what splits depend on in, a split or a reason for each out."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

SPLITS_OF_A_PROTOCOL = ("train", "validation", "test")
"""In the order in which time and training see them."""

VALIDATION_SHARE = 0.15
TEST_SHARE = 0.15


@dataclass(frozen=True)
class Unit:
    """One event, as a protocol sees it.

    Attributes:
        event_id: The event.
        subject_id: The wearer; null: unknown.
        recording_id: The recording.
        session_group: Shared by recordings of one place and time; null: none is known.
        dataset: The source dataset.
        language: BCP 47 primary language; null: unknown.
        window_start_s: Start of its context window, seconds from the recording's start.
        window_end_s: Its end.
        window_start_t: The same start on the subject's own timeline in seconds; null without a common clock.
        window_end_t: The same end there.
    """

    event_id: str
    subject_id: str | None
    recording_id: str
    session_group: str | None
    dataset: str
    language: str | None
    window_start_s: float
    window_end_s: float
    window_start_t: float | None
    window_end_t: float | None


@dataclass(frozen=True)
class Assignment:
    """One split of all events.

    Attributes:
        protocol: Its name: the file's, with what tells variants of one protocol apart.
        splits: Split of each event that is in.
        left_out: Reason of each event that is not.
        empty: Splits without events, and why.
        notes: What a user of the split must know.
    """

    protocol: str
    splits: Mapping[str, str]
    left_out: Mapping[str, str] = field(default_factory=dict)
    empty: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()


class SplitProtocol(Protocol):
    """A module of tasks/protocols/."""

    CLAIM: str
    """What the split promises, in one sentence."""

    CHECKED: tuple[str, ...]
    """The statements that `violations` checks."""

    def assign(self, units: Sequence[Unit], *, seed: int) -> list[Assignment]:
        """The split, or one per variant."""
        ...

    def violations(self, units: Sequence[Unit], assignment: Assignment) -> list[str]:
        """What of the claim does not hold, computed from the events and their splits alone."""
        ...


def rank(seed: int, *names: str) -> str:
    """Sorts things at random, the same way for the same seed, whatever else there is."""
    return hashlib.sha256("\x00".join((str(seed), *names)).encode()).hexdigest()


def components(links: Iterable[Sequence[Hashable]]) -> dict[Hashable, Hashable]:
    """Join things that are linked: gives each thing's representative."""
    parent: dict[Hashable, Hashable] = {}

    def find(item: Hashable) -> Hashable:
        parent.setdefault(item, item)
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for first, *others in links:
        root = find(first)
        for other in others:
            parent[find(other)] = root
    return {item: find(item) for item in list(parent)}


def shared(units: Sequence[Unit], assignment: Assignment, attribute: str) -> list[str]:
    """Values of an attribute that lie in more than one split, one line each; null is no value."""
    seen: dict[str, set[str]] = {}
    for unit in units:
        value = getattr(unit, attribute)
        split = assignment.splits.get(unit.event_id)
        if value is not None and split is not None:
            seen.setdefault(value, set()).add(split)
    return [f"{attribute} {value!r} is in {', '.join(sorted(s))}" for value, s in sorted(seen.items()) if len(s) > 1]


def missing_splits(assignment_splits: Mapping[str, str], reason: str) -> dict[str, str]:
    """The splits that have no event, each with `reason`."""
    present = set(assignment_splits.values())
    return {split: reason for split in SPLITS_OF_A_PROTOCOL if split not in present}
