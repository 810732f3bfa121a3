"""What a writer of chains is given for an event, as a row of what the SENSE stage needs and as a bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from osmo.annotators.writer import Bundle, CueGiven, Earlier, Said
from osmo.schemas.keys import content_key, milliseconds

DIALOGUE_BEFORE_S = 15.0
DIALOGUE_TURNS = 16

_STRING, _STRINGS = pa.string(), pa.list_(pa.string())


def _record(**types: pa.DataType) -> pa.StructType:
    return pa.struct([pa.field(name, of) for name, of in types.items()])


_EARLIER = _record(event_id=_STRING, emotions=_STRINGS, own_words=_STRINGS, gap_s=pa.float64(), duration_s=pa.float64())
NEEDS = pa.schema(
    [
        pa.field("input_key", _STRING, nullable=False),
        *(pa.field(name, _STRING, nullable=False) for name in ("recording_id", "event_id")),
        pa.field("language", _STRING),
        *(pa.field(name, _STRINGS, nullable=False) for name in ("emotions", "own_words", "annotation_ids")),
        *(pa.field(name, _STRING) for name in ("polarity", "polarity_reason", "intensity_reason")),
        pa.field("intensity", pa.int8()),
        *(pa.field(name, _STRING) for name in ("cause", "cause_reason")),
        pa.field("cues", pa.list_(_record(modality=_STRING, text=_STRING, absent_reason=_STRING))),
        pa.field("dialogue", pa.list_(_record(segment_id=_STRING, speaker=_STRING, text=_STRING))),
        pa.field("history", pa.list_(_EARLIER)),
    ]
)
_HUMAN = (
    "recording_id", "event_id", "language", "emotions", "own_words", "annotation_ids", "polarity", "polarity_reason",
    "intensity_reason", "intensity", "cause", "cause_reason",
)  # fmt: skip

Row = dict[str, Any]
"""One row of a table whose schema was checked."""


def needed(event: Row, cues: list[Row], dialogue: list[Row], earlier: Sequence[tuple[Row, float]]) -> Row:
    """One row of `NEEDS`.

    Args:
        event: An `EVENTS` row.
        cues: modality, text and absent_reason of each of the three modalities.
        dialogue: `SEGMENTS` rows, oldest first.
        earlier: `EVENTS` rows of the history, latest last, each with its gap in seconds.
    """
    said = [part for cue in cues for part in (cue["modality"], cue["text"], cue["absent_reason"])]
    turns = [part for turn in dialogue for part in (turn["segment_id"], turn["text_key"])]
    before = [part for row, gap_s in earlier for part in (row["event_id"], row["event_key"], milliseconds(gap_s))]
    reasons = [event[name] for name in ("language", "polarity_reason", "intensity_reason", "cause_reason")]
    return {
        **{name: event[name] for name in _HUMAN},
        "input_key": content_key(
            event["event_id"], event["event_key"], *reasons, *said, len(dialogue), *turns, len(earlier), *before
        ),
        "cues": [{name: cue[name] for name in ("modality", "text", "absent_reason")} for cue in cues],
        "dialogue": [{name: turn[name] for name in ("segment_id", "speaker", "text")} for turn in dialogue],
        "history": [
            {
                "event_id": row["event_id"],
                "emotions": row["emotions"],
                "own_words": row["own_words"],
                "gap_s": gap_s,
                "duration_s": row["end_s"] - row["start_s"],
            }
            for row, gap_s in earlier
        ],
    }


def segments_of(segments: pa.Table) -> Mapping[str, Sequence[Row]]:
    """Segments with words inside the media, by recording, in order of time."""
    columns = ["recording_id", "segment_id", "start_s", "end_s", "text", "speaker", "in_media", "text_key"]
    found: dict[str, list[Row]] = {}
    for row in segments.select(columns).to_pylist():
        if row["segment_id"] is not None and (row["text"] or "").strip() and row["in_media"] is not False:
            found.setdefault(row["recording_id"], []).append(row)
    for listed in found.values():
        listed.sort(key=lambda row: (row["start_s"], row["end_s"], row["segment_id"]))
    return found


def dialogue_of(segments: Sequence[Row], start_s: float, end_s: float) -> list[Row]:
    """The latest turns that overlap the event or the moments before it, oldest first."""
    near = [row for row in segments if row["start_s"] < end_s and row["end_s"] > start_s - DIALOGUE_BEFORE_S]
    return near[-DIALOGUE_TURNS:]


def bundle_of(row: Row) -> Bundle:
    """A row of `NEEDS` as a writer gets it."""
    return Bundle(
        event_id=row["event_id"],
        language=row["language"],
        emotions=tuple(row["emotions"]),
        own_words=tuple(row["own_words"]),
        polarity=row["polarity"],
        intensity=row["intensity"],
        cause=row["cause"],
        annotation_ids=tuple(row["annotation_ids"]),
        cues=tuple(CueGiven(cue["modality"], cue["text"], cue["absent_reason"]) for cue in row["cues"]),
        dialogue=tuple(
            Said(turn["segment_id"], turn["speaker"] or "unknown", turn["text"]) for turn in row["dialogue"]
        ),
        history=tuple(
            Earlier(e["event_id"], tuple(e["emotions"]), tuple(e["own_words"]), e["gap_s"], e["duration_s"])
            for e in row["history"]
        ),
        polarity_reason=row["polarity_reason"],
        intensity_reason=row["intensity_reason"],
        cause_reason=row["cause_reason"],
    )
