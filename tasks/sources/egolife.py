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
from osmo.tasks.sources.places import Entry, SourceUnreachableError, absolute, fetched, walk
from osmo.tasks.sources.probe import UnreadableMediaError, probe
from osmo.tasks.sources.reading import unless_away
from osmo.tasks.transcripts import Cue, Transcript, decoded, read_transcript

TRANSCRIPTS = "EgoLifeCap/Transcript"
FRAMES_PER_S = 20
DAY_ONE = datetime(2000, 1, 1, tzinfo=UTC)
"""The owner numbers days and gives no dates: days stand on an invented calendar that keeps their order."""
OVERLAP_S = 0.5

_FOLDER = re.compile(r"(?P<person>A\d+_(?P<name>[A-Z]+))/(?P<day>DAY(?P<number>\d{1,3}))/(?P<file>[^/]+)")
_CLOCK = r"(?P<hours>[01]\d|2[0-3])(?P<minutes>[0-5]\d)(?P<seconds>[0-5]\d)(?P<frame>[01]\d)"
_VIDEO = re.compile(rf"DAY\d+_A\d+_[A-Z]+_{_CLOCK}\.mp4")
_TRANSCRIPT = re.compile(rf"A\d+_[A-Z]+_DAY\d+_{_CLOCK}\.srt")
_HAN = re.compile(r"[\u3400-\u9fff]")
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
        for day, entries in itertools.groupby(walk(root), key=lambda entry: _day_of(entry.path)):
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

    Raises:
        TranscriptEncodingError: The bytes are not UTF-8; says where.
    """
    text = re.sub(r"(?m)^([^\n:：]{1,40})：\s*", r"\1: ", decoded(data))
    read = read_transcript(text.encode(), "srt")
    joined: list[Cue] = []
    for cue in read.cues:
        before = joined[-1] if joined else None
        if before is not None and _is_translation(before, cue):
            joined[-1] = replace(before, translation=cue.text)
        else:
            joined.append(cue)
    return Transcript(tuple(joined), read.rejected)


def _is_translation(one: Cue, other: Cue) -> bool:
    """Whether a turn says in English what the one before it said in Mandarin."""
    same = (one.start_s, one.end_s, one.speaker) == (other.start_s, other.end_s, other.speaker)
    return same and one.translation is None and bool(_HAN.search(one.text)) and not _HAN.search(other.text)


def _day_of(path: str) -> str | None:
    match = _FOLDER.fullmatch(path)
    return f"{match['person']}/{match['day']}" if match else None


def _clock_s(match: re.Match[str]) -> float:
    whole = int(match["hours"]) * 3600 + int(match["minutes"]) * 60 + int(match["seconds"])
    return whole + int(match["frame"]) / FRAMES_PER_S


@dataclass
class _Day:
    """Reads one person's day, gathering flaws."""

    listed: Listed
    flaws: list[Flaw] = field(default_factory=list)

    def read(self) -> Reading:
        folder = self.listed.uri.removeprefix(f"{self.listed.root}/")
        match = _FOLDER.fullmatch(f"{folder}/x")
        assert match is not None, "it was listed"
        timed = self._timed(walk(self.listed.root, folder), _VIDEO, ".mp4")
        videos = list(self._videos(timed))
        if not videos:
            lost = "; ".join(flaw.what for flaw in self.flaws[:3])
            what = f"none of its files can be used{f' ({lost})' if lost else ''}"
            return Reading(None, (Flaw(what, self.listed.uri, "Replace the files and ingest again."),))
        zero_s = videos[0][0]
        video = [replace(file, start_s=round(at_s - zero_s, 3)) for at_s, file, _ in videos]
        audio = [file for file, (_, _, sounding) in zip(video, videos, strict=True) if sounding]
        day, person = match["day"], match["person"]
        started_at = DAY_ONE + timedelta(days=int(match["number"]) - 1, seconds=zero_s)
        metadata = {"day": day, "clock": str(timedelta(seconds=zero_s)), "calendar": f"invented; DAY1 is {DAY_ONE:%F}"}
        recording = Recording(
            recording_id=f"{EgoLifeAdapter.name}-{person}-{day}",
            dataset=EgoLifeAdapter.name,
            subject_id=match["name"],
            subject_reason=None,
            session_group=f"{EgoLifeAdapter.name}-{day}",
            language="zh",
            started_at=started_at,
            duration_s=max(file.start_s + (file.duration_s or 0.0) for file in video),
            video=Stream(tuple(video)),
            audio=Stream(tuple(audio)) if audio else Stream(reason="the videos have no sound track"),
            eye=Stream(reason=_NO_EYE),
            eye_fps=None,
            transcript=self._transcripts(f"{TRANSCRIPTS}/{folder}", zero_s),
            labels=Sidecar(reason="EgoLife has no emotion labels"),
            time_domain="calendar",
            synthetic=False,
            metadata=json.dumps(metadata, sort_keys=True),
            gaze=Sidecars(reason=_NO_GAZE),
        )
        return Reading(recording, tuple(self.flaws))

    def _timed(self, entries: Iterator[Entry], name: re.Pattern[str], suffix: str) -> list[tuple[float, str]]:
        """Time of day and address of files whose names say it, in order; others are flaws."""
        timed = []
        for entry in entries:
            file = entry.path.rpartition("/")[2]
            if not file.endswith(suffix):
                continue
            uri = f"{self.listed.root}/{entry.path}"
            match = name.fullmatch(file)
            if match is None:
                what = f"{file} is left out: its name tells no time (HHMMSS and a frame below {FRAMES_PER_S})"
                self.flaws.append(Flaw(what, uri, "Give it its owner's name and ingest again, or leave it so."))
            else:
                timed.append((_clock_s(match), uri))
        return sorted(timed)

    def _videos(self, timed: Sequence[tuple[float, str]]) -> Iterator[tuple[float, MediaFile, bool]]:
        """Time of day, file and whether it has sound; of files that begin together the first by name counts."""
        end_s = -1.0
        last_s = None
        for at_s, uri in timed:
            file_name = uri.rpartition("/")[2]
            if at_s == last_s:
                self.flaws.append(Flaw(f"{file_name} is left out: another file begins then", uri, "Remove one."))
                continue
            try:
                with fetched(uri) as file:
                    found = probe(file.path)
                    if not found.video:
                        raise UnreadableMediaError("it has no picture track")
                    kept = MediaFile(uri, file.sha256, file.bytes, 0.0, found.duration_s)
            except (UnreadableMediaError, FileNotFoundError) as error:
                problem = str(error) if isinstance(error, UnreadableMediaError) else "it is gone"
                remedy = "Replace it by a whole copy and ingest again, or leave it so."
                self.flaws.append(Flaw(f"{file_name} is left out: {problem}", uri, remedy))
                continue
            if end_s - at_s > OVERLAP_S:
                what = f"{file_name} begins {end_s - at_s:.1f} s before the file before it ends: the earlier one counts"
                self.flaws.append(Flaw(what, uri, "Nothing is to be done, or remove one."))
            last_s, end_s = at_s, max(end_s, at_s + found.duration_s)
            yield at_s, kept, found.audio

    def _transcripts(self, folder: str, zero_s: float) -> Sidecars:
        files = []
        for at_s, uri in self._timed(walk(self.listed.root, folder), _TRANSCRIPT, ".srt"):
            with fetched(uri) as file:
                start_s = round(at_s - zero_s, 3)
                files.append(SidecarFile(uri, file.sha256, file.bytes, start_s, EgoLifeAdapter.name))
        return Sidecars(tuple(files)) if files else Sidecars(reason=f"there is no transcript in {folder}")
