"""From the pupil's place to the turn of the eye."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from osmo.tasks.eyes.gaze import CAMERAS, FEWEST, USUAL_PITCH, UsualPlace, direction

OWNER_DEG = [(-20.95, -6.99), (-11.78, -8.59), (-5.50, -8.48), (-0.22, -9.01)]
"""Yaw to the left and pitch in mps/eye_gaze/general_eye_gaze.csv of ../shared/corpora/aria_gen1/aea_recording."""
PUPILS = {
    "left": [(110.5, 130), (116.5, 131.5), (121.5, 132.5), (126.5, 134)],
    "right": [(150.5, 159), (164, 155.5), (172.5, 153), (179.5, 151)],
}
"""Centres of the pupils in its four frames, read off them by a person."""


def placed(side: str, left_deg: float, up_deg: float) -> tuple[float, float]:
    """Where a camera sees the pupil of a model eye, from its centre, pixels."""
    camera = CAMERAS[side]
    left, up = math.radians(left_deg), math.radians(up_deg)
    points_to = (math.sin(left) * math.cos(up), math.sin(up), math.cos(left) * math.cos(up))
    x, y = camera.radius_px * (camera.axes[:2] @ points_to)
    return float(x), float(y)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("turn", [(0, 0), (12, 0), (-12, 0), (0, 10), (0, -10), (8, -6)])
def test_a_model_eyes_turn_is_found_again(side: str, turn: tuple[float, float]) -> None:
    usual_deg = math.degrees(USUAL_PITCH)
    usual, now = placed(side, 0, usual_deg), placed(side, turn[0], usual_deg + turn[1])
    found = direction(side, *now, usual)
    assert found is not None
    assert (found.left_deg, found.up_deg) == pytest.approx(turn, abs=0.01)


def test_a_single_eye_of_an_unknown_camera_has_no_direction() -> None:
    assert direction("only", 150, 120, (150, 120)) is None


def test_a_pupil_farther_than_an_eyeball_lets_it_go_has_no_direction() -> None:
    assert direction("left", 10, 10, (150, 120)) is None


@pytest.mark.parametrize("side", ["left", "right"])
def test_real_pupils_turn_as_the_owners_gaze_says(side: str) -> None:
    """Four samples of one look from right to straight ahead: this shows sign and scale, and nothing of accuracy."""
    found = [direction(side, *place, PUPILS[side][-1]) for place in PUPILS[side]]
    yaws = [turned.left_deg for turned in found if turned is not None]
    assert len(yaws) == 4
    assert all(later > earlier for earlier, later in pairwise(yaws))
    for yaw, (owner, _) in zip(yaws, OWNER_DEG, strict=True):
        assert yaw == pytest.approx(owner - OWNER_DEG[-1][0], abs=4)


def test_the_usual_place_is_the_median_of_earlier_frames_of_a_minute() -> None:
    place = UsualPlace()
    for second in range(FEWEST - 1):
        place.add(second, 10.0, 20.0)
    assert place.before(5) is None
    place.add(5, 100.0, 20.0)
    assert place.before(6) == (10.0, 20.0)
    for second in range(62, 70):
        place.add(second, 50.0, 30.0)
    assert place.before(70) == (50.0, 30.0)


def test_axes_are_at_right_angles() -> None:
    for camera in CAMERAS.values():
        assert camera.axes @ camera.axes.T == pytest.approx(np.eye(3), abs=1e-9)
