"""The track's columns."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from osmo.tasks.eyes.columns import OCULAR_TRACK, SIDES, OcularTrack


def test_rows_without_an_eye_are_unknown_and_not_zero() -> None:
    row = {"time_s": 1.5, "repeated": True, "black": True, "one_eye": False}
    track = OcularTrack.of(pa.Table.from_pylist([row], schema=OCULAR_TRACK))
    assert (len(track), track.times_s.tolist(), track.one_eye) == (1, [1.5], False)
    assert track.repeated.all() and track.black.all()
    assert np.isnan(track.left.aperture).all() and np.isnan(track.mps_left_deg).all()


def test_an_empty_track_is_one() -> None:
    assert len(OcularTrack.of(OCULAR_TRACK.empty_table())) == 0


def test_both_eyes_have_the_same_columns() -> None:
    left, right = ([name[len(side) :] for name in OCULAR_TRACK.names if name.startswith(side)] for side in SIDES)
    assert left == right
