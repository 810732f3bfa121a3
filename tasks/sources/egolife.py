"""EgoLife: six people, a week, 30 s files; `<root>/A1_JAKE/DAY1/DAY1_A1_JAKE_11094208.mp4`, transcripts by the hour.

The files of one person and day are one recording. The last eight digits of a name are hours, minutes, seconds and the
number of a frame at 20 frames a second. Transcripts count from their file's hour, in Mandarin and English.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from osmo.schemas.keys import content_key
from osmo.tasks.sources.adapter import (
    Adapter,
    Flaw,
    Listed,
    MediaFile,
    Reading,
    Recording,
    Sidecar,
    SidecarFile,
    Sidecars,
    Stream,
)
from osmo.tasks.sources.listing import Entry, walk
from osmo.tasks.sources.places import SourceUnreachableError, absolute, fetched
from osmo.tasks.sources.probe import UnreadableMediaError, probe
from osmo.tasks.sources.reading import unless_away
from osmo.tasks.transcripts import (
    Cue,
    RejectedCue,
    TimedLines,
    Transcript,
    checked_cue,
    decoded,
    plain_text,
    timed_lines,
)

TRANSCRIPTS = "EgoLifeCap/Transcript"
FRAMES_PER_S = 20
DAY_ONE = datetime(2000, 1, 1, tzinfo=UTC)
"""The owner numbers days and gives no dates: days stand on an invented calendar that keeps their order."""
LONGEST_S = 3600.0
"""The owner's films last 30 s. One that says more than an hour lies, and would stretch the day."""
OVERLAP_S = 0.5
"""Files may overlap by so much unnoticed: names round to a frame, and a film ends after its last one."""

_PERSON = re.compile(r"A[0-9]{1,3}_([A-Z]{1,40})")
_DAY = re.compile(r"DAY([1-9][0-9]{0,2})")
_CLOCK = re.compile(r"([01][0-9]|2[0-3])([0-5][0-9])([0-5][0-9])([01][0-9])")
_NO_CLOCK = f"its name is not {{}}<HHMMSS and a frame below {FRAMES_PER_S}>{{}}"
_HAN = re.compile(r"[\u3400-\u9fff]")
# Each line begins with a name: words in capitals, several of them where several speak, or a few Chinese characters.
_NAME = r"[A-Z][\w.'’-]*(?:(?: ?[,，、&/] ?| )[A-Z0-9][\w.'’-]*){0,5}|[\u3400-\u9fff·]{1,8}"
_TURN = re.compile(rf"(?P<name>{_NAME})\s*[:：]\s*(?P<text>\S.*)")
_OPENS, _CLOSES = "（(", "）)"
_NO_EYE = "EgoLife's main release has no eye video"
_NO_GAZE = "EgoLife's main release has no gaze"


class EgoLifeAdapter:
    """Reads EgoLife's layout, from a disk or an object store."""

    name = "egolife"
    version = 1

    def list(self, root: str) -> Iterator[Listed]:
        """One person's day after the other by path, opening no file."""
        root = absolute(root)
        some = False
        for day, entries in itertools.groupby(walk(root), key=_day_of):
            if day is None:
                continue
            some = True
            stamps = [part for entry in entries for part in (entry.path, entry.size, entry.stamp)]
            for entry in walk(root, f"{TRANSCRIPTS}/{day}"):
                stamps += (entry.path, entry.size, entry.stamp)
            uri = f"{root}/{day}"
            key = content_key(self.name, self.version, uri, *stamps)
            yield Listed(name=day.replace("/", "-"), uri=uri, root=root, key=key)
        if not some:
            expected = f"expected {root}/A1_JAKE/DAY1/DAY1_A1_JAKE_11094208.mp4 and the like"
            raise SourceUnreachableError(root, f"there is no day of EgoLife in it, {expected}")

    def read(self, listed: Listed) -> Reading:
        """One person's day, with the flaws of files that are left out."""
        return unless_away(listed, _Day(listed).read)


def create_adapter() -> Adapter:
    """The adapter, for the registry."""
    return EgoLifeAdapter()


def read_cues(data: bytes) -> Transcript:
    """Cues of one hour's transcript: the Mandarin is the text, the English its translation.

    The English is the same speaker's next line, a line without a name, or stands in brackets behind the Mandarin.

    Raises:
        TranscriptEncodingError: The bytes are not UTF-8; says where.
    """
    found = [cue for block in timed_lines(decoded(data)) for cue in _cues(block)]
    return Transcript(
        tuple(cue for cue in found if isinstance(cue, Cue)),
        tuple(cue for cue in found if isinstance(cue, RejectedCue)),
    )


