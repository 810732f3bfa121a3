"""Jitter and shimmer of pulses whose perturbation is known."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from osmo.tasks.cues.voice_quality import perturbation

RATE_HZ = 16_000


def pulses(jitter: float, shimmer: float) -> npt.NDArray[np.float32]:
    """Two seconds whose periods, 100 a second, alternate by +-jitter, and their heights by +-shimmer."""
    periods = RATE_HZ / 100 * (1 + jitter * (-1.0) ** np.arange(200))
    t = np.arange(2 * RATE_HZ)
    sound = np.zeros(t.size)
    for number, at in enumerate(np.cumsum(periods)):
        height = 1 + shimmer * (-1.0) ** number
        x = (t - at) / 12
        sound += height * (1 - x**2) * np.exp(-0.5 * x**2)
    return (0.5 * sound).astype(np.float32)


@pytest.mark.parametrize("percent", [0.0, 1.0, 2.0, 4.0])
def test_jitter_is_the_difference_of_neighbouring_periods(percent: float) -> None:
    """Within a tenth of itself and 0.2 points."""
    [found] = perturbation([pulses(percent / 200, 0.0)])
    assert found.jitter == pytest.approx(percent, rel=0.1, abs=0.2)


@pytest.mark.parametrize("percent", [0.0, 5.0, 10.0])
def test_shimmer_is_the_difference_of_neighbouring_heights(percent: float) -> None:
    """Within a tenth of itself and 0.3 points."""
    [found] = perturbation([pulses(0.0, percent / 200)])
    assert found.shimmer == pytest.approx(percent, rel=0.1, abs=0.3)


def test_what_has_no_periods_has_neither() -> None:
    found = perturbation([np.zeros(RATE_HZ, np.float32), np.zeros(100, np.float32), np.zeros(0, np.float32)])
    assert all(math.isnan(one.jitter) and math.isnan(one.shimmer) for one in found)
