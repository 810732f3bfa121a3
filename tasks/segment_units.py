"""Which recordings there are to segment, from what, and the key that says what their segments depend on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from osmo.schemas.config import SegmentConfig
from osmo.schemas.keys import content_key, milliseconds
from osmo.schemas.tables.recordings import SIDECAR_FILE
from osmo.tasks.engines.registry import hearing
from osmo.tasks.own_voice import revision
from osmo.tasks.recordings import transcript_files
from osmo.tasks.streams import split_stream

_COLUMNS: dict[str, pa.DataType] = {
    "input_key": pa.string(),
    "recording_id": pa.string(),
    "duration_s": pa.float64(),
    "subject_id": pa.string(),
    "language": pa.string(),
    "transcript": pa.list_(SIDECAR_FILE),
    "sound_key": pa.string(),
    "heard_s": pa.float64(),
    "silent_reason": pa.string(),
    "microphones": pa.bool_(),
}
UNITS = pa.schema(_COLUMNS)
"""Columns of a unit: the fields of `Unit`."""


@dataclass(frozen=True)
class Unit:
    """One recording to segment.

    Attributes:
        input_key: Key of everything that its segments depend on.
        recording_id: The recording.
        duration_s: Its length in seconds.
        subject_id: Its wearer; null: unknown.
        language: BCP 47 primary language; null: unknown.
        transcript: Values of `SIDECAR_FILE` of its sidecar transcripts, in order of time; null: none.
        sound_key: Key of its audio files; null: no audio.
        heard_s: Seconds of cached audio that Whisper is to hear; null: nothing to hear, or a transcript is there.
        silent_reason: Why there is neither a transcript nor anything to hear.
        microphones: Whether several microphones may tell who speaks where nobody is named.
    """

    input_key: str
    recording_id: str
    duration_s: float
    subject_id: str | None
    language: str | None
    transcript: list[dict[str, Any]] | None
    sound_key: str | None
    heard_s: float | None
    silent_reason: str | None
    microphones: bool


def segment_units(recordings: pa.Table, media: pa.Table, config: SegmentConfig) -> pa.Table:
    """The units of some recordings.

    Whisper's parameters are in the keys of what Whisper hears, so that another model leaves the sidecars' rows alone.

    Args:
        recordings: Current `RECORDINGS` rows.
        media: Their `MEDIA` rows.
        config: Parameters of the stage.

    Returns:
        Rows of `UNITS`; a recording whose sound plays a part is missing while its media has not been decoded.
    """
    cached: dict[str, dict[str, dict[str, Any]]] = {}
    for row in media.select(["recording_id", "kind", "sha256", "duration_s", "silent"]).to_pylist():
        cached.setdefault(row["recording_id"], {})[row["kind"]] = row
    columns = [
        "recording_id", "duration_s", "subject_id", "language", "transcript", "transcript_uri", "transcript_sha256",
        "transcript_reason", "audio", "audio_reason",
    ]  # fmt: skip
    found = (_unit(row, cached.get(row["recording_id"], {}), config) for row in recordings.select(columns).to_pylist())
    return pa.Table.from_pylist([unit for unit in found if unit is not None], schema=UNITS)


def _may_have_microphones(files: Sequence[Mapping[str, Any]]) -> bool:
    """Whether decoding may give a track of microphones: glasses record several into one stream."""
    return any(split_stream(file["uri"])[1] is not None for file in files)


def _unit(
    recording: Mapping[str, Any], cached: Mapping[str, Mapping[str, Any]], config: SegmentConfig
) -> dict[str, object] | None:
    files = recording["audio"]
    unit: dict[str, object] = {name: recording.get(name) for name in UNITS.names}
    sound_key = content_key("sound", *(file["sha256"] for file in files)) if files else None
    unit["sound_key"] = sound_key
    unit["transcript"] = transcript_files(recording) or None
    parts: list[str | float | None] = [sound_key]
    for file in transcript_files(recording):
        parts += [file["sha256"], milliseconds(file["start_s"]), file["format"]]
    if files and not cached and (unit["transcript"] is None or _may_have_microphones(files)):
        return None
    several = cached.get("microphones")
    unit["microphones"] = several is not None
    if several is not None:
        parts += ["microphones", several["sha256"], revision(), config.own_voice_confidence]
    if unit["transcript"] is None:
        audio = cached.get("audio")
        if audio is not None and not audio["silent"]:
            unit["heard_s"] = audio["duration_s"]
            parts += ["heard", audio["sha256"], *hearing(config)]
        else:
            why = "the audio could not be decoded" if files else f"no audio: {recording['audio_reason']}"
            unit["silent_reason"] = f"no transcript: {recording['transcript_reason']}; {why}"
            parts += ["silent", str(unit["silent_reason"])]
    about = (recording["recording_id"], recording["subject_id"], recording["language"])
    unit["input_key"] = content_key("segment", *about, milliseconds(recording["duration_s"]), *parts)
    return unit
