"""What a rule is, and how it says what it found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from osmo.schemas.tables import FINDINGS

Severity = Literal["error", "warning"]
Check = Callable[[pa.Table, pa.Table], pa.Table]
Mask = npt.NDArray[np.bool_]

_IDENTITY = ("annotation_id", "region_id", "revision", "content_key", "clip_id", "recording_id")
# Beyond 8.7 years a time is garbage; cut off, it still fits beside a group's number in 64 bits.
_FARTHEST_MS = 2**38


@dataclass(frozen=True)
class Rule:
    """One rule. Its file is tasks/qa/rules/<name>.py.

    Attributes:
        name: The file's name.
        severity: The gravest that it gives; a region with an error is never accepted.
        check: (`ANNOTATIONS` body, current revisions; `CLIPS`) → `FINDINGS`, in the order of the annotations.
    """

    name: str
    severity: Severity
    check: Check


@dataclass(frozen=True)
class Spans:
    """Times of annotation rows in whole milliseconds from the clip's start; 0 where `timed` is false."""

    start_ms: npt.NDArray[np.int64]
    end_ms: npt.NDArray[np.int64]
    timed: Mask

    @property
    def duration_ms(self) -> npt.NDArray[np.int64]:
        """Length; zero or less where end is not after start."""
        return self.end_ms - self.start_ms


def spans(annotations: pa.Table) -> Spans:
    """The times of each row; rows for the whole clip, and regions without times, are not `timed`."""
    start_s, end_s = (_seconds(annotations[name]) for name in ("start_s", "end_s"))
    timed = np.isfinite(start_s) & np.isfinite(end_s) & is_region(annotations)
    start_ms, end_ms = (_milliseconds(np.where(timed, value, 0.0)) for value in (start_s, end_s))
    return Spans(start_ms, end_ms, timed)


def is_region(annotations: pa.Table) -> Mask:
    """Whether each row is a region, not the answer for the whole clip."""
    return truth(annotations["region_id"].is_valid())


def truth(values: pa.ChunkedArray[Any] | pa.Array[Any]) -> Mask:
    """Arrow booleans as NumPy; null is False."""
    filled = values.fill_null(False)  # type: ignore[arg-type]
    return np.asarray(filled.to_numpy(zero_copy_only=False), dtype=np.bool_)


def missing_for_good(annotations: pa.Table, field: str) -> Mask:
    """Whether each row's source never had `field`: such a null is passed over."""
    reasons = annotations[f"{field}_reason"]
    return truth(pc.equal(reasons, pa.scalar("not_collected")))


def found(
    annotations: pa.Table, flagged: Mask, *, rule: str, severity: Severity, detail: Callable[[pa.Table], Sequence[str]]
) -> pa.Table:
    """`FINDINGS` for the flagged rows.

    Args:
        annotations: All rows.
        flagged: One per row.
        rule: Name of the rule.
        severity: Of these findings.
        detail: One text per row of the table of flagged rows that it is given.
    """
    if not flagged.any():
        return FINDINGS.empty()
    rows = annotations.take(np.flatnonzero(flagged))
    return FINDINGS.check(
        rows.select(list(_IDENTITY))
        .append_column("rule", pa.repeat(pa.scalar(rule), rows.num_rows))
        .append_column("severity", pa.repeat(pa.scalar(severity), rows.num_rows))
        .append_column("detail", pa.array(detail(rows), pa.string()))
    )


def times(rows: pa.Table) -> list[str]:
    """`start–end s` of each row, for details."""
    starts, ends = rows["start_s"].to_pylist(), rows["end_s"].to_pylist()
    return [f"{start:.3f}–{end:.3f} s" for start, end in zip(starts, ends, strict=True)]


def _seconds(column: pa.ChunkedArray[Any]) -> npt.NDArray[np.float64]:
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def _milliseconds(seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    return np.clip(np.rint(seconds * 1000.0), -_FARTHEST_MS, _FARTHEST_MS).astype(np.int64)
