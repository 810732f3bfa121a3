"""What is taken from a picture before it is measured."""

from __future__ import annotations

import numpy as np

from osmo.tasks.eyes.calm import without_glints, without_lashes


def test_glints_go_and_a_lids_bright_margin_stays() -> None:
    gray = np.full((60, 60), 40, np.uint8)
    gray[20:24, 20:24] = 255
    gray[40:45] = 60
    calm = without_glints(gray)
    assert int(calm[22, 22]) == 40
    assert int(calm[42, 30]) == 60


def test_lashes_go_and_margins_stay_in_their_row() -> None:
    gray = np.full((60, 60), 80, np.uint8)
    gray[:, 29:32] = 15
    gray[40:] = 30
    calm = without_lashes(gray)
    assert int(calm[10, 30]) == 80
    assert (int(calm[39, 30]), int(calm[40, 30])) == (80, 30)
