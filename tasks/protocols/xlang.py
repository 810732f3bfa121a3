"""XLang: train on one language, test on another, both ways."""

from __future__ import annotations

from collections.abc import Sequence

from osmo.tasks.protocol import VALIDATION_SHARE, Assignment, Unit, missing_splits, rank, shared

CLAIM = "Train and validation are of one language, test of another; no session is in both train and validation."
CHECKED = (
    "train and test share no language",
    "validation and test share no language",
    "each recording_id and each session_group is in one split of a language",
)


def assign(units: Sequence[Unit], *, seed: int) -> list[Assignment]:
    """One variant per ordered pair of languages, named xlang-<train>-<test>."""
    languages = sorted({unit.language for unit in units if unit.language is not None})
    if len(languages) < 2:
        reason = f"the events are of {len(languages)} known languages: two are needed"
        return [Assignment("xlang", {}, {unit.event_id: "one_language" for unit in units}, missing_splits({}, reason))]
    return [_variant(units, train, test, seed) for train in languages for test in languages if train != test]


def violations(units: Sequence[Unit], assignment: Assignment) -> list[str]:
    """Languages on both sides, recordings and sessions in two splits, events of an unknown language."""
    trained: set[str | None] = set()
    tested: set[str | None] = set()
    for unit in units:
        split = assignment.splits.get(unit.event_id)
        if split is not None:
            (tested if split == "test" else trained).add(unit.language)
    found = [f"language {language!r} is in training and test" for language in sorted(map(str, trained & tested))]
    if None in trained | tested:
        found.append("events of an unknown language are in the split")
    return found + shared(units, assignment, "recording_id") + shared(units, assignment, "session_group")


def _variant(units: Sequence[Unit], train: str, test: str, seed: int) -> Assignment:
    splits: dict[str, str] = {}
    left_out: dict[str, str] = {}
    scenes = {unit.session_group for unit in units if unit.language == test and unit.session_group is not None}
    sessions = sorted(
        {_session(unit) for unit in units if unit.language == train}, key=lambda session: rank(seed, session)
    )
    held = set(sessions[: round(VALIDATION_SHARE * len(sessions))] or sessions[:1]) if len(sessions) > 1 else set()
    for unit in units:
        if unit.language == test:
            splits[unit.event_id] = "test"
        elif unit.language != train:
            left_out[unit.event_id] = "unknown_language" if unit.language is None else "other_language"
        elif unit.session_group in scenes:
            left_out[unit.event_id] = "session_of_test"
        else:
            splits[unit.event_id] = "validation" if _session(unit) in held else "train"
    reason = f"{train} has {len(sessions)} sessions apart from those of {test}: too few to fill it"
    return Assignment(f"xlang-{train}-{test}", splits, left_out, missing_splits(splits, reason))


def _session(unit: Unit) -> str:
    return unit.session_group or unit.recording_id
