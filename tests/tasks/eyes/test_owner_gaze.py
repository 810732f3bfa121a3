"""The owner's gaze at the frames, and how it compares with the pixels'."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from osmo.tasks.eyes.owner_gaze import OwnerGaze, agreement


def owner(*times_s: float) -> OwnerGaze:
    rows = {
        "time_s": list(times_s),
        "yaw_rad": [0.1 * n for n in range(len(times_s))],
        "pitch_rad": [-0.2] * len(times_s),
    }
    return OwnerGaze.of(pa.table(rows))


@pytest.mark.parametrize(
    ("time_s", "yaw_rad"),
    [(1.0, 0.0), (1.04, 0.0), (1.06, 0.1), (1.2, None), (0.94, None), (1.151, None)],
)
def test_a_frame_gets_the_nearest_sample_within_half_a_frame(time_s: float, yaw_rad: float | None) -> None:
    left, up = owner(1.0, 1.1).at(time_s)
    assert left == (None if yaw_rad is None else pytest.approx(np.degrees(yaw_rad)))
    assert up == (None if yaw_rad is None else pytest.approx(np.degrees(-0.2)))


def test_without_a_file_there_is_none() -> None:
    assert OwnerGaze.of(None).at(1.0) == (None, None)
    assert owner().at(1.0) == (None, None)


def test_a_line_fitted_on_earlier_frames_is_tried_on_later_ones() -> None:
    rng = np.random.default_rng(4)
    pixels = rng.normal(0, 8, 200)
    true = 1.3 * pixels - 4 + rng.normal(0, 0.5, 200)
    earlier = np.arange(200) < 120
    good = agreement(pixels, true, earlier)
    assert good is not None
    assert good.correlation > 0.99
    assert good.difference_deg < 0.7
    bad = agreement(pixels, np.where(earlier, true, -true), earlier)
    assert bad is not None
    assert bad.correlation < -0.9


@pytest.mark.parametrize("count", [10, 22])
def test_too_few_frames_or_a_still_eye_compare_with_nothing(count: int) -> None:
    moving, earlier = np.arange(count, dtype=float), np.arange(count) < count - 2
    assert agreement(moving, moving, earlier) is None
    assert agreement(np.zeros(100), np.arange(100.0), np.arange(100) < 60) is None
