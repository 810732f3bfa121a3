"""Margins of the lids in drawn pictures."""

from __future__ import annotations

import numpy as np
import pytest

from osmo.tasks.eyes.lids import LidPicture


def picture(*, upper_y: float, lower_y: float, slope: float = 0.0, skin: int = 90, eye: int = 45) -> np.ndarray:  # type: ignore[type-arg]
    rows, columns = np.mgrid[0:240, 0:320].astype(float)
    t = (columns - 160) / 36
    inside = (rows > upper_y + slope * t + 12 * t**2) & (rows < lower_y + slope * t)
    return np.where(inside, eye, skin).astype(np.uint8)


@pytest.mark.parametrize("slope", [-16.0, 0.0, 12.0])
def test_both_margins_are_where_they_were_drawn(slope: float) -> None:
    lids = LidPicture(picture(upper_y=110, lower_y=180, slope=slope), None)
    upper, lower = lids.upper(160, 150), lids.lower(160, 150)
    assert upper is not None and lower is not None
    assert (upper.y, lower.y) == pytest.approx((110.5, 180), abs=1.6)
    assert upper.slope == pytest.approx(slope, abs=4)
    assert min(upper.confidence, lower.confidence) > 0.9


def test_dimmer_light_moves_nothing_but_a_flat_picture_shows_nothing() -> None:
    drawn = picture(upper_y=110, lower_y=180)
    bright, dim = (LidPicture((drawn * light).astype(np.uint8), None).upper(160, 150) for light in (1.0, 0.4))
    assert bright is not None and dim is not None
    assert dim.y == pytest.approx(bright.y, abs=0.5)
    assert LidPicture(np.full((240, 320), 70, np.uint8), None).upper(160, 150) is None


def test_the_margin_is_the_first_clear_edge_and_not_the_strongest() -> None:
    drawn = picture(upper_y=110, lower_y=180, skin=62)
    drawn[:85] = 160
    upper = LidPicture(drawn, None).upper(160, 150)
    assert upper is not None
    assert upper.y == pytest.approx(110.5, abs=1.5)


def test_of_two_edges_alike_the_one_where_the_lid_was_is_taken() -> None:
    drawn = picture(upper_y=100, lower_y=165)
    drawn[190:] = 180
    lids = LidPicture(drawn, None)
    near, far = lids.lower(160, 140, expected_y=165), lids.lower(160, 140, expected_y=191)
    assert near is not None and far is not None
    assert near.y == pytest.approx(165, abs=2)
    assert far.y == pytest.approx(190, abs=2)


def test_an_axis_at_the_pictures_edge_is_no_error() -> None:
    lids = LidPicture(picture(upper_y=110, lower_y=180), None)
    for x in (0.0, 2.0, 319.0):
        lids.upper(x, 150)
        lids.lower(x, 150)
    assert lids.upper(160, 1) is None
