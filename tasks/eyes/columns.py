"""The columns of the ocular track, and the track as arrays."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from osmo.tasks.eyes.ellipse import Floats

Flags = npt.NDArray[np.bool_]

SIDES = ("left", "right")
EYE_COLUMNS = (
    "aperture", "lid_confidence", "axis_x_px", "upper_y_px", "lower_y_px",
    "pupil_x_px", "pupil_y_px", "pupil_diameter_px", "pupil_ratio", "pupil_confidence",
    "gaze_left_deg", "gaze_up_deg",
)  # fmt: skip
"""Of each eye; pixels of the eye picture scaled to 240 lines.

- aperture: distance of the lid margins along the column axis_x_px, as a share of the picture's height; 0 closed
- lid_confidence: 0-1
- axis_x_px: the wearer's own usual column of the pupil, from earlier frames
- upper_y_px, lower_y_px: where the margins cross it
- pupil_x_px, pupil_y_px: centre of the pupil
- pupil_diameter_px: longer axis of its ellipse, which does not change with the angle that a disc is seen at
- pupil_ratio: shorter over longer axis
- pupil_confidence: 0-1; low where a lid cuts the pupil
- gaze_left_deg, gaze_up_deg: turn from the wearer's own usual direction of the minute before, by a model of the eyeball
"""

_FIELDS: list[pa.Field[Any]] = [
    pa.field("time_s", pa.float64(), nullable=False),
    *(pa.field(name, pa.bool_(), nullable=False) for name in ("repeated", "black", "one_eye")),
    *(pa.field(f"{side}_{name}", pa.float32()) for side in SIDES for name in EYE_COLUMNS),
    *(pa.field(f"mps_{name}_deg", pa.float32()) for name in ("left", "up")),
]
OCULAR_TRACK = pa.schema(_FIELDS)
"""A row per frame of the eye camera. Where `one_eye`, the frame shows one eye and not whose: it stands in the columns
of the left one, without gaze. `mps_*`: gaze that the recording's owner computed, from straight ahead, at this frame."""


@dataclass(frozen=True)
class EyeTrack:
    """One eye over time; arrays of shape (N,), NaN where unknown."""

    aperture: Floats
    lid_confidence: Floats
    axis_x_px: Floats
    upper_y_px: Floats
    lower_y_px: Floats
    pupil_x_px: Floats
    pupil_y_px: Floats
    pupil_diameter_px: Floats
    pupil_ratio: Floats
    pupil_confidence: Floats
    gaze_left_deg: Floats
    gaze_up_deg: Floats


@dataclass(frozen=True)
class OcularTrack:
    """A stretch of an ocular track as arrays; N frames.

    Attributes:
        times_s: Seconds from the recording's start, rising.
        repeated: Whether a frame only repeats the one before, and its numbers with it.
        black: Whether the camera gave nothing.
        one_eye: Whether frames show one eye, which is `left` then.
        left: The left eye.
        right: The right eye.
        mps_left_deg: The owner's gaze, NaN where there is none.
        mps_up_deg: The owner's gaze.
    """

    times_s: Floats
    repeated: Flags
    black: Flags
    one_eye: bool
    left: EyeTrack
    right: EyeTrack
    mps_left_deg: Floats
    mps_up_deg: Floats

    @classmethod
    def of(cls, table: pa.Table) -> OcularTrack:
        """From rows of `OCULAR_TRACK`."""
        eyes = [EyeTrack(*(_floats(table, f"{side}_{field.name}") for field in fields(EyeTrack))) for side in SIDES]
        flags = {name: _floats(table, name) > 0 for name in ("repeated", "black", "one_eye")}
        others = (_floats(table, f"mps_{name}_deg") for name in ("left", "up"))
        one_eye = bool(flags["one_eye"].any())
        return cls(_floats(table, "time_s"), flags["repeated"], flags["black"], one_eye, eyes[0], eyes[1], *others)

    def __len__(self) -> int:
        return self.times_s.size


def _floats(table: pa.Table, name: str) -> Floats:
    return np.asarray(table[name].to_numpy(zero_copy_only=False), np.float64)
