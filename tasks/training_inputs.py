"""What a model may see of each event when it is trained or tested: never its label, its cues or its boundaries.

An event stands in a window that is drawn by a seed. Everything else follows from the window: its media, what was said
in it, and the events that ended before it began. Chain, cues and human description are targets, and are not here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from osmo.annotators.prompt import prompt
from osmo.schemas.keys import content_key, milliseconds
from osmo.schemas.tables import TRAINING_INPUTS

WINDOW_S = 30.0
"""Length of a window."""
HISTORY_EVENTS = 4
"""Most earlier events, the paper's N_p."""
DIALOGUE_TURNS = 16
"""Most turns, the paper's N_u."""
MEDIA_KINDS = ("proxy", "audio", "eye")
"""What a model looks at and listens to, in this order."""
_PROMPT = "osiris"

Row = Mapping[str, Any]


def training_inputs(
    events: pa.Table, recordings: pa.Table, segments: pa.Table, media: pa.Table, *, seed: int
) -> pa.Table:
    """The input of every event, with the same window for every model.

    A window is WINDOW_S long, or as long as a shorter recording. It holds its event, or lies in one that is longer;
    where in it the event lies is uniform as far as the recording's ends allow, by the seed and the event's id alone.

    Args:
        events: `EVENTS`.
        recordings: `RECORDINGS` that they lie in.
        segments: `SEGMENTS`; those without words or outside the media say nothing.
        media: `MEDIA`; pictures that were made up from captions show nothing.
        seed: Of the windows.

    Returns:
        `TRAINING_INPUTS`, one row per event, by recording_id and event_id.
    """
    lengths = dict(zip(*(recordings[name].to_pylist() for name in ("recording_id", "duration_s")), strict=True))
    said, seen = _said(segments), _seen(media)
    listed = events.to_pylist()
    windows = {e["event_id"]: _window(e, lengths.get(e["recording_id"]), seed) for e in listed}
    history = _history(listed, windows)
    instruction = f"{_PROMPT}@{prompt(_PROMPT).sha}"
    rows = []
    for event in listed:
        start_ms, end_ms = windows[event["event_id"]]
        rows.append(
            {
                "event_id": event["event_id"],
                "recording_id": event["recording_id"],
                "subject_id": event["subject_id"],
                "language": event["language"],
                "window_start_s": start_ms / 1000,
                "window_end_s": end_ms / 1000,
                "media": seen.get(event["recording_id"], []),
                "dialogue": _dialogue(said.get(event["recording_id"], []), start_ms, end_ms),
                "history": history[event["event_id"]],
                "instruction": instruction,
            }
        )
    return TRAINING_INPUTS.rows(rows).sort_by([("recording_id", "ascending"), ("event_id", "ascending")])


def _window(event: Row, duration_s: float | None, seed: int) -> tuple[int, int]:
    """Start and end of an event's window, in milliseconds from the recording's start."""
    start_ms, end_ms = milliseconds(event["start_s"]), milliseconds(event["end_s"])
    length_ms = milliseconds(WINDOW_S)
    known_ms = end_ms if duration_s is None else max(milliseconds(duration_s), end_ms)
    if known_ms <= length_ms:
        return 0, known_ms
    earliest, latest = sorted((end_ms - length_ms, start_ms))
    earliest, latest = max(earliest, 0), min(latest, known_ms - length_ms)
    drawn = int(content_key("window", seed, event["event_id"]), 16)
    begins = earliest + drawn % (latest - earliest + 1)
    return begins, begins + length_ms


def _said(segments: pa.Table) -> dict[str, list[Row]]:
    """Segments with words inside the media, by recording, in order of time."""
    columns = ["recording_id", "segment_id", "start_s", "end_s", "speaker", "text", "in_media"]
    found: dict[str, list[Row]] = {}
    for row in segments.select(columns).to_pylist():
        if row["segment_id"] is not None and (row["text"] or "").strip() and row["in_media"] is not False:
            found.setdefault(row["recording_id"], []).append(row)
    for rows in found.values():
        rows.sort(key=lambda row: (row["start_s"], row["end_s"], row["segment_id"]))
    return found


def _dialogue(said: Sequence[Row], start_ms: int, end_ms: int) -> Sequence[Row]:
    """The latest turns that overlap a window, oldest first."""
    names = ("segment_id", "start_s", "end_s", "speaker", "text")
    near = [
        {**{name: turn[name] for name in names}, "speaker": turn["speaker"] or "unknown"}
        for turn in said
        if milliseconds(turn["start_s"]) < end_ms and milliseconds(turn["end_s"]) > start_ms
    ]
    return near[-DIALOGUE_TURNS:]


def _seen(media: pa.Table) -> dict[str, list[Row]]:
    """Media of each recording as a whole."""
    columns = ["recording_id", "kind", "clip_id", "sha256", "start_s", "captioned"]
    found: dict[str, list[Row]] = {}
    for row in media.select(columns).to_pylist():
        if row["kind"] in MEDIA_KINDS and row["clip_id"] is None and not row["captioned"]:
            one = {name: row[name] for name in ("kind", "sha256", "start_s")}
            found.setdefault(row["recording_id"], []).append(one)
    for rows in found.values():
        rows.sort(key=lambda row: (MEDIA_KINDS.index(row["kind"]), row["start_s"], row["sha256"]))
    return found


def _history(events: Sequence[Row], windows: Mapping[str, tuple[int, int]]) -> dict[str, list[Row]]:
    """For each event the latest ones of its wearer that ended before its window began, oldest first.

    Time is the subject's own timeline; an event without subject or place on it knows only its own recording.
    """
    timelines: dict[tuple[str, str], list[tuple[int, int, str, Row]]] = {}
    for event in events:
        starts = _on_timeline(event, milliseconds(event["start_s"]))
        ends = starts + milliseconds(event["end_s"]) - milliseconds(event["start_s"])
        timelines.setdefault(_timeline(event), []).append((ends, starts, event["event_id"], event))
    for listed in timelines.values():
        listed.sort(key=lambda one: one[:3])
    found: dict[str, list[Row]] = {}
    for event in events:
        listed = timelines[_timeline(event)]
        begins = _on_timeline(event, windows[event["event_id"]][0])
        # What ends with the very millisecond in which the window begins has ended; its twin of no length has not begun.
        before = [one for one in listed[: bisect_right(listed, begins, key=lambda one: one[0])] if one[1] < begins]
        found[event["event_id"]] = [
            {
                "event_id": earlier_id,
                "emotions": earlier["emotions"],
                "own_words": earlier["own_words"],
                "gap_s": (begins - ends) / 1000,
                "duration_s": (ends - starts) / 1000,
            }
            for ends, starts, earlier_id, earlier in before[-HISTORY_EVENTS:]
        ]
    return found


def _timeline(event: Row) -> tuple[str, str]:
    subject = event["subject_id"]
    return ("recording", event["recording_id"]) if subject is None or event["t_s"] is None else ("subject", subject)


def _on_timeline(event: Row, at_ms: int) -> int:
    """A time of an event's recording on the event's timeline, in milliseconds."""
    if event["subject_id"] is None or event["t_s"] is None:
        return at_ms
    return at_ms + milliseconds(event["t_s"]) - milliseconds(event["start_s"])
