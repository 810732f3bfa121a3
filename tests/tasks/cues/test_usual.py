"""What is usual, and what lies beyond it."""

from __future__ import annotations

import math

import pytest

from osmo.tasks.cues.usual import Usual, middle, usual

NAN = math.nan


@pytest.mark.parametrize(
    ("values", "least", "expected"),
    [
        ([1, 2, 3], 0.1, None),
        ([1, 2, 3, NAN], 0.1, None),
        ([1, 2, 3, 4], 0.1, Usual(2.5, 1.4826)),
        ([5, 5, 5, 5, 5], 0.5, Usual(5, 0.5)),
        ([1, 2, 3, 4, 1000], 0.1, Usual(3, 1.4826)),
        ([NAN, 1, 2, 3, 4, NAN], 0.1, Usual(2.5, 1.4826)),
    ],
    ids=["too-few", "too-few-known", "plain", "steady", "one-outlier", "unknown-left-out"],
)
def test_usual(values: list[float], least: float, expected: Usual | None) -> None:
    found = usual(values, least=least)
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert (found.middle, found.spread) == pytest.approx((expected.middle, expected.spread))


@pytest.mark.parametrize(("value", "differs"), [(11.9, False), (12.0, True), (8.0, True), (8.1, False), (10.0, False)])
def test_a_number_differs_from_two_spreads_on(value: float, differs: bool) -> None:
    assert Usual(10.0, 1.0).differs(value) is differs


def test_the_middle_of_what_is_known() -> None:
    assert middle([NAN, 1.0, 5.0, 2.0]) == 2.0
    assert math.isnan(middle([NAN])) and math.isnan(middle([]))
