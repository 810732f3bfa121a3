"""Gaze that the owner of a recording computed: Project Aria's machine perception services, as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

FORMATS = ("mps_gaze",)
"""Formats that are read."""

GAZE = pa.schema(
    [
        pa.field("time_s", pa.float64(), nullable=False),
        pa.field("yaw_rad", pa.float32(), nullable=False),
        pa.field("pitch_rad", pa.float32(), nullable=False),
        pa.field("depth_m", pa.float32()),
    ]
)
"""One row per sample, in seconds of the recording: angles in the central pupil frame, left and up positive."""

_TIME, _PITCH, _YAW = "tracking_timestamp_us", "pitch_rads_cpf", "yaw_rads_cpf"
_YAWS = ("left_yaw_rads_cpf", "right_yaw_rads_cpf")
"""Files of the services' second version have a yaw for each eye."""
_LARGEST_RAD = math.pi


class GazeFormatError(ValueError):
    """A gaze file that cannot be read."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(f"not a gaze file: {problem}")


def read_gaze(data: bytes, kind: str, *, start_s: float) -> tuple[pa.Table, int]:
    """Samples of a gaze file on the recording's clock.

    Args:
        data: The file's bytes.
        kind: One of `FORMATS`.
        start_s: Where the file's zero lies on the recording's clock, seconds.

    Returns:
        Rows of `GAZE` in order of time, and how many lines could not be used.

    Raises:
        GazeFormatError: Unknown format, not UTF-8, no CSV, or without the columns that it needs.
    """
    if kind not in FORMATS:
        raise GazeFormatError(f"format {kind!r}, expected one of {', '.join(FORMATS)}")
    try:
        reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
        named = reader.fieldnames or ()
        yaws = _YAWS if _YAW not in named and any(name in named for name in _YAWS) else (_YAW,)
        missing = [name for name in (_TIME, *yaws, _PITCH) if name not in named]
        if missing:
            raise GazeFormatError(f"the header lacks {', '.join(missing)}")
        rows = [_sample(row, yaws, start_s) for row in reader]
    except UnicodeDecodeError as error:
        raise GazeFormatError(f"not UTF-8 at byte {error.start}") from error
    except csv.Error as error:
        raise GazeFormatError(str(error)) from error
    good = sorted((row for row in rows if row is not None), key=lambda row: row[0])
    columns = [np.array(column, np.float64) for column in zip(*good, strict=True)] or [np.zeros(0)] * 4
    arrays = [
        pa.array(column, field.type, from_pandas=field.nullable) for column, field in zip(columns, GAZE, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=GAZE), len(rows) - len(good)


def _sample(
    row: Mapping[str, str | None], yaws: Sequence[str], start_s: float
) -> tuple[float, float, float, float] | None:
    """Time, yaw, pitch and depth; of two eyes the yaw of the point at which they look, seen from between them."""
    time_us, pitch, *angles = (_number(row.get(name)) for name in (_TIME, _PITCH, *yaws))
    if not (math.isfinite(time_us) and all(abs(angle) <= _LARGEST_RAD for angle in (pitch, *angles))):
        return None
    yaw = angles[0] if len(angles) == 1 else math.atan(sum(math.tan(angle) for angle in angles) / len(angles))
    return time_us / 1e6 + start_s, yaw, pitch, _number(row.get("depth_m"))


def _number(text: str | None) -> float:
    try:
        return float(text) if text else math.nan
    except ValueError:
        return math.nan
