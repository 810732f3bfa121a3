"""The unit of the clip stage: a recording's candidates that no clip holds, and the clips they make."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from osmo.schemas.keys import content_key, make_id, milliseconds
from osmo.tasks.windows import Span, home, new_windows, outside, unattached

_FIELDS: list[pa.Field[Any]] = [
    pa.field("input_key", pa.string()),
    pa.field("recording_id", pa.string()),
    pa.field("duration_s", pa.float64()),
    pa.field("segment_id", pa.list_(pa.string())),
    pa.field("label", pa.list_(pa.string())),
    pa.field("start_ms", pa.list_(pa.int64())),
    pa.field("end_ms", pa.list_(pa.int64())),
    pa.field("published_start_ms", pa.list_(pa.int64())),
    pa.field("published_end_ms", pa.list_(pa.int64())),
]
CLIP_NEEDS = pa.schema(_FIELDS)
"""Input rows of the clip stage, one per recording."""


@dataclass
class Kept:
    """The kept candidates of one recording, in order of time."""

    ids: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)


@dataclass(frozen=True)
class ClipUnit:
    """One row of `CLIP_NEEDS`."""

    key: str
    recording_id: str
    duration_s: float
    ids: list[str]
    labels: list[str]
    spans: list[Span]
    published: list[Span]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> ClipUnit:
        """Read a row of `CLIP_NEEDS`."""
        return cls(
            row["input_key"],
            row["recording_id"],
            row["duration_s"],
            row["segment_id"],
            row["label"],
            [Span(*pair) for pair in zip(row["start_ms"], row["end_ms"], strict=True)],
            [Span(*pair) for pair in zip(row["published_start_ms"], row["published_end_ms"], strict=True)],
        )

    @property
    def beyond(self) -> list[str]:
        """Candidates that no clip can hold."""
        return [
            name for name, span in zip(self.ids, self.spans, strict=True) if outside(span, duration_s=self.duration_s)
        ]

    def clips(self, context_s: float) -> list[dict[str, object]]:
        """Rows of `CLIPS`."""
        windows = new_windows(self.spans, self.published, duration_s=self.duration_s, context_s=context_s)
        # By belonging among old and new clips together, so that a clip lists what its status will list.
        everywhere = [*self.published, *windows]
        homes = [home(span, everywhere) for span in self.spans]
        clips: list[dict[str, object]] = []
        for position, window in enumerate(windows, start=len(self.published)):
            held = [i for i, at in enumerate(homes) if at == position]
            clips.append(
                {
                    "clip_id": make_id("clip", self.recording_id, window.start_ms, window.end_ms),
                    "recording_id": self.recording_id,
                    "start_s": window.start_ms / 1000,
                    "end_s": window.end_ms / 1000,
                    "segment_ids": [self.ids[i] for i in held],
                    "labels": [self.labels[i] for i in held],
                }
            )
        return clips


def needed(recording_id: str, duration_s: float, kept: Kept, published: Sequence[Span]) -> dict[str, object] | None:
    """A row of `CLIP_NEEDS`: the candidates that no clip holds, those that no clip can hold included; null: none.

    Its key names them and the recording's length, so a corrected length tries those beyond the end again.
    """
    chosen = [
        i
        for i, span in enumerate(kept.spans)
        if outside(span, duration_s=duration_s) or unattached(span, published, duration_s=duration_s)
    ]
    if not chosen:
        return None
    ids = [kept.ids[i] for i in chosen]
    return {
        "input_key": content_key("clips", recording_id, milliseconds(duration_s), *sorted(ids)),
        "recording_id": recording_id,
        "duration_s": duration_s,
        "segment_id": ids,
        "label": [kept.labels[i] for i in chosen],
        "start_ms": [kept.spans[i].start_ms for i in chosen],
        "end_ms": [kept.spans[i].end_ms for i in chosen],
        "published_start_ms": [span.start_ms for span in published],
        "published_end_ms": [span.end_ms for span in published],
    }


def kept_by_recording(candidates: pa.Table) -> dict[str, Kept]:
    """Kept candidates, each recording's in order of time."""
    columns = ["recording_id", "segment_id", "label", "start_s", "end_s"]
    rows = candidates.filter(candidates["kept"]).select(columns)
    listed = sorted(
        zip(*(rows[name].to_pylist() for name in columns), strict=True),
        key=lambda row: (row[0], row[3], row[4], row[1]),
    )
    found: dict[str, Kept] = defaultdict(Kept)
    for recording_id, segment_id, label, start_s, end_s in listed:
        kept = found[recording_id]
        kept.ids.append(segment_id)
        kept.labels.append(label)
        kept.spans.append(Span.of_seconds(start_s, end_s))
    return found


def clip_spans(clips: pa.Table) -> list[Span]:
    """The times of `CLIPS` rows, in their order."""
    starts: list[Any] = clips["start_s"].to_pylist()
    ends: list[Any] = clips["end_s"].to_pylist()
    return [Span.of_seconds(start_s, end_s) for start_s, end_s in zip(starts, ends, strict=True)]


def spans_by_recording(clips: pa.Table) -> dict[str, list[Span]]:
    """The times of `CLIPS` rows by recording."""
    found: dict[str, list[Span]] = defaultdict(list)
    owners: list[Any] = clips["recording_id"].to_pylist()
    for recording_id, span in zip(owners, clip_spans(clips), strict=True):
        found[recording_id].append(span)
    return found
