"""Aria Everyday Activities: `<root>/loc1_script1_seq1_rec1/{recording.vrs, metadata.json, speech.csv, mps/eye_gaze/}`.

Participants are not named. `speech.csv` has one row a word in nanoseconds of the device's clock; words join into
sentences. Recordings of one script that ran together name each other in `concurrent_recordings`.
"""

from __future__ import annotations

import csv
import io
import json
import math
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field

from osmo.tasks.sentences import Word, sentences
from osmo.tasks.sources.adapter import Adapter, Flaw, Listed, Reading, Recording, Sidecar, SidecarFile, Sidecars
from osmo.tasks.sources.gaze_files import gaze_beside
from osmo.tasks.sources.owner_json import OwnerJsonError, read_json
from osmo.tasks.sources.places import exists, fetched
from osmo.tasks.sources.reading import listed_folders, unless_away
from osmo.tasks.sources.vrs_parts import VrsParts, VrsReader
from osmo.tasks.transcripts import Cue, RejectedCue, Transcript, TranscriptFormatError, decoded

PAUSE_S = 0.8
LONGEST_S = 30.0
_EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
"""Before it there was no such device: a clock that says so was never set."""
_COLUMNS = ("startTime_ns", "endTime_ns", "written")
_NAMED = re.compile(r"loc\d+_script\d+_seq\d+_rec\d+")
_NS = 1e-9


class Metadata(BaseModel):
    """`metadata.json`; what else it says is kept."""

    model_config = ConfigDict(extra="allow", frozen=True)

    location: int | None = None
    script: int | None = None
    sequence: int | None = None
    recording: int | None = None
    concurrent_recordings: list[str] = Field(default_factory=list)

    @property
    def name(self) -> str | None:
        """The owner's name of the recording; null: a number is missing."""
        numbers = (self.location, self.script, self.sequence, self.recording)
        return None if None in numbers else "loc{}_script{}_seq{}_rec{}".format(*numbers)


class AeaAdapter:
    """Reads the layout of Aria Everyday Activities, from a disk or an object store."""

    name = "aea"
    version = 1

    def list(self, root: str) -> Iterator[Listed]:
        """Folders below `root` by path, hidden ones left out, opening no file."""
        return listed_folders(root, adapter=self.name, version=self.version, expected="loc1_script1_seq1_rec1")

    def read(self, listed: Listed) -> Reading:
        """One recording, with the flaws of the parts that are left out."""
        return unless_away(listed, _Reader(listed).read)


def create_adapter() -> Adapter:
    """The adapter, for the registry."""
    return AeaAdapter()


def read_cues(data: bytes) -> Transcript:
    """Sentences of a `speech.csv`, with its words; nobody is named in it.

    Raises:
        TranscriptEncodingError: The bytes are not UTF-8; says where.
        TranscriptFormatError: It is no CSV, or lacks a column.
    """
    reader = csv.DictReader(io.StringIO(decoded(data), newline=""))
    words: list[tuple[Word, float]] = []
    rejected: list[RejectedCue] = []
    try:
        missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise TranscriptFormatError("aea", f"the header lacks {', '.join(missing)}")
        for row in reader:
            word = _word(row)
            if isinstance(word, str):
                rejected.append(RejectedCue(reader.line_num, word))
            else:
                words.append(word)
    except csv.Error as error:
        raise TranscriptFormatError("aea", f"line {reader.line_num}: {error}") from error
    words.sort(key=lambda timed: (timed[0].start_s, timed[0].end_s))
    sure = dict(words)
    cues = []
    for one in sentences([word for word, _ in words], pause_s=PAUSE_S, max_s=LONGEST_S):
        known = [sure[word] for word in one.words if math.isfinite(sure.get(word, math.nan))]
        confidence = sum(known) / len(known) if known else None
        cues.append(Cue(one.start_s, one.end_s, None, one.text, words=one.words, confidence=confidence))
    return Transcript(tuple(cues), tuple(rejected))


