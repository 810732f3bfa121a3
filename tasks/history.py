"""The emotion history of events: which earlier events of the same wearer each one may know."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Earlier = tuple[str, float]
"""An earlier event's id, and the seconds from its end to the start of the later one."""


def history(events: pa.Table, n: int) -> dict[str, tuple[Earlier, ...]]:
    """The latest `n` events of the same wearer that ended before each event starts.

    Time is the subject's own timeline; an event without subject or without place on that timeline knows only its own
    recording. Of events that end at the same time the one that starts later is the later one, then the larger id.

    Args:
        events: `EVENTS` rows: event_id, recording_id, subject_id, start_s, end_s, t_s.
        n: Most earlier events, the paper's N_p.

    Returns:
        For each event_id the earlier events, latest last; empty where there is none. Gaps are 0 s or more.
    """
    if n == 0 or events.num_rows == 0:
        return {str(event): () for event in events["event_id"].to_pylist()}
    group = _timelines(events)
    own = pc.and_(pc.is_valid(events["subject_id"]), pc.is_valid(events["t_s"]))
    start_ms = _milliseconds(pc.if_else(own, events["t_s"], events["start_s"]))
    end_ms = start_ms + _milliseconds(pc.subtract(events["end_s"], events["start_s"]))
    ids = np.array(events["event_id"].to_pylist(), dtype=object)
    order = np.lexsort((ids, start_ms, end_ms, group))
    group, start_ms, end_ms, ids = group[order], start_ms[order], end_ms[order], ids[order]
    found: dict[str, tuple[Earlier, ...]] = {}
    bounds = np.flatnonzero(np.diff(group, prepend=-1, append=-2))
    for first, last in pairwise(bounds.tolist()):
        starts, ends = start_ms[first:last], end_ms[first:last]
        before = np.searchsorted(ends, starts, side="right")
        for i in range(last - first):
            earlier: list[Earlier] = []
            j = int(before[i]) - 1
            while j >= 0 and len(earlier) < n:
                if starts[j] < starts[i]:  # an event of no length neither precedes itself nor its twin
                    earlier.append((str(ids[first + j]), float(starts[i] - ends[j]) / 1000))
                j -= 1
            found[str(ids[first + i])] = tuple(reversed(earlier))
    return found


def _timelines(events: pa.Table) -> npt.NDArray[np.int64]:
    """Number of the timeline that each event lies on: its subject's, or its recording's."""
    numbers: dict[tuple[str, str], int] = {}
    columns = (events[name].to_pylist() for name in ("subject_id", "t_s", "recording_id"))
    return np.array(
        [
            numbers.setdefault(
                ("recording", recording) if subject is None or t_s is None else ("subject", subject), len(numbers)
            )
            for subject, t_s, recording in zip(*columns, strict=True)
        ],
        dtype=np.int64,
    )


def _milliseconds(seconds: pa.ChunkedArray[Any]) -> npt.NDArray[np.int64]:
    return np.asarray(np.rint(seconds.to_numpy() * 1000), dtype=np.int64)
