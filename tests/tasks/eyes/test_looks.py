"""Gaze against the usual direction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from osmo.tasks.eyes.looks import looks, pixel_looks

Course = Callable[..., Any]


@pytest.mark.parametrize(
    ("left", "up", "unit"),
    [(15, 0, "AU61"), (-15, 0, "AU62"), (0, 15, "AU63"), (0, -15, "AU64"), (5, 5, None)],
)
def test_each_direction_is_its_own_unit(course: Course, left: float, up: float, unit: str | None) -> None:
    units = looks(course(20, gaze_left_deg=left, gaze_up_deg=up)).units()
    assert [name for name, flags in units.items() if flags.all()] == ([unit] if unit else [])
    assert not any(flags.any() for name, flags in units.items() if name != unit)


def test_it_is_the_mean_of_the_eyes_that_are_sure(course: Course) -> None:
    track = course(
        4, left_gaze_left_deg=10.0, right_gaze_left_deg=20.0, right_pupil_confidence=np.array([1, 1, 0, 0.2])
    )
    assert pixel_looks(track).left_deg == pytest.approx([15, 15, 10, 10])


def test_where_no_eye_is_sure_nothing_is_told(course: Course) -> None:
    found = looks(course(5, pupil_confidence=0.2))
    assert not found.told.any()
    assert not any(flags.any() for flags in found.units().values())


def test_the_owners_gaze_comes_first_and_is_held_against_its_own_past(course: Course) -> None:
    owner = np.r_[np.full(30, 5.0), np.full(10, 25.0), np.full(10, np.nan)]
    found = looks(
        course(50, mps_left_deg=owner, mps_up_deg=np.where(np.isnan(owner), np.nan, -10.0), gaze_left_deg=-3.0)
    )
    assert found.left_deg[30:40] == pytest.approx(np.full(10, 20.0))
    assert found.left_deg[40:] == pytest.approx(np.full(10, -3.0))
    assert found.owner.tolist() == [False] * 10 + [True] * 30 + [False] * 10


def test_later_frames_change_nothing_of_earlier_ones(course: Course) -> None:
    rng = np.random.default_rng(3)
    left, owner = rng.normal(0, 10, 60), rng.normal(0, 10, 60)
    whole = looks(course(60, gaze_left_deg=left, mps_left_deg=owner, mps_up_deg=owner))
    cut = np.r_[owner[:30], np.full(30, np.nan)]
    changed = looks(course(60, gaze_left_deg=np.r_[left[:30], left[30:] + 40], mps_left_deg=cut, mps_up_deg=cut))
    assert np.array_equal(whole.left_deg[:30], changed.left_deg[:30], equal_nan=True)
