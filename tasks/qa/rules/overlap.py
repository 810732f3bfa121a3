"""Two regions of one annotator that overlap in one clip: one of them is a mistake, and nobody can say which. Error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from osmo.schemas.config import QualityConfig
from osmo.tasks.qa.rule import Rule, Spans, found, spans, times

Ints = npt.NDArray[np.int64]


def create_rule(settings: QualityConfig) -> Rule:
    """Error on every region that shares time with another of the same annotator and clip; touching ends are fine."""

    def check(annotations: pa.Table, clips: pa.Table) -> pa.Table:
        rows, partners = overlapping(annotations, spans(annotations))
        flagged = np.zeros(annotations.num_rows, dtype=np.bool_)
        flagged[rows] = True
        others = annotations.take(partners)

        def detail(marked: pa.Table) -> Sequence[str]:
            named = zip(times(marked), others["region_id"].to_pylist(), times(others), strict=True)
            return [f"{span} overlaps region {other} ({where}) of the same annotator" for span, other, where in named]

        return found(annotations, flagged, rule="overlap", severity="error", detail=detail)

    return Rule("overlap", "error", check)


def overlapping(annotations: pa.Table, at: Spans) -> tuple[Ints, Ints]:
    """Rows that overlap another region of their annotator and clip, and for each one such region.

    Sorted by start, a region overlaps an earlier one just when it starts before the latest end so far, and a later
    one just when the next starts before it ends: one sort and one running maximum answer for all groups at once.

    Args:
        annotations: `ANNOTATIONS` body.
        at: Their times.

    Returns:
        Row numbers, ascending, and the row number of the partner of each.
    """
    rows = np.flatnonzero(at.timed & (at.duration_ms > 0))
    if rows.size < 2:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    annotator = _codes(annotations["annotator_id"])[rows]
    group = _codes(annotations["clip_id"])[rows] * (annotator.max() + 1) + annotator
    base = int(at.start_ms[rows].min())
    span = int(at.end_ms[rows].max()) - base + 1
    if (int(group.max()) + 1) * span >= 2**63:  # only where some time is absurd
        group = np.unique(group, return_inverse=True)[1].astype(np.int64)
    offset = group * span - base
    start, end = at.start_ms[rows] + offset, at.end_ms[rows] + offset
    order = np.argsort(start)
    return _partners(rows[order], start[order], end[order])


def _partners(rows: Ints, start: Ints, end: Ints) -> tuple[Ints, Ints]:
    """`start` ascending; keys of a later group exceed all those of an earlier one."""
    latest = np.maximum.accumulate(end)
    place = np.arange(rows.size)
    risen = np.concatenate(([True], end[1:] > latest[:-1]))
    holder = np.maximum.accumulate(np.where(risen, place, 0))
    earlier = np.concatenate(([False], start[1:] < latest[:-1]))
    later = np.concatenate((start[1:] < end[:-1], [False]))
    partner = np.where(earlier, np.concatenate(([0], holder[:-1])), np.minimum(place + 1, rows.size - 1))
    marked = np.flatnonzero(earlier | later)
    found_rows, partners = rows[marked], rows[partner[marked]]
    ascending = np.argsort(found_rows)
    return found_rows[ascending], partners[ascending]


def _codes(column: pa.ChunkedArray[Any]) -> Ints:
    encoded = column.combine_chunks().dictionary_encode()
    return np.asarray(encoded.indices.to_numpy(), dtype=np.int64)
