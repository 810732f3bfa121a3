"""Order statistics."""

from __future__ import annotations

import numpy as np
import pytest

from osmo.tasks.eyes.ranks import ranked


def test_they_are_numpys_nearest_percentiles() -> None:
    values = np.random.default_rng(0).normal(0, 1, (7, 13))
    shares = (0.0, 0.2, 0.5, 0.99, 1.0)
    assert ranked(values, *shares) == pytest.approx([np.percentile(values, 100 * s, method="nearest") for s in shares])


def test_of_one_value_it_is_every_rank() -> None:
    assert ranked(np.array([3]), 0.0, 0.5, 1.0) == (3.0, 3.0, 3.0)
