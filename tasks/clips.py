"""Clips: the context windows that people are asked about, frozen once made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from osmo.schemas.keys import fingerprint
from osmo.schemas.table import Table
from osmo.schemas.tables import CLIPS
from osmo.storage.media import Media
from osmo.tasks.clip_units import CLIP_NEEDS, ClipUnit, clip_spans, kept_by_recording, needed, spans_by_recording
from osmo.tasks.stage import Outcome, Problem
from osmo.tasks.windows import home

VERSION = 1
ACTIVE, RETIRED = "active", "retired"

CLIP_STATUS = pa.schema(
    [
        pa.field("clip_id", pa.string(), nullable=False),
        pa.field("recording_id", pa.string(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("segment_ids", pa.list_(pa.string()), nullable=False),
    ]
)
"""Columns of `clip_status`."""


class ClipStage:
    """Makes clips where candidates lie that no clip holds.

    The unit is a recording with such candidates. Clips are read whatever their fingerprint, so a changed vote or a
    changed parameter adds clips where time is free and never touches one that exists.
    """

    def __init__(
        self,
        *,
        candidates: Callable[[int], pa.Table],
        recordings: Callable[[int], pa.Table],
        published: Callable[[int], pa.Table],
        context_s: float = 30.0,
        flush_rows: int = 256,
    ) -> None:
        """Bind the stage.

        Args:
            candidates: `CANDIDATES` of a bucket.
            recordings: Current `RECORDINGS` of a bucket.
            published: All `CLIPS` rows of a bucket, of any fingerprint.
            context_s: Length of the window around a candidate (the paper's 30 s).
            flush_rows: Recordings after which a part is written.
        """
        self._candidates = candidates
        self._recordings = recordings
        self._published = published
        self._context_s = context_s
        self._flush_rows = flush_rows

    @property
    def name(self) -> str:
        """clips."""
        return "clips"

    @property
    def writes(self) -> Table:
        """`CLIPS`."""
        return CLIPS

    @property
    def fingerprint(self) -> str:
        """Of its version and the length of the context."""
        return fingerprint(self.name, VERSION, {"context_s": self._context_s})

    @property
    def flush_rows(self) -> int:
        """Recordings after which a part is written."""
        return self._flush_rows

    def needs(self, bucket: int) -> pa.Table:
        """One row per recording with candidates that no clip holds; its key names them and the recording's length."""
        recordings = self._recordings(bucket)
        lengths = dict(zip(recordings["recording_id"].to_pylist(), recordings["duration_s"].to_pylist(), strict=True))
        clips = spans_by_recording(self._published(bucket))
        rows = []
        for recording_id, kept in kept_by_recording(self._candidates(bucket)).items():
            duration_s = lengths.get(recording_id)
            if duration_s is None:  # the recording is no longer current
                continue
            row = needed(recording_id, duration_s, kept, sorted(clips.get(recording_id, [])))
            if row is not None:
                rows.append(row)
        return pa.Table.from_pylist(sorted(rows, key=lambda row: str(row["recording_id"])), schema=CLIP_NEEDS)

    def compute(self, rows: pa.Table, media: Media) -> Outcome:
        """The clips of some recordings, in order of time; a candidate beyond the recording's end is a problem."""
        made: list[dict[str, object]] = []
        keys: list[str] = []
        problems: list[Problem] = []
        for row in rows.to_pylist():
            unit = ClipUnit.of(row)
            clips = unit.clips(self._context_s)
            made.extend(clips)
            keys.extend(unit.key for _ in clips)
            if unit.beyond:
                problems.append(_beyond(unit, warning=bool(clips)))
        return Outcome(CLIPS.rows(made), keys, problems)


def clip_status(clips: pa.Table, candidates: pa.Table) -> pa.Table:
    """Which clips are still wanted: a clip without a current candidate is retired, never renamed or removed.

    Args:
        clips: `CLIPS`.
        candidates: `CANDIDATES` as of now, of the same recordings.

    Returns:
        `CLIP_STATUS`, in the order of `clips`: status active or retired, and the candidates that belong to the clip
        now, in order of time.
    """
    owners: list[Any] = clips["recording_id"].to_pylist()
    ids: list[Any] = clips["clip_id"].to_pylist()
    spans = clip_spans(clips)
    places: dict[str, list[int]] = defaultdict(list)
    for position, owner in enumerate(owners):
        places[owner].append(position)
    inside: list[list[str]] = [[] for _ in ids]
    for recording_id, kept in kept_by_recording(candidates).items():
        theirs = places.get(recording_id, [])
        for segment_id, span in zip(kept.ids, kept.spans, strict=True):
            found = home(span, [spans[position] for position in theirs])
            if found is not None:
                inside[theirs[found]].append(segment_id)
    status = [ACTIVE if held else RETIRED for held in inside]
    return pa.table(
        {"clip_id": ids, "recording_id": owners, "status": status, "segment_ids": inside}, schema=CLIP_STATUS
    )


def _beyond(unit: ClipUnit, *, warning: bool) -> Problem:
    return Problem(
        recording_id=unit.recording_id,
        key=unit.key,
        permanent=True,
        what=f"{len(unit.beyond)} candidates lie beyond the recording's end at {unit.duration_s:.3f} s: no clip",
        where=f"{unit.recording_id}, segments {', '.join(sorted(unit.beyond)[:3])}",
        remedy="Compare the transcript's times with duration_s in recording.json, correct one, and build again.",
        warning=warning,
    )
