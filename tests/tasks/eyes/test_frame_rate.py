"""The camera's own frame rate."""

from __future__ import annotations

import numpy as np
import pytest

from osmo.tasks.eyes.frame_rate import frame_rate


def test_repeated_frames_are_no_frames_of_the_camera() -> None:
    times, every_fifth = np.arange(50) / 10, np.arange(50) % 5 != 0
    assert frame_rate(times, np.zeros(50, bool)) == pytest.approx(10)
    assert frame_rate(times, every_fifth) == pytest.approx(2)
    assert frame_rate(times[:1], every_fifth[:1]) == 0.0
