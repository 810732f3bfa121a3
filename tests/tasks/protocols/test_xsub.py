"""XSub divides no subject and no shared scene."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from osmo.tasks.protocol import Assignment, Unit
from osmo.tasks.splits import protocol, prove

Make = Callable[..., Unit]
RULES = protocol("xsub")


def split(units: list[Unit], seed: int = 0) -> Assignment:
    [assignment] = RULES.assign(units, seed=seed)
    assert prove(RULES, units, assignment, seed=seed).violations == ()
    return assignment


def of(units: list[Unit], assignment: Assignment) -> dict[str | None, set[str]]:
    """Splits in which each subject is."""
    found: dict[str | None, set[str]] = {}
    for one in units:
        found.setdefault(one.subject_id, set()).add(assignment.splits[one.event_id])
    return found


@pytest.mark.parametrize("seed", range(5))
def test_divides_no_subject_and_fills_every_split(unit: Make, seed: int) -> None:
    units = [unit(f"{subject}{i}", subject, float(i)) for subject in "abcdefghij" for i in range(5)]
    assignment = split(units, seed)
    assert all(len(splits) == 1 for splits in of(units, assignment).values())
    sizes = [list(assignment.splits.values()).count(name) for name in ("train", "validation", "test")]
    assert sizes == [30, 10, 10]


def test_draws_by_seed_and_not_by_order(unit: Make) -> None:
    units = [unit(f"{subject}{i}", subject) for subject in "abcdefghij" for i in range(5)]
    shuffled = random.Random(1).sample(units, len(units))
    assert split(units).splits == split(shuffled).splits
    assert len({tuple(sorted(split(units, seed).splits.items())) for seed in range(5)}) > 1


def test_keeps_session_groups_whole_and_unknown_subjects_in_train(unit: Make) -> None:
    units = [unit(f"{subject}{i}", subject) for subject in "abcdef" for i in range(4)]
    units += [unit("shared-a", "a", session_group="kitchen"), unit("shared-b", "b", session_group="kitchen")]
    units += [unit("nobody", None, session_group="park"), unit("shared-c", "c", session_group="park")]
    for seed in range(5):
        found = of(units, split(units, seed))
        assert found["a"] == found["b"]
        assert found[None] == found["c"] == {"train"}


@pytest.mark.parametrize(
    ("subjects", "filled"),
    [([], set()), (["a"], {"train"}), (["a", "b"], {"train", "test"}),
     (["a", "b", "c"], {"train", "validation", "test"}), ([None], {"train"})],
    ids=["none", "one", "two", "three", "only-unknown"],
)  # fmt: skip
def test_with_few_subjects_leaves_splits_empty_and_says_why(
    unit: Make, subjects: list[str | None], filled: set[str]
) -> None:
    units = [unit(f"{subject}{i}", subject) for subject in subjects for i in range(3)]
    assignment = split(units)
    assert set(assignment.splits.values()) == filled
    assert set(assignment.empty) == {"train", "validation", "test"} - filled
    assert all("three are needed" in reason for reason in assignment.empty.values())
