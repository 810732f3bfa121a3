"""How much is left after each step, from recordings to events."""

from __future__ import annotations

from dataclasses import dataclass, fields

import pyarrow as pa
import pyarrow.compute as pc

from osmo.tasks.answers import clip_answers


@dataclass(frozen=True)
class Funnel:
    """Counts, in the order of the pipeline.

    Attributes:
        recordings: Recordings.
        hours: Their length together.
        segments: Speech segments.
        candidates: Segments that the vote kept.
        clips: Clips made for labelling.
        annotated: Clips that somebody answered (finished, or called unusable).
        accepted: Annotation regions that rules, judge and reviewers accept.
        events: Events.
    """

    recordings: int
    hours: float
    segments: int
    candidates: int
    clips: int
    annotated: int
    accepted: int
    events: int

    def steps(self) -> list[tuple[str, float]]:
        """Name and count of each step, in order."""
        return [(field.name, getattr(self, field.name)) for field in fields(self)]


def funnel(
    *,
    recordings: pa.Table,
    segments: pa.Table,
    candidates: pa.Table,
    clips: pa.Table,
    annotations: pa.Table,
    accepted: pa.Table,
    events: pa.Table,
) -> Funnel:
    """Count what each step left.

    Args:
        recordings: `RECORDINGS`, one row per recording.
        segments: `SEGMENTS`; a row without segment_id is no segment.
        candidates: `CANDIDATES`; only kept ones count.
        clips: `CLIPS`.
        annotations: `ANNOTATIONS` body, current revisions.
        accepted: What `acceptance.accepted_regions` gives.
        events: `EVENTS`.
    """
    seconds = pc.sum(recordings["duration_s"]).as_py() or 0.0
    return Funnel(
        recordings=recordings.num_rows,
        hours=seconds / 3600,
        segments=segments.num_rows - segments["segment_id"].null_count,
        candidates=pc.sum(candidates["kept"]).as_py() or 0,
        clips=clips.num_rows,
        annotated=len(clip_answers(annotations)),
        accepted=accepted.num_rows,
        events=events.num_rows,
    )
