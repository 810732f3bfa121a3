"""What is said in one recording: its transcript's cues, or the sentences that Whisper hears in its speech."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from osmo.schemas.config import SegmentConfig
from osmo.storage.media import Media
from osmo.tasks.segment_rows import MEDIA_SLACK_S, Line
from osmo.tasks.segment_units import Unit
from osmo.tasks.sentences import Sentence, Word, sentences, spread
from osmo.tasks.sources.places import SourceUnreachableError, fetched
from osmo.tasks.speech import Sound, speech
from osmo.tasks.transcripts import Cue, Transcript, TranscriptEncodingError, TranscriptFormatError, read_transcript
from osmo.tasks.whisper_asr import WhisperUnavailableError, model_identity, transcribe

SHOWN = 5
"""Refused cues that a problem names; all are counted."""


@dataclass(frozen=True)
class Said:
    """What is said in a recording.

    Attributes:
        lines: In the order of their source; may be empty.
        language: BCP 47 primary language; null: unknown.
        source: sidecar, or whisper with its model.
        note: What was odd or left out, in one line; null: nothing.
        where: File that the note is about.
        remedy: What can be done about it.
    """

    lines: tuple[Line, ...]
    language: str | None
    source: str
    note: str | None
    where: str
    remedy: str


class NothingReadError(RuntimeError):
    """A recording's words could not be had; the unit has no result."""

    def __init__(self, what: str, where: str, remedy: str, *, permanent: bool) -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        self.permanent = permanent
        super().__init__(f"{where}: {what}. {remedy}")


def sidecar_lines(unit: Unit, config: SegmentConfig) -> Said:
    """Cues of the unit's transcript; one that is longer than a segment may be is split at its sentences.

    Raises:
        NothingReadError: The transcript is gone, has changed, or cannot be read as what it says it is.
    """
    where = str(unit.transcript_uri)
    transcript = _transcript(unit, where)
    lines: list[Line] = []
    for cue in transcript.cues:
        if cue.end_s - cue.start_s <= config.max_segment_s:
            lines.append(Line(cue.start_s, cue.end_s, cue.text, cue.speaker))
        else:
            lines += _lines(_sentences(spread(cue.start_s, cue.end_s, cue.text), config), cue.speaker)
    note = "; ".join(_oddities(transcript, unit.duration_s)) or None
    return Said(
        tuple(lines), unit.language, "sidecar", note, where, "Mend the transcript and ingest again, or leave it."
    )


def heard_lines(unit: Unit, config: SegmentConfig, media: Media) -> Said:
    """Sentences that Whisper hears where there is speech; what it takes for silence itself is left out and counted.

    Raises:
        NothingReadError: Whisper's model is not at hand.
    """

    def hear(start_s: float, end_s: float) -> Sound:
        sound = media.audio(unit.recording_id, start_s, end_s)
        return np.zeros(0, np.float32) if sound is None else sound

    where = f"audio of {unit.recording_id}"
    source = f"whisper:{model_identity(config.whisper_model)}"
    remedy = "Nothing is to be done where nobody speaks; otherwise put a transcript beside the recording."
    stretches = speech(hear, unit.heard_s or 0.0, threshold=config.vad_threshold, pause_s=config.pause_s)
    if not stretches:
        return Said((), unit.language, source, "no speech was found", where, remedy)
    try:
        heard = transcribe(hear, stretches, language=unit.language, settings=config)
    except WhisperUnavailableError as error:
        what = f"Whisper model {error.model!r}: {error.problem}"
        raise NothingReadError(what, where, error.remedy, permanent=False) from error
    found = _sentences(heard.words, config)
    kept = [one for one in found if (one.no_speech or 0.0) <= config.no_speech_threshold]
    note = None if len(kept) == len(found) else f"{len(found) - len(kept)} of {len(found)} sentences refused as silence"
    return Said(tuple(_lines(kept, None)), heard.language, source, note, where, remedy)


def _transcript(unit: Unit, where: str) -> Transcript:
    again = "Ingest again, so that the recording is read as it is now."
    try:
        with fetched(where) as file:
            if file.sha256 != unit.transcript_sha256:
                raise NothingReadError("the transcript has changed since ingest", where, again, permanent=False)
            return read_transcript(file.path.read_bytes(), PurePosixPath(where).suffix)
    except FileNotFoundError as error:
        raise NothingReadError("the transcript is gone since ingest", where, again, permanent=False) from error
    except SourceUnreachableError as error:
        raise NothingReadError(error.problem, where, error.remedy, permanent=False) from error
    except (TranscriptEncodingError, TranscriptFormatError) as error:
        remedy = "Mend the transcript and ingest again."
        raise NothingReadError(f"the transcript cannot be read: {error}", where, remedy, permanent=True) from error


def _sentences(words: Sequence[Word], config: SegmentConfig) -> list[Sentence]:
    return sentences(words, pause_s=config.pause_s, max_s=config.max_segment_s)


def _lines(found: Sequence[Sentence], speaker: str | None) -> list[Line]:
    return [Line(one.start_s, one.end_s, one.text, speaker, one.confidence, one.no_speech) for one in found]


def _oddities(transcript: Transcript, duration_s: float) -> list[str]:
    cues, refused = transcript.cues, transcript.rejected
    told = []
    if refused:
        first = [f"line {one.line}: {one.reason}" for one in refused[:SHOWN]]
        more = ["…"] if len(refused) > SHOWN else []
        told.append(f"{len(refused)} of {len(cues) + len(refused)} cues refused ({'; '.join(first + more)})")
    outside = [cue for cue in cues if cue.start_s >= duration_s or cue.end_s > duration_s + MEDIA_SLACK_S]
    if outside:
        where = f"outside the {duration_s:.3f} s of media (the first at {outside[0].start_s:.3f} s)"
        told.append(f"cues {where}: {len(outside)}, kept and marked")
    if overlapping := _overlapping(cues):
        told.append(f"cues that begin before an earlier one ends: {overlapping}, kept")
    if not cues and not refused:
        told.append("the transcript is empty")
    return told


def _overlapping(cues: Sequence[Cue]) -> int:
    count, latest_s = 0, 0.0
    for cue in sorted(cues, key=lambda cue: (cue.start_s, cue.end_s)):
        count += cue.start_s < latest_s - 0.05  # rounded times of neighbours are no overlap
        latest_s = max(latest_s, cue.end_s)
    return count
