"""XSub: no subject, and no scene that subjects shared, is in two splits."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from osmo.tasks.protocol import (
    TEST_SHARE,
    VALIDATION_SHARE,
    Assignment,
    Unit,
    components,
    missing_splits,
    rank,
    shared,
)

CLAIM = "No subject, recording or session group is in more than one split; unknown subjects are in train alone."
CHECKED = (
    "each subject_id is in one split",
    "each session_group is in one split",
    "each recording_id is in one split",
    "events without subject_id are in train",
)


def assign(units: Sequence[Unit], *, seed: int) -> list[Assignment]:
    """Give whole groups of subjects to splits, at random by `seed`.

    Subjects who shared a session group stay together; a group with a recording of an unknown subject is in train, and
    so is the largest of the others. The rest fills test, then validation, each to 15 % of the events.
    """
    group_of = components(_links(unit) for unit in units)
    groups: dict[Hashable, list[Unit]] = {}
    for unit in units:
        groups.setdefault(group_of["recording", unit.recording_id], []).append(unit)
    free = [members for members in groups.values() if all(unit.subject_id is not None for unit in members)]
    pinned = [members for members in groups.values() if any(unit.subject_id is None for unit in members)]
    free.sort(key=lambda members: rank(seed, min(str(unit.subject_id) for unit in members)))
    splits = {unit.event_id: "train" for members in pinned for unit in members}
    for members, split in zip(free, _fill([len(members) for members in free], len(units)), strict=True):
        splits.update((unit.event_id, split) for unit in members)
    subjects = {unit.subject_id for members in free for unit in members}
    reason = (
        f"{len(subjects)} known subjects form {len(free)} groups that can be told apart (people who shared a session "
        "stay together; a group with an unknown subject is in train): three are needed to fill every split"
    )
    return [Assignment("xsub", splits, empty=missing_splits(splits, reason))]


def violations(units: Sequence[Unit], assignment: Assignment) -> list[str]:
    """Subjects, session groups and recordings in two splits; unknown subjects outside train."""
    found = [
        line for name in ("subject_id", "session_group", "recording_id") for line in shared(units, assignment, name)
    ]
    found.extend(
        f"event {unit.event_id} of an unknown subject is in {assignment.splits[unit.event_id]}"
        for unit in units
        if unit.subject_id is None and assignment.splits.get(unit.event_id, "train") != "train"
    )
    return found


def _links(unit: Unit) -> list[Hashable]:
    links: list[Hashable] = [("recording", unit.recording_id)]
    if unit.subject_id is not None:
        links.append(("subject", unit.subject_id))
    if unit.session_group is not None:
        links.append(("session", unit.session_group))
    return links


def _fill(sizes: Sequence[int], total: int) -> list[str]:
    """A split for each group, in order: the largest (first of equals) trains, the others fill test, then validation."""
    if not sizes:
        return []
    largest = max(range(len(sizes)), key=lambda index: (sizes[index], -index))
    needed = {"test": TEST_SHARE * total, "validation": VALIDATION_SHARE * total}
    chosen: list[str] = []
    for index, size in enumerate(sizes):
        split = "train"
        if index != largest:
            split = next((name for name in ("test", "validation") if needed[name] > 0), "train")
            # One group each before either gets a second, so that few subjects still fill three splits.
            if split == "test" and "test" in chosen and "validation" not in chosen:
                split = "validation"
        if split != "train":
            needed[split] -= size
        chosen.append(split)
    return chosen