def _cues(block: TimedLines | RejectedCue) -> Iterator[Cue | RejectedCue]:
    if isinstance(block, RejectedCue):
        yield block
        return
    for speaker, text, english in _turns(block.said) or [("", "", None)]:
        cue = checked_cue(block.line, block.start_s, block.end_s, speaker, text)
        yield replace(cue, translation=english) if isinstance(cue, Cue) else cue


def _turns(lines: Sequence[str]) -> list[tuple[str, str, str | None]]:
    """Who says what, and the same in English."""
    turns: list[tuple[str, str, str | None]] = []
    for line in map(plain_text, lines):
        turn = _TURN.fullmatch(line)
        speaker, text = (turn["name"], turn["text"]) if turn else ("", line)
        before = turns[-1] if turns else None
        if before is None:
            turns.append((speaker, text, None))
        elif before[2] is None and not _HAN.search(text) and _again(speaker, before):
            alone = _bracketed(text)
            turns[-1] = (before[0], before[1], alone[1] if alone and not alone[0] else text)
        elif speaker:
            turns.append((speaker, text, None))
        else:
            turns[-1] = (before[0], f"{before[1]} {text}", before[2])
    if len(turns) == 1 and turns[0][2] is None:
        speaker, text, _ = turns[0]
        said, english = _bracketed(text) or ("", "")
        if _HAN.search(said) and re.search(r"[A-Za-z]", english) and not _HAN.search(english):
            return [(speaker, said, english)]
    return turns


def _again(speaker: str, before: tuple[str, str, str | None]) -> bool:
    """Whether a line says once more what the turn before it says: it names the same speaker, or follows Mandarin."""
    return speaker == before[0] if speaker else bool(_HAN.search(before[1]))


def _bracketed(text: str) -> tuple[str, str] | None:
    """What stands before, and in, the brackets that end a text; null: it ends without."""
    if not text.endswith(tuple(_CLOSES)):
        return None
    opens = max(text.rfind(bracket) for bracket in _OPENS)
    return None if opens < 0 else (text[:opens].strip(), text[opens + 1 : -1].strip())


def _day_of(entry: Entry) -> str | None:
    """The person's day that a file lies in; the folder alone where no more of it can be read; null: another file."""
    person, _, rest = entry.path.partition("/")
    day, _, file = rest.partition("/")
    if not _PERSON.fullmatch(person):
        return None
    if not rest:
        return person if entry.problem else None
    if not _DAY.fullmatch(day):
        return None
    return f"{person}/{day}" if file or entry.problem else None


@dataclass(frozen=True)
class _Video:
    """One film: its time of day in seconds, the file (not placed yet), and whether it has sound."""

    at_s: float
    file: MediaFile
    sounding: bool


