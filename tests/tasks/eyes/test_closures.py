"""Blinks, long closures and winks from the course of the lids."""

from __future__ import annotations

import numpy as np
import pytest

from osmo.tasks.eyes.closures import closures


def course(fps: int, *stretches: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """Times, and openings held for so many seconds each."""
    opened = np.concatenate([np.full(round(seconds * fps), value) for seconds, value in stretches])
    return np.arange(opened.size) / fps, opened


@pytest.mark.parametrize("fps", [10, 30, 90])
@pytest.mark.parametrize(
    ("shut_s", "blinks", "closed"), [(0.2, 1, False), (0.4, 1, False), (0.8, 0, True)], ids=["short", "blink", "long"]
)
def test_a_short_closure_is_a_blink_and_a_long_one_is_not(fps: int, shut_s: float, blinks: int, closed: bool) -> None:
    times, opened = course(fps, (2, 1.0), (shut_s, 0.1), (2, 1.0))
    found = closures(times, opened, opened)
    assert found.blink.sum() == blinks
    assert found.closed.any() == closed
    assert not found.wink.any()
    assert found.shut.sum() == round(shut_s * fps)
    if blinks:
        assert times[found.blink][0] == pytest.approx(2 + shut_s, abs=1 / fps)


@pytest.mark.parametrize(
    ("left", "right", "winks", "blinks"),
    [(0.1, 1.0, 1, 0), (1.0, 0.1, 1, 0), (0.1, 0.6, 0, 0), (0.1, 0.1, 0, 1)],
    ids=["left", "right", "the-other-droops", "both"],
)
def test_a_wink_is_one_eye_while_the_other_stays_open(left: float, right: float, winks: int, blinks: int) -> None:
    times, one = course(30, (1, 1.0), (0.3, left), (1, 1.0))
    _, other = course(30, (1, 1.0), (0.3, right), (1, 1.0))
    found = closures(times, one, other)
    assert (found.wink.sum(), found.blink.sum()) == (winks, blinks)


def test_one_eye_alone_cannot_wink() -> None:
    times, opened = course(30, (1, 1.0), (0.3, 0.1), (1, 1.0))
    found = closures(times, opened, np.full_like(opened, np.nan), one_eye=True)
    assert (found.wink.sum(), found.blink.sum()) == (0, 1)


def test_a_half_shut_eye_blinks_not() -> None:
    times, opened = course(30, (1, 1.0), (0.3, 0.6), (1, 1.0))
    assert not closures(times, opened, opened).blink.any()


@pytest.mark.parametrize(("unknown_s", "blinks"), [(0.1, 1), (1.0, 0)])
def test_unknown_lids_for_long_end_what_was_known(unknown_s: float, blinks: int) -> None:
    times, opened = course(20, (1, 1.0), (0.1, 0.1), (unknown_s, np.nan), (0.1, 0.1), (1, 1.0))
    assert closures(times, opened, opened).blink.sum() == blinks


def test_an_eye_that_was_never_seen_to_shut_has_not_blinked() -> None:
    times, opened = course(30, (0.2, 0.1), (1, 1.0))
    assert not closures(times, opened, opened).blink.any()


def test_later_frames_change_nothing_of_earlier_ones() -> None:
    rng = np.random.default_rng(0)
    times, left, right = np.arange(400) / 30, rng.choice([0.1, 0.6, 1.0, np.nan], 400), rng.choice([0.1, 1.0], 400)
    whole = closures(times, left, right)
    for end in (50, 199, 333):
        part = closures(times[:end], left[:end], right[:end])
        for name in ("blink", "closed", "wink", "shut"):
            assert (getattr(part, name) == getattr(whole, name)[:end]).all()
