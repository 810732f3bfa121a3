"""Courses of eyes over time, as tracks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from osmo.tasks.eyes.columns import OCULAR_TRACK, OcularTrack


@pytest.fixture
def course() -> Callable[..., OcularTrack]:
    """A track of open, sure eyes of 10 frames a second, with columns put in place of others."""

    def made(count: int, *, fps: float = 10.0, **columns: object) -> OcularTrack:
        usual = {
            "aperture": 0.3, "lid_confidence": 0.9, "axis_x_px": 150.0, "upper_y_px": 110.0, "lower_y_px": 182.0,
            "pupil_x_px": 150.0, "pupil_y_px": 145.0, "pupil_diameter_px": 30.0, "pupil_ratio": 0.8,
            "pupil_confidence": 0.9, "gaze_left_deg": 0.0, "gaze_up_deg": 0.0,
        }  # fmt: skip
        values: dict[str, object] = {
            f"{side}_{name}": value for side in ("left", "right") for name, value in usual.items()
        }
        values |= {"time_s": np.arange(count) / fps, "repeated": False, "black": False, "one_eye": False}
        values |= {name: value for name, value in columns.items() if name in OCULAR_TRACK.names}
        for name, value in columns.items():
            if name not in OCULAR_TRACK.names:
                values |= {f"{side}_{name}": value for side in ("left", "right")}
        arrays = [
            pa.array(np.broadcast_to(np.asarray(values.get(field.name, np.nan)), count).copy(), from_pandas=True).cast(
                field.type
            )
            for field in OCULAR_TRACK
        ]
        return OcularTrack.of(pa.Table.from_arrays(arrays, schema=OCULAR_TRACK))

    return made
