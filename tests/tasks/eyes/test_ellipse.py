"""Ellipses and their fit."""

from __future__ import annotations

import numpy as np
import pytest

from osmo.tasks.eyes.ellipse import Ellipse, fitted


@pytest.mark.parametrize("angle", [0.0, 0.7, 1.4, -1.0])
def test_an_ellipse_is_found_again_from_two_thirds_of_its_edge(angle: float) -> None:
    true = Ellipse(120.3, 88.6, 21.0, 12.0, angle)
    found = fitted(true.points(np.linspace(0.4, 4.6, 40)))
    assert found is not None
    assert (found.x, found.y, found.major, found.minor) == pytest.approx((120.3, 88.6, 21.0, 12.0), abs=0.1)
    assert abs(np.sin(found.angle - angle)) < 0.02


def test_points_on_it_have_radius_one() -> None:
    ellipse = Ellipse(10, 20, 8, 3, 0.5)
    around = np.linspace(0, 6, 9)
    assert ellipse.radii(ellipse.points(around)) == pytest.approx(np.ones(9))
    assert ellipse.radii(ellipse.scaled(1.5).points(around)) == pytest.approx(np.full(9, 1.5))


def test_its_top_is_known_only_where_it_is() -> None:
    ellipse = Ellipse(100, 100, 20, 10, 0.0)
    assert ellipse.top(100) == pytest.approx(90, abs=0.1)
    assert ellipse.top(130) is None


@pytest.mark.parametrize("points", [np.zeros((3, 2)), np.stack([np.arange(9.0), np.zeros(9)], 1)], ids=["few", "line"])
def test_what_is_no_ellipse_gives_none(points: np.ndarray) -> None:  # type: ignore[type-arg]
    assert fitted(points) is None
