"""What is said in one recording by its sidecar transcripts: each cue a line, on the recording's clock."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import Any

from osmo.schemas.config import SegmentConfig
from osmo.tasks.said import NothingReadError, Said, lines_of, sentences_of
from osmo.tasks.segment_rows import Line, in_media
from osmo.tasks.segment_units import Unit
from osmo.tasks.sentences import spread
from osmo.tasks.sidecar_text import read_sidecar
from osmo.tasks.sources.places import FileChangingError, SourceUnreachableError, fetched
from osmo.tasks.transcripts import Cue, Transcript, TranscriptEncodingError, TranscriptFormatError

_MEND = "Mend the transcript and ingest again."
SHOWN = 5
"""Refused cues that a problem names; all are counted."""


def sidecar_lines(unit: Unit, config: SegmentConfig) -> Said:
    """Cues of the unit's transcripts; one that is longer than a segment may be is split at its sentences.

    Of several transcripts those that cannot be read as what they say they are leave a note, and the rest counts.

    Raises:
        NothingReadError: A transcript is gone or has changed, or none can be read.
    """
    files = unit.transcript or []
    where = ", ".join(file["uri"] for file in files)
    read, unread = _transcripts(files)
    transcript = Transcript(
        tuple(cue for one in read for cue in one.cues), tuple(cue for one in read for cue in one.rejected)
    )
    lines: list[Line] = []
    for cue in transcript.cues:
        if cue.end_s - cue.start_s <= config.max_segment_s:
            lines.append(_line(cue))
        else:
            words = cue.words or spread(cue.start_s, cue.end_s, cue.text)
            lines += lines_of(sentences_of(words, config), cue.speaker, timed=bool(cue.words))
    long = sum(
        cue.translation is not None and cue.end_s - cue.start_s > config.max_segment_s for cue in transcript.cues
    )
    lost = [f"translations of cues that are split: {long}, left out"] if long else []
    note = "; ".join([*unread, *_oddities(transcript, unit.duration_s), *lost]) or None
    return Said(
        tuple(lines), unit.language, "sidecar", note, where, "Mend the transcript and ingest again, or leave it."
    )


def _transcripts(files: Sequence[Mapping[str, Any]]) -> tuple[list[Transcript], list[str]]:
    """Those that can be read, and what is wrong with each of the others."""
    read: list[Transcript] = []
    unread: list[str] = []
    for file in files:
        try:
            read.append(_transcript(file))
        except NothingReadError as error:
            if not error.permanent or len(files) == 1:
                raise
            unread.append(f"{posixpath.basename(file['uri'])} is left out: {error.what}")
    if unread and not read:
        where = ", ".join(file["uri"] for file in files)
        raise NothingReadError("; ".join(unread), where, _MEND, permanent=True)
    return read, unread


def _line(cue: Cue) -> Line:
    return Line(
        cue.start_s,
        cue.end_s,
        cue.text,
        cue.speaker,
        confidence=cue.confidence,
        words=cue.words,
        translation=cue.translation,
    )


def _transcript(named: Mapping[str, Any]) -> Transcript:
    """Cues of one file, moved onto the recording's clock."""
    again = "Ingest again, so that the recording is read as it is now."
    where = named["uri"]
    try:
        with fetched(where) as file:
            if file.sha256 != named["sha256"]:
                raise NothingReadError("the transcript has changed since ingest", where, again, permanent=False)
            return read_sidecar(file.path.read_bytes(), named["format"]).moved(named["start_s"])
    except FileNotFoundError as error:
        raise NothingReadError("the transcript is gone since ingest", where, again, permanent=False) from error
    except (SourceUnreachableError, FileChangingError) as error:
        raise NothingReadError(error.problem, where, error.remedy, permanent=False) from error
    except (TranscriptEncodingError, TranscriptFormatError) as error:
        raise NothingReadError(f"the transcript cannot be read: {error}", where, _MEND, permanent=True) from error


def _oddities(transcript: Transcript, duration_s: float) -> list[str]:
    cues, refused = transcript.cues, transcript.rejected
    told = []
    if refused:
        first = [f"line {one.line}: {one.reason}" for one in refused[:SHOWN]]
        more = ["…"] if len(refused) > SHOWN else []
        told.append(f"{len(refused)} of {len(cues) + len(refused)} cues refused ({'; '.join(first + more)})")
    outside = [cue for cue in cues if not in_media(cue.start_s, cue.end_s, duration_s)]
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
