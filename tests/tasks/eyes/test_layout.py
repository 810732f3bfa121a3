"""Where the eyes are in a frame."""

from __future__ import annotations

import numpy as np
import pytest

from osmo.tasks.eyes.layout import eye_pictures, sides


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((640, 240), ("left", "right")),
        ((320, 240), ("only",)),
        ((360, 240), ("left", "right")),
        ((359, 240), ("only",)),
        ((240, 320), ("only",)),
        ((31, 240), ()),
        ((640, 8), ()),
    ],
)
def test_a_wide_frame_shows_both_eyes_and_a_narrow_one_does_not_say_which(
    size: tuple[int, int], expected: tuple[str, ...]
) -> None:
    assert sides(*size) == expected


def test_the_left_half_is_the_wearers_left_eye() -> None:
    frame = np.zeros((240, 640), np.uint8)
    frame[:, 320:] = 200
    left, right = eye_pictures(frame)
    assert (left.side, int(left.gray.max()), right.side, int(right.gray.min())) == ("left", 0, "right", 200)


@pytest.mark.parametrize("shape", [(120, 320), (480, 1280), (241, 643)])
def test_every_size_is_measured_at_240_lines(shape: tuple[int, int]) -> None:
    for eye in eye_pictures(np.full(shape, 90, np.uint8)):
        assert eye.gray.shape[0] == 240
        assert abs(eye.gray.shape[1] - 320) <= 2
        assert eye.gray.flags.c_contiguous
