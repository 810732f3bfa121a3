"""Reads sidecar transcripts (csv, srt, vtt): cues with times and speakers, and a reason for each cue refused."""

from __future__ import annotations

import csv
import html
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from osmo.tasks.sentences import Word

FORMATS = ("csv", "srt", "vtt")
"""Formats that are read."""

CSV_COLUMNS = ("start_s", "end_s", "text")
"""Columns that a csv transcript must have; `speaker` is optional, others are ignored."""

_TIME = r"(?:(\d{1,5}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_TIMING = re.compile(rf"^\s*(-?){_TIME}\s*-->\s*(-?){_TIME}(?:\s.*)?$")
# No mark holds the beginning of another: long lines of beginnings are read once, not once for each.
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^\s<>][^<>]*)>")
_TAG = re.compile(r"</?[A-Za-z0-9][^<>]*>|\{\\[^{}]*\}")
# One to three capitalised words, or up to eight Chinese characters, before a colon: "Tell me: no" names nobody.
_NAMED = re.compile(
    r"^(?:[-–]\s*)?"
    r"(?P<name>[A-Z][\w.'’&-]*(?: (?:[A-Z#][\w.'’&-]*|\d+)){0,2}|[\u4e00-\u9fff·]{1,8})"
    r"\s?(?::\s+|：\s*)(?P<text>\S.*)$"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SKIPPED_BLOCKS = ("NOTE", "STYLE", "REGION")


@dataclass(frozen=True)
class Cue:
    """One timed line of a transcript.

    Attributes:
        start_s: Start, seconds from the recording's start, 0 or more.
        end_s: End, after the start; may lie beyond the media.
        speaker: The name that the transcript gives; null: none.
        text: What is said, on one line, without markup.
        translation: The same in another language; null: the owner gives none.
        words: Its words with their times; empty: the owner gives none.
        confidence: The owner's own, 0–1; null: none is given.
    """

    start_s: float
    end_s: float
    speaker: str | None
    text: str
    translation: str | None = None
    words: tuple[Word, ...] = ()
    confidence: float | None = None


@dataclass(frozen=True)
class RejectedCue:
    """A cue that cannot be used: the line it starts on, from 1, and why."""

    line: int
    reason: str


@dataclass(frozen=True)
class Transcript:
    """What a transcript holds, both in the order of the file; overlapping cues are kept."""

    cues: tuple[Cue, ...]
    rejected: tuple[RejectedCue, ...]

    @property
    def end_s(self) -> float | None:
        """Where the last cue ends, seconds; null without cues."""
        return max((cue.end_s for cue in self.cues), default=None)

    def moved(self, by_s: float) -> Transcript:
        """The same cues later by `by_s` seconds; times before a recording's start are negative."""
        moved = (
            replace(
                cue,
                start_s=cue.start_s + by_s,
                end_s=cue.end_s + by_s,
                words=tuple(replace(word, start_s=word.start_s + by_s, end_s=word.end_s + by_s) for word in cue.words),
            )
            for cue in self.cues
        )
        return Transcript(tuple(moved), self.rejected)


class TranscriptEncodingError(ValueError):
    """A transcript is not UTF-8."""

    def __init__(self, offset: int, byte: int) -> None:
        self.offset = offset
        super().__init__(f"not UTF-8: byte 0x{byte:02x} at offset {offset}. Save the transcript as UTF-8.")


class TranscriptFormatError(ValueError):
    """A transcript is not of the format that its suffix says."""

    def __init__(self, kind: str, problem: str) -> None:
        self.kind = kind
        super().__init__(f"not a {kind or 'known'} transcript: {problem}.")


def read_transcript(data: bytes, kind: str) -> Transcript:
    """Cues of a transcript.

    Args:
        data: The file's bytes, UTF-8, with or without a byte order mark.
        kind: One of `FORMATS`.

    Raises:
        TranscriptEncodingError: The bytes are not UTF-8; says where.
        TranscriptFormatError: Unknown format, no WEBVTT line, or a csv without the columns it needs.
    """
    if kind not in FORMATS:
        raise TranscriptFormatError(kind, f"expected one of {', '.join(FORMATS)}")
    text = decoded(data)
    if kind == "csv":
        found = list(_csv_cues(text))
    else:
        if kind == "vtt" and not re.match(r"WEBVTT(?:[ \t\r\n]|$)", text):
            raise TranscriptFormatError(kind, "the first line is not WEBVTT")
        found = list(_block_cues(text))
    return Transcript(
        tuple(item for item in found if isinstance(item, Cue)),
        tuple(item for item in found if isinstance(item, RejectedCue)),
    )


def decoded(data: bytes) -> str:
    """Text of UTF-8 bytes, with or without a byte order mark.

    Raises:
        TranscriptEncodingError: The bytes are not UTF-8; says where.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        bom = 3 if data.startswith(b"\xef\xbb\xbf") else 0  # utf-8-sig counts from after the mark
        raise TranscriptEncodingError(error.start + bom, data[error.start + bom]) from error


def _csv_cues(text: str) -> Iterator[Cue | RejectedCue]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        columns = [name.strip() for name in reader.fieldnames or ()]
        missing = [name for name in CSV_COLUMNS if name not in columns]
        if missing:
            raise TranscriptFormatError("csv", f"the header lacks {', '.join(missing)}, got {', '.join(columns)}")
        reader.fieldnames = columns
        line = reader.line_num + 1
        for row in reader:
            at, line = line, reader.line_num + 1
            times = [_number(row.get(name)) for name in ("start_s", "end_s")]
            if times[0] is None or times[1] is None:
                yield RejectedCue(at, f"unreadable time {row.get('start_s')!r} – {row.get('end_s')!r}")
            else:
                yield checked_cue(at, times[0], times[1], _one_line(row.get("speaker") or ""), row.get("text") or "")
    except csv.Error as error:
        raise TranscriptFormatError("csv", f"line {reader.line_num}: {error}") from error


@dataclass(frozen=True)
class TimedLines:
    """What one time line of an srt or vtt file stands over: its number, its times, and the lines below it."""

    line: int
    start_s: float
    end_s: float
    said: tuple[str, ...]


def timed_lines(text: str) -> Iterator[TimedLines | RejectedCue]:
    """The blocks of an srt or vtt file's text in its order, before anyone asks who says what in them."""
    for first, lines in _blocks(text):
        if lines[0].startswith(("WEBVTT", *_SKIPPED_BLOCKS)) and "-->" not in lines[0]:
            continue
        timing = next((index for index, line in enumerate(lines[:2]) if "-->" in line), None)
        if timing is None:
            yield RejectedCue(first, f"no time line, got {lines[0][:60]!r}")
            continue
        at = first + timing
        match = _TIMING.match(lines[timing])
        if match is None:
            yield RejectedCue(at, f"unreadable time {lines[timing][:60]!r}")
            continue
        start_s, end_s = _seconds(match.groups()[:5]), _seconds(match.groups()[5:])
        yield TimedLines(at, start_s, end_s, tuple(lines[timing + 1 :]))


def _block_cues(text: str) -> Iterator[Cue | RejectedCue]:
    for block in timed_lines(text):
        if isinstance(block, RejectedCue):
            yield block
            continue
        for speaker, said in _voices(list(block.said)):
            yield checked_cue(block.line, block.start_s, block.end_s, speaker, said)


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines between empty lines, with the number of their first line."""
    block: list[str] = []
    number = 0
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        if line.strip():
            block.append(line.strip())
        elif block:
            yield number - len(block), block
            block = []
    if block:
        yield number - len(block) + 1, block


def _voices(lines: list[str]) -> list[tuple[str, str]]:
    """Who says what in one cue: each `<v Name>` and each line that starts with `Name:` begins a turn."""
    turns: list[tuple[str, str]] = []
    for line in lines:
        pieces = _VOICE.split(line)
        if pieces[0].strip() or len(pieces) == 1:
            named = _NAMED.match(plain_text(pieces[0]))
            if named:
                turns.append((named["name"], named["text"]))
            elif turns:
                turns[-1] = (turns[-1][0], f"{turns[-1][1]} {plain_text(pieces[0])}")
            else:
                turns.append(("", plain_text(pieces[0])))
        turns.extend(
            (plain_text(name), plain_text(said)) for name, said in zip(pieces[1::2], pieces[2::2], strict=True)
        )
    return turns or [("", "")]


def checked_cue(line: int, start_s: float, end_s: float, speaker: str, text: str) -> Cue | RejectedCue:
    """A cue, or why what a line says is none."""
    said = _one_line(text)
    if not (math.isfinite(start_s) and math.isfinite(end_s)):
        return RejectedCue(line, f"time is not finite: {start_s} – {end_s} s")
    if start_s < 0 or end_s < 0:
        return RejectedCue(line, f"negative time: {start_s} – {end_s} s")
    if end_s <= start_s:
        return RejectedCue(line, f"ends before or when it starts: {start_s} – {end_s} s")
    if not said:
        return RejectedCue(line, "no text")
    return Cue(start_s, end_s, speaker or None, said)


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None


def _seconds(parts: tuple[str | None, ...]) -> float:
    sign, hours, minutes, seconds, fraction = parts
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    # One to three digits are whole milliseconds: EgoLife does not pad them.
    value = whole + int(fraction or 0) / 1000
    return -value if sign == "-" else value


def plain_text(text: str) -> str:
    """A text on one line, without markup."""
    return _one_line(html.unescape(_TAG.sub("", text)))


def _one_line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())
