"""Rows of `SEGMENTS`: ids, speakers, and the keys by which later stages know what changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from osmo.schemas.keys import content_key, make_id, milliseconds
from osmo.tasks.own_voice import Opinion
from osmo.tasks.sentences import Word

MEDIA_SLACK_S = 0.5
"""A segment that ends at most so long after its recording still lies inside: subtitles linger."""


NOBODY_ASKED: Mapping[Line, Opinion] = MappingProxyType({})


@dataclass(frozen=True)
class Line:
    """What was said in one segment.

    Attributes:
        start_s: Start in seconds.
        end_s: End in seconds.
        text: What was said.
        speaker: The name that the transcript gives; null: none.
        confidence: exp(mean token log-probability), 0–1; null where no model heard it.
        no_speech: The model's probability that it is no speech; null where no model heard it.
        language: BCP 47 primary language of this line; null: that of the recording.
        words: Its words with their times; empty: the source has none.
        translation: The owner's translation; null: none.
        refused: Why it is quarantined; null: it is not.
    """

    start_s: float
    end_s: float
    text: str
    speaker: str | None = None
    confidence: float | None = None
    no_speech: float | None = None
    language: str | None = None
    words: tuple[Word, ...] = ()
    translation: str | None = None
    refused: str | None = None


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
    voices: Mapping[Line, Opinion] = NOBODY_ASKED,
) -> list[dict[str, object]]:
    """Rows of one recording's segments.

    Args:
        lines: In the order of their source; at least one.
        recording_id: The recording.
        subject_id: Its wearer.
        language: BCP 47 primary language of lines that name none; null: unknown.
        duration_s: Length of its media in seconds.
        sound_key: Key of its audio files; null: no audio.
        source: Where the text comes from.
        dialogue_turns: Turns before a segment that a voter may see.
        voices: What several microphones tell of lines whose speaker is not known by name.

    Returns:
        Rows by start, end and segment_id: the order that dialogue windows count in. Every key holds the segment_id:
        two segments that say the same are two units, and each gets its own votes.
    """
    ordinals: Counter[tuple[int, int]] = Counter()
    rows: list[dict[str, object]] = []
    for line in lines:
        times = (milliseconds(line.start_s), milliseconds(line.end_s))
        segment_id = make_id("segment", recording_id, *times, ordinals[times])
        spoken = line.language or language
        ordinals[times] += 1
        speaker = who(line.speaker, subject_id)
        heard = voices.get(line)
        if speaker == "unknown" and heard is not None:
            speaker = heard.speaker
        told = "name" if heard is None else "own_voice"
        rows.append(
            {
                "recording_id": recording_id,
                "segment_id": segment_id,
                "start_s": line.start_s,
                "end_s": line.end_s,
                "text": line.text,
                "language": spoken,
                "speaker": speaker,
                "speaker_name": line.speaker,
                "speaker_source": None if speaker == "unknown" else told,
                "speaker_confidence": heard.confidence if heard else None,
                "speaker_reason": _unknown_reason(line, subject_id, heard) if speaker == "unknown" else None,
                "asr_confidence": line.confidence,
                "no_speech_prob": line.no_speech,
                "in_media": in_media(line.start_s, line.end_s, duration_s),
                "source": source,
                "translation": line.translation,
                "words": [_timed(word) for word in line.words] or None,
                "refused_reason": line.refused,
                "text_key": content_key("text", segment_id, line.text, speaker, spoken),
                "audio_key": None if sound_key is None else content_key("audio", segment_id, sound_key),
            }
        )
    rows.sort(key=lambda row: (row["start_s"], row["end_s"], row["segment_id"]))
    # Each key names its segment: what is said twice is two units. A turn before it counts by what was said alone, and
    # one that is quarantined is no turn: nobody is shown it.
    said: list[str] = []
    for row in rows:
        turn = content_key("said", str(row["text"]), str(row["speaker"]), _language(row))
        before = said[max(0, len(said) - dialogue_turns) :]
        row["dialogue_key"] = content_key("dialogue", str(row["segment_id"]), *before, turn)
        if row["refused_reason"] is None:
            said.append(turn)
    return rows


def in_media(start_s: float, end_s: float, duration_s: float) -> bool:
    """Whether a segment lies inside its recording's media."""
    return 0 <= start_s < duration_s and end_s <= duration_s + MEDIA_SLACK_S


def empty_row(recording_id: str, reason: str) -> dict[str, object]:
    """The row of a recording without segments."""
    return {"recording_id": recording_id, "empty_reason": reason}


def who(name: str | None, subject_id: str | None) -> str:
    """wearer where a name is the subject's, whatever its case and spaces; other; unknown without name or subject."""
    if not name or not subject_id:
        return "unknown"
    return "wearer" if _bare(name) == _bare(subject_id) else "other"


def _unknown_reason(line: Line, subject_id: str | None, heard: Opinion | None) -> str:
    if heard is not None and heard.reason is not None:
        return heard.reason
    return "the wearer's name is not known" if line.speaker and not subject_id else "nobody is named"


def _timed(word: Word) -> dict[str, object]:
    return {"start_s": word.start_s, "end_s": word.end_s, "text": word.text}


def _language(row: Mapping[str, object]) -> str | None:
    return None if row["language"] is None else str(row["language"])


def _bare(name: str) -> str:
    return " ".join(name.casefold().split())
