"""Raised and tightened lids against the wearer's own usual opening."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from osmo.tasks.eyes.opening import opening

Course = Callable[..., Any]


def after(value: float, usual: float, *, count: int = 60, event: int = 20) -> np.ndarray:  # type: ignore[type-arg]
    return np.r_[np.full(count - event, usual), np.full(event, value)]


@pytest.mark.parametrize(("aperture", "raised"), [(0.30, 0), (0.34, 0), (0.36, 20)])
def test_an_upper_lid_is_raised_against_what_was_usual(course: Course, aperture: float, raised: int) -> None:
    found = opening(course(60, aperture=after(aperture, 0.3)))
    assert found.raised.sum() == raised
    assert not found.tight.any()


@pytest.mark.parametrize(
    ("aperture", "rise", "tight"),
    [(0.24, 4, 20), (0.24, 0, 0), (0.29, 4, 0), (0.1, 4, 0)],
    ids=["tight", "drooping", "hardly", "closing"],
)
def test_tight_is_narrower_with_the_lower_lid_risen(course: Course, aperture: float, rise: int, tight: int) -> None:
    found = opening(course(60, aperture=after(aperture, 0.3), lower_y_px=after(182.0 - rise, 182.0)))
    assert found.tight.sum() == tight


def test_one_eye_alone_is_not_enough(course: Course) -> None:
    assert not opening(course(60, left_aperture=after(0.4, 0.3))).raised.any()


def test_lids_that_follow_the_gaze_say_nothing(course: Course) -> None:
    found = opening(course(60, aperture=after(0.4, 0.3), gaze_up_deg=after(15.0, 0.0)))
    assert not found.raised.any()
    assert not found.told[-20:].any()


def test_unsure_lids_and_lids_without_a_pupil_are_not_told(course: Course) -> None:
    for column in ("lid_confidence", "pupil_confidence"):
        found = opening(course(60, aperture=after(0.4, 0.3), **{column: after(0.1, 0.9)}))
        assert not found.told[-20:].any()


def test_nothing_is_usual_at_first(course: Course) -> None:
    found = opening(course(60))
    assert np.isnan(found.mean[:10]).all()
    assert found.mean[10:] == pytest.approx(np.ones(50))


def test_later_frames_change_nothing_of_earlier_ones(course: Course) -> None:
    rng = np.random.default_rng(2)
    aperture, up = rng.uniform(0.1, 0.4, 90), rng.uniform(-12, 12, 90)
    whole = opening(course(90, aperture=aperture, gaze_up_deg=up))
    changed = opening(
        course(90, aperture=np.r_[aperture[:50], aperture[50:] * 2], gaze_up_deg=np.r_[up[:50], -up[50:]])
    )
    for name in ("left", "right", "raised", "tight", "told"):
        assert np.array_equal(
            getattr(whole, name)[:50], getattr(changed, name)[:50], equal_nan=name in ("left", "right")
        )
