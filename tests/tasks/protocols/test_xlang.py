"""XLang trains on one language and tests on another."""

from __future__ import annotations

from collections.abc import Callable

from osmo.tasks.protocol import Assignment, Unit
from osmo.tasks.splits import protocol, prove

Make = Callable[..., Unit]
RULES = protocol("xlang")


def split(units: list[Unit], seed: int = 0) -> Assignment:
    [assignment] = RULES.assign(units, seed=seed)
    assert prove(RULES, units, assignment, seed=seed).violations == ()
    return assignment


def test_goes_both_ways(unit: Make) -> None:
    units = [unit(f"{lang}{i}", f"s-{lang}", language=lang) for lang in ("en", "zh") for i in range(10)]
    units += [unit("unknown", "c", language=None)]
    made = RULES.assign(units, seed=0)
    assert [one.protocol for one in made] == ["xlang-en-zh", "xlang-zh-en"]
    for one in made:
        assert prove(RULES, units, one, seed=0).violations == ()
        assert one.left_out == {"unknown": "unknown_language"}
        assert list(one.splits.values()).count("test") == 10
        assert set(one.splits.values()) == {"train", "validation", "test"}


def test_of_one_language_is_empty_with_a_reason(unit: Make) -> None:
    assert "two are needed" in split([unit("a"), unit("b")]).empty["test"]