def _word(row: dict[str, str | None]) -> tuple[Word, float] | str:
    """A word and its confidence (NaN: none), or why the row is none."""
    try:
        start_s, end_s = (int(row[name] or "") * _NS for name in _COLUMNS[:2])
    except ValueError:
        return f"unreadable time {row['startTime_ns']!r} – {row['endTime_ns']!r}"
    text = " ".join((row["written"] or "").split())
    if not text:
        return "no text"
    if not 0 <= start_s < end_s:
        return f"ends before or when it starts: {start_s} – {end_s} s"
    try:
        confidence = float(row.get("confidence") or math.nan)
    except ValueError:
        confidence = math.nan
    return Word(start_s, end_s, f" {text}"), confidence if 0 <= confidence <= 1 else math.nan


@dataclass
class _Reader:
    """Reads one folder, gathering flaws."""

    listed: Listed
    flaws: list[Flaw] = field(default_factory=list)

    def read(self) -> Reading:
        folder = self.listed.uri
        vrs = f"{folder}/recording.vrs"
        parts = VrsReader().read(dict.fromkeys(("video", "audio", "eye"), (vrs,)))
        if parts.zero_s is None or parts.duration_s is None:
            what = f"nothing of it can be read: {parts.video.reason}"
            return Reading(None, (Flaw(what, vrs, "Put the file right and ingest again."),))
        self.flaws += [*parts.damaged, *parts.absent]
        said = self._metadata(folder)
        name = self.listed.name if _NAMED.fullmatch(self.listed.name) else said.name or self.listed.name
        started_at, time_domain = _started_at(parts)
        recording = Recording(
            recording_id=f"{AeaAdapter.name}-{name}",
            dataset=AeaAdapter.name,
            subject_id=None,
            subject_reason="Aria Everyday Activities names no participants",
            session_group=_group(name, said),
            language="en",
            started_at=started_at,
            duration_s=parts.duration_s,
            video=parts.video,
            audio=parts.audio,
            eye=parts.eye,
            eye_fps=parts.eye_fps,
            transcript=self._transcript(f"{folder}/speech.csv", parts.zero_s),
            labels=Sidecar(reason="Aria Everyday Activities has no emotion labels"),
            time_domain=time_domain,
            synthetic=False,
            metadata=json.dumps({**said.model_dump(mode="json"), **_device(parts)}, sort_keys=True, ensure_ascii=False),
            gaze=gaze_beside(f"{folder}/mps/eye_gaze", parts.zero_s),
        )
        return Reading(recording, tuple(self.flaws))

    def _metadata(self, folder: str) -> Metadata:
        try:
            return read_json(f"{folder}/metadata.json", Metadata)
        except OwnerJsonError as error:
            remedy = "Put the file right and ingest again, or leave it so: sessions are then not known."
            self.flaws.append(Flaw(error.problem, error.uri, remedy))
            return Metadata()

    def _transcript(self, uri: str, zero_s: float) -> Sidecars:
        if not exists(uri):
            return Sidecars(reason=f"{posixpath.basename(uri)} is missing")
        with fetched(uri) as file:
            return Sidecars((SidecarFile(uri, file.sha256, file.bytes, -zero_s, AeaAdapter.name),))


def _group(name: str, said: Metadata) -> str | None:
    """The earliest name of those that ran together; null: nobody else was recorded."""
    others = [other for other in said.concurrent_recordings if _NAMED.fullmatch(other)]
    return f"{AeaAdapter.name}-{min([name, *others])}" if others else None


def _started_at(parts: VrsParts) -> tuple[datetime | None, str]:
    """When the device says that it began, to a second, and the domain of that time."""
    try:
        at = datetime.fromtimestamp(int(parts.tags["capture_time_epoch"]), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return None, "device"
    return (at, "utc") if at >= _EARLIEST else (None, "device")


def _device(parts: VrsParts) -> dict[str, str | float]:
    told = {name: parts.tags[name] for name in ("device_serial", "recording_profile") if name in parts.tags}
    return {**told, "device_time_s": round(parts.zero_s or 0.0, 6)}
