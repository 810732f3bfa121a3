"""Rows of `SEGMENTS`: ids, speakers, and the keys by which later stages know what changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from osmo.schemas.keys import content_key, make_id, milliseconds

MEDIA_SLACK_S = 0.5
"""A segment that ends at most so long after its recording still lies inside: subtitles linger."""


@dataclass(frozen=True)
class Line:
    """What was said in one segment, and how surely it was heard; nulls where no model heard it."""

    start_s: float
    end_s: float
    text: str
    speaker: str | None = None
    confidence: float | None = None
    no_speech: float | None = None


def segment_rows(
    lines: Sequence[Line],
    *,
    recording_id: str,
    subject_id: str | None,
    language: str | None,
    duration_s: float,
    sound_key: str | None,
    source: str,
    dialogue_turns: int,
) -> list[dict[str, object]]:
    """Rows of one recording's segments.

    Args:
        lines: In the order of their source; at least one.
        recording_id: The recording.
        subject_id: Its wearer.
        language: BCP 47 primary language of the text; null: unknown.
        duration_s: Length of its media in seconds.
        sound_key: Key of its audio files; null: no audio.
        source: Where the text comes from.
        dialogue_turns: Turns before a segment that a voter may see.

    Returns:
        Rows by start, end and segment_id: the order that dialogue windows count in. Every key holds the segment_id:
        two segments that say the same are two units, and each gets its own votes.
    """
    ordinals: Counter[tuple[int, int]] = Counter()
    rows: list[dict[str, object]] = []
    for line in lines:
        times = (milliseconds(line.start_s), milliseconds(line.end_s))
        segment_id = make_id("segment", recording_id, *times, ordinals[times])
        ordinals[times] += 1
        speaker = who(line.speaker, subject_id)
        rows.append(
            {
                "recording_id": recording_id,
                "segment_id": segment_id,
                "start_s": line.start_s,
                "end_s": line.end_s,
                "text": line.text,
                "language": language,
                "speaker": speaker,
                "speaker_name": line.speaker,
                "asr_confidence": line.confidence,
                "no_speech_prob": line.no_speech,
                "in_media": line.start_s < duration_s and line.end_s <= duration_s + MEDIA_SLACK_S,
                "source": source,
                "text_key": content_key("text", segment_id, line.text, speaker, language),
                "audio_key": None if sound_key is None else content_key("audio", segment_id, sound_key),
            }
        )
    rows.sort(key=lambda row: (row["start_s"], row["end_s"], row["segment_id"]))
    # Each key names its segment: what is said twice is two units. A turn before it counts by what was said alone.
    said = [content_key("said", str(row["text"]), str(row["speaker"]), language) for row in rows]
    for at, row in enumerate(rows):
        turns = said[max(0, at - dialogue_turns) : at + 1]
        row["dialogue_key"] = content_key("dialogue", str(row["segment_id"]), *turns)
    return rows


def empty_row(recording_id: str, reason: str) -> dict[str, object]:
    """The row of a recording without segments."""
    return {"recording_id": recording_id, "empty_reason": reason}


def who(name: str | None, subject_id: str | None) -> str:
    """wearer where a name is the subject's, whatever its case and spaces; other; unknown without name or subject."""
    if not name or not subject_id:
        return "unknown"
    return "wearer" if _bare(name) == _bare(subject_id) else "other"


def _bare(name: str) -> str:
    return " ".join(name.casefold().split())
