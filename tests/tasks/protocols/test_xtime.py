"""XTime puts test later than training, a margin apart."""

from __future__ import annotations

from collections.abc import Callable

from osmo.tasks.protocol import Assignment, Unit
from osmo.tasks.splits import protocol, prove

Make = Callable[..., Unit]
RULES = protocol("xtime")


def split(units: list[Unit], seed: int = 0) -> Assignment:
    [assignment] = RULES.assign(units, seed=seed)
    assert prove(RULES, units, assignment, seed=seed).violations == ()
    return assignment


def test_puts_test_later_than_train_for_each_subject(unit: Make) -> None:
    units = [unit(f"{subject}{i:02}", subject, 100.0 * i) for subject in "ab" for i in range(20)]
    assignment = split(units)
    for subject in "ab":
        order = [assignment.splits[f"{subject}{i:02}"] for i in range(20)]
        assert order == sorted(order, key=["train", "validation", "test"].index)
        assert {name: order.count(name) for name in set(order)} == {"train": 12, "validation": 4, "test": 4}


def test_drops_windows_near_a_cut_with_the_reason(unit: Make) -> None:
    units = [unit(f"a{i:02}", "a", 40.0 * i) for i in range(20)]
    assignment = split(units)
    assert set(assignment.left_out.values()) == {"within_30s_of_cut"}
    assert 2 <= len(assignment.left_out) <= 4


def test_cuts_where_the_pause_is_widest(unit: Make) -> None:
    times = [0, 40, 80, 120, 160, 200, 240, 5000, 5040, 9000]
    units = [unit(f"a{i}", "a", float(t)) for i, t in enumerate(times)]
    assignment = split(units)
    assert assignment.left_out == {}
    assert [assignment.splits[f"a{i}"] for i in range(10)] == ["train"] * 7 + ["validation"] * 2 + ["test"]


def test_leaves_out_whom_it_cannot_place(unit: Make) -> None:
    units = [unit("x", None, 5.0), unit("y", "a", None), unit("z", "b", 0.0)]
    assignment = split(units)
    assert assignment.left_out == {"x": "unknown_subject", "y": "no_common_clock"}
    assert assignment.splits == {"z": "train"}
    assert set(assignment.empty) == {"validation", "test"}
