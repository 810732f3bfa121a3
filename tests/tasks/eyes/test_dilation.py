"""Pupils against their usual width."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from osmo.tasks.eyes.dilation import dilation


def test_whole_pupils_are_held_against_the_minute_before(course: Callable[..., Any]) -> None:
    diameter = np.r_[np.full(40, 30.0), np.full(20, 36.0)]
    cut = np.r_[np.full(55, 0.9), np.full(5, 0.2)]
    found = dilation(course(60, pupil_diameter_px=diameter, pupil_confidence=cut))
    assert np.isnan(found[:10]).all()
    assert found[10:40] == pytest.approx(np.ones(30))
    assert found[40:55] == pytest.approx(np.full(15, 1.2), rel=1e-3)
    assert np.isnan(found[55:]).all()
