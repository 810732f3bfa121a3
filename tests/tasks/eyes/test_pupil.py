"""Pupils in rendered pictures, and what is none."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from osmo.tasks.eyes.calm import without_glints
from osmo.tasks.eyes.edges import edge_points
from osmo.tasks.eyes.ellipse import Ellipse
from osmo.tasks.eyes.pupil import find_pupil


def found(gray: np.ndarray) -> object:  # type: ignore[type-arg]
    return find_pupil(gray, without_glints(gray))


@pytest.mark.parametrize("gain", [0.5, 1.0, 1.6])
@pytest.mark.parametrize("diameter", [14.0, 28.0, 48.0])
def test_a_pupil_is_found_to_a_fraction_of_a_pixel_in_any_light(
    rendered_eyes: ModuleType, gain: float, diameter: float
) -> None:
    look = rendered_eyes.Look(seed=3, glints=2)
    true = rendered_eyes.render(look, rendered_eyes.Pose(gaze_x=7, pupil_px=diameter, gain=gain, aperture=1.1))
    pupil = find_pupil(true.gray, without_glints(true.gray))
    assert pupil is not None
    assert (pupil.ellipse.x, pupil.ellipse.y) == pytest.approx((true.pupil_x, true.pupil_y), abs=0.5)
    assert 2 * pupil.ellipse.major == pytest.approx(diameter, rel=0.05)
    assert pupil.confidence > 0.6


def test_a_glint_on_the_edge_does_not_pull_it() -> None:
    rows, columns = np.mgrid[0:240, 0:320]
    gray = np.where(np.hypot(columns - 150.0, rows - 120.0) < 15, 10, 60).astype(np.uint8)
    gray[112:117, 162:167] = 255
    pupil = find_pupil(gray, without_glints(gray))
    assert pupil is not None
    assert (pupil.ellipse.x, pupil.ellipse.y, pupil.ellipse.major) == pytest.approx((150, 120, 15), abs=0.6)


@pytest.mark.parametrize("level", [0, 90, 255])
def test_a_plain_picture_has_none(level: int) -> None:
    assert found(np.full((240, 320), level, np.uint8)) is None


def test_noise_gives_nothing_sure() -> None:
    noise = np.random.default_rng(1).normal(80, 20, (240, 320)).clip(0, 255).astype(np.uint8)
    pupil = find_pupil(noise, without_glints(noise))
    assert pupil is None or pupil.confidence < 0.35


def test_edges_lie_on_the_disc() -> None:
    rows, columns = np.mgrid[0:240, 0:320].astype(float)
    distance = np.hypot(columns - 150.4, rows - 120.7)
    gray = (10 + 50 / (1 + np.exp(-(distance - 14.3) / 0.5))).astype(np.uint8)
    points, usable = edge_points(gray, Ellipse(149, 121, 13, 13, 0.0))
    assert usable == 64
    assert np.hypot(points[:, 0] - 150.4, points[:, 1] - 120.7) == pytest.approx(np.full(len(points), 14.3), abs=0.4)