@dataclass
class _Day:
    """Reads one person's day, gathering flaws."""

    listed: Listed
    flaws: list[Flaw] = field(default_factory=list)

    def read(self) -> Reading:
        folder = self.listed.uri.removeprefix(f"{self.listed.root}/")
        person, _, day = folder.partition("/")
        named, number = _PERSON.fullmatch(person), _DAY.fullmatch(day)
        videos = list(self._videos(self._timed(folder, f"{day}_{person}_", ".mp4")))
        if not videos or named is None or number is None:
            lost = "; ".join(flaw.what for flaw in self.flaws[:3])
            what = f"there is no video that can be used{f' ({lost})' if lost else ''}"
            return Reading(None, (Flaw(what, self.listed.uri, "Put the files right and ingest again."),))
        zero_s = videos[0].at_s
        files = [replace(one.file, start_s=round(one.at_s - zero_s, 3)) for one in videos]
        audio = tuple(file for file, one in zip(files, videos, strict=True) if one.sounding)
        clock = str(timedelta(seconds=zero_s))
        metadata = {"day": day, "clock": clock, "calendar": f"invented: {day} is {DAY_ONE:%F} + {int(number[1]) - 1} d"}
        recording = Recording(
            recording_id=f"{EgoLifeAdapter.name}-{person}-{day}",
            dataset=EgoLifeAdapter.name,
            subject_id=named[1],
            subject_reason=None,
            session_group=f"{EgoLifeAdapter.name}-{day}",
            language="zh",
            started_at=DAY_ONE + timedelta(days=int(number[1]) - 1, seconds=zero_s),
            duration_s=max(file.start_s + (file.duration_s or 0.0) for file in files),
            video=Stream(tuple(files)),
            audio=Stream(audio) if audio else Stream(reason="the videos have no sound track"),
            eye=Stream(reason=_NO_EYE),
            eye_fps=None,
            transcript=self._transcripts(f"{TRANSCRIPTS}/{folder}", f"{person}_{day}_", videos),
            labels=Sidecar(reason="EgoLife has no emotion labels"),
            time_domain="calendar",
            synthetic=False,
            metadata=json.dumps(metadata, sort_keys=True),
            gaze=Sidecars(reason=_NO_GAZE),
        )
        return Reading(recording, tuple(self.flaws))

    def _timed(self, folder: str, begins: str, ends: str) -> list[tuple[float, str]]:
        """Time of day and address of a folder's files whose names say it, in order; others are flaws."""
        timed = []
        for entry in walk(self.listed.root, folder):
            file = entry.path.removeprefix(f"{folder}/")
            uri = f"{self.listed.root}/{entry.path}"
            clock = _CLOCK.fullmatch(file.removeprefix(begins)[: -len(ends)])
            if entry.problem:
                self._without(f"{file} is left out: {entry.problem}", uri)
            elif not file.casefold().endswith(ends):
                continue
            elif "/" in file:
                self._without(f"{file} is left out: it lies in a folder of its own", uri)
            elif clock is None or not file.startswith(begins):
                self._without(f"{file} is left out: {_NO_CLOCK.format(begins, ends)}", uri)
            else:
                hours, minutes, seconds, frame = map(int, clock.groups())
                timed.append((hours * 3600 + minutes * 60 + seconds + frame / FRAMES_PER_S, uri))
        return sorted(timed)

    def _videos(self, timed: Sequence[tuple[float, str]]) -> Iterator[_Video]:
        """Files that can be used; of those that begin together the first by name counts."""
        last_s, end_s = None, -1.0
        for at_s, uri in timed:
            name = uri.rpartition("/")[2]
            if at_s == last_s:
                self._without(f"{name} is left out: another file begins then", uri)
                continue
            try:
                with fetched(uri) as file:
                    found = probe(file.path)
                    if not found.video:
                        raise UnreadableMediaError("it has no picture track")
                    if found.duration_s > LONGEST_S:
                        raise UnreadableMediaError(f"it says that it lasts {found.duration_s:.0f} s")
                    kept = MediaFile(uri, file.sha256, file.bytes, 0.0, found.duration_s)
            except FileNotFoundError:
                self._without(f"{name} is left out: it is gone", uri)
                continue
            except UnreadableMediaError as error:
                self._without(f"{name} is left out: {error}", uri)
                continue
            if end_s - at_s > OVERLAP_S:
                what = (
                    f"{name} begins {end_s - at_s:.1f} s before the file before it ends: there the earlier one counts"
                )
                self.flaws.append(Flaw(what, uri, "Nothing is to be done, or remove one."))
            last_s, end_s = at_s, max(end_s, at_s + found.duration_s)
            yield _Video(at_s, kept, found.audio)

    def _transcripts(self, folder: str, begins: str, videos: Sequence[_Video]) -> Sidecars:
        """Each hour's transcript; hours of video without one are a flaw, as nobody listens to them instead."""
        files, hours = [], set()
        for at_s, uri in self._timed(folder, begins, ".srt"):
            try:
                with fetched(uri) as file:
                    start_s = round(at_s - videos[0].at_s, 3)
                    files.append(SidecarFile(uri, file.sha256, file.bytes, start_s, EgoLifeAdapter.name))
                    hours.add(int(at_s // 3600))
            except FileNotFoundError:
                self._without(f"{uri.rpartition('/')[2]} is left out: it is gone", uri)
        if not files:
            return Sidecars(reason=f"there is no transcript in {folder}")
        if missing := sorted({int(one.at_s // 3600) for one in videos} - hours):
            what = f"there is no transcript of the hours {', '.join(map(str, missing))}: nothing said in them is read"
            self._without(what, f"{self.listed.root}/{folder}")
        return Sidecars(tuple(files))

    def _without(self, what: str, uri: str) -> None:
        self.flaws.append(Flaw(what, uri, "Put the file right and ingest again, or leave it so."))
