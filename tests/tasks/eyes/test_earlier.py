"""Running medians over earlier frames."""

from __future__ import annotations

import numpy as np
import pytest

from osmo.tasks.eyes.earlier import FEWEST, WINDOW_S, earlier_median


def test_the_frame_itself_is_left_out() -> None:
    values = np.r_[np.ones(FEWEST), 100.0, 100.0]
    found = earlier_median(np.arange(values.size) / 10, values)
    assert np.isnan(found[:FEWEST]).all()
    assert found[FEWEST:].tolist() == [1.0, 1.0]


def test_only_the_minute_before_counts() -> None:
    times = np.arange(0, 3 * WINDOW_S, 1.0)
    found = earlier_median(times, np.where(times < WINDOW_S, 1.0, 9.0))
    assert found[int(WINDOW_S)] == 1.0
    assert found[int(2 * WINDOW_S) + 1] == 9.0


def test_unknown_values_count_for_nothing() -> None:
    values = np.where(np.arange(60) % 2, np.nan, 4.0)
    found = earlier_median(np.arange(60) / 10, values)
    assert np.isnan(found[2 * FEWEST - 2])
    assert found[2 * FEWEST] == 4.0


def test_it_equals_the_plain_median_and_no_later_value_changes_it() -> None:
    rng = np.random.default_rng(0)
    times, values = np.sort(rng.uniform(0, 100, 300)), rng.normal(0, 1, 300)
    found = earlier_median(times, values)
    for n in (50, 177, 299):
        inside = (times < times[n]) & (times >= times[n] - WINDOW_S)
        assert found[n] == pytest.approx(np.median(values[inside]))
    assert np.array_equal(
        earlier_median(times, np.r_[values[:150], values[150:] + 9])[:150], found[:150], equal_nan=True
    )
