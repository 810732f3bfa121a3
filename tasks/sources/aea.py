"""Aria Everyday Activities: `<root>/loc1_script1_seq1_rec1/{recording.vrs, metadata.json, speech.csv, mps/eye_gaze/}`.

Participants are not named. `speech.csv` has one row a word in nanoseconds of the device's clock; words join into
sentences. Recordings of one scene share place, script and sequence, and name each other in `concurrent_recordings`.
"""

from __future__ import annotations

import csv
import io
import json
import math
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from osmo.tasks.sentences import Word, sentences
from osmo.tasks.sources.adapter import Adapter, Flaw, Listed, Reading, Recording, Sidecar, SidecarFile, Sidecars
from osmo.tasks.sources.gaze_files import gaze_beside
from osmo.tasks.sources.owner_json import read_json, told
from osmo.tasks.sources.places import exists, fetched, join
from osmo.tasks.sources.reading import is_id, listed_folders, unless_away
from osmo.tasks.sources.vrs_parts import KINDS, VrsParts, VrsReader
from osmo.tasks.transcripts import Cue, RejectedCue, Transcript, TranscriptFormatError, checked_cue, decoded

PAUSE_S = 0.8
LONGEST_S = 30.0
_EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
"""Before it there was no such device: a clock that says so was never set."""
_COLUMNS = ("startTime_ns", "endTime_ns", "written")
_NAMED = re.compile(r"loc\d+_script\d+_seq\d+_rec\d+")
_SCENE = re.compile(r"loc\d+_script\d+_seq\d+")
_LEAST = 1e-6  # a confidence of 0 has no logarithm
NS_PER_S = 1_000_000_000


class Metadata(BaseModel):
    """`metadata.json`; what else it says is kept."""

    model_config = ConfigDict(extra="allow", frozen=True)

    location: int | None = None
    script: int | None = None
    sequence: int | None = None
    recording: int | None = None
    concurrent_recordings: Annotated[list[str], BeforeValidator(lambda value: value or [])] = Field(
        default_factory=list
    )

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

    A sentence's confidence is the geometric mean of its words', which is what engines tell of theirs.

    Raises:
        TranscriptEncodingError: The bytes are not UTF-8; says where.
        TranscriptFormatError: It is no CSV, or lacks a column.
    """
    reader = csv.DictReader(io.StringIO(decoded(data), newline=""))
    words: list[Word] = []
    rejected: list[RejectedCue] = []
    try:
        missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise TranscriptFormatError("aea", f"the header lacks {', '.join(missing)}")
        for row in reader:
            word = _word(row, reader.line_num)
            if isinstance(word, RejectedCue):
                rejected.append(word)
            else:
                words.append(word)
    except csv.Error as error:
        raise TranscriptFormatError("aea", f"line {reader.line_num}: {error}") from error
    words.sort(key=lambda word: (word.start_s, word.end_s))
    found = sentences(words, pause_s=PAUSE_S, max_s=LONGEST_S)
    cues = (Cue(one.start_s, one.end_s, None, one.text, words=one.words, confidence=one.confidence) for one in found)
    return Transcript(tuple(cues), tuple(rejected))


def _word(row: Mapping[str, str | None], line: int) -> Word | RejectedCue:
    """A word, or why the row is none."""
    begins, ends = row["startTime_ns"], row["endTime_ns"]
    try:
        start_s, end_s = int(begins or "") / NS_PER_S, int(ends or "") / NS_PER_S
    except (ValueError, OverflowError):
        return RejectedCue(line, f"unreadable time {begins!r:.40} – {ends!r:.40}")
    cue = checked_cue(line, start_s, end_s, "", row["written"] or "")
    if isinstance(cue, RejectedCue):
        return cue
    return Word(start_s, end_s, f" {cue.text}", logprob=_logprob(row.get("confidence")))


def _logprob(confidence: str | None) -> float | None:
    """Logarithm of a word's confidence, 0–1; null: none is given."""
    try:
        said = float(confidence or "")
    except ValueError:
        return None
    return math.log(max(said, _LEAST)) if 0 <= said <= 1 else None


@dataclass
class _Reader:
    """Reads one folder, gathering flaws."""

    listed: Listed
    flaws: list[Flaw] = field(default_factory=list)

    def read(self) -> Reading:
        said = self._metadata()
        name = self.listed.name if _NAMED.fullmatch(self.listed.name) else said.name or self.listed.name
        if not is_id(name):
            what = f"folder name {name!a:.80} cannot be a recording_id"
            return Reading(None, (Flaw(what, self.listed.uri, "Give the folder its owner's name and ingest again."),))
        vrs = self._at("recording.vrs")
        parts = VrsReader().read(dict.fromkeys(KINDS, (vrs,)))
        if parts.zero_s is None or parts.duration_s is None:
            what = f"nothing of it can be read: {parts.video.reason}"
            return Reading(None, (Flaw(what, vrs, "Put the file right and ingest again."),))
        self.flaws += [*parts.damaged, *parts.absent]
        started_at, time_domain = _started_at(parts)
        recording = Recording(
            recording_id=f"{AeaAdapter.name}-{name}",
            dataset=AeaAdapter.name,
            subject_id=None,
            subject_reason="Aria Everyday Activities names no participants",
            session_group=session_group(name, said),
            language="en",
            started_at=started_at,
            duration_s=parts.duration_s,
            video=parts.video,
            audio=parts.audio,
            eye=parts.eye,
            eye_fps=parts.eye_fps,
            transcript=self._transcript(parts.zero_s),
            labels=Sidecar(reason="Aria Everyday Activities has no emotion labels"),
            time_domain=time_domain,
            synthetic=False,
            metadata=json.dumps({**told(said), **_device(parts)}, sort_keys=True, ensure_ascii=False),
            gaze=gaze_beside(self._at("mps/eye_gaze"), parts.zero_s, root=self.listed.root),
        )
        return Reading(recording, tuple(self.flaws))

    def _at(self, path: str) -> str:
        return join(self.listed.uri, path, root=self.listed.root)

    def _metadata(self) -> Metadata:
        said = read_json(self._at("metadata.json"), Metadata, without="sessions are then not known")
        if isinstance(said, Flaw):
            self.flaws.append(said)
            return Metadata()
        return said

    def _transcript(self, zero_s: float) -> Sidecars:
        uri = self._at("speech.csv")
        if not exists(uri):
            return Sidecars(reason=f"{posixpath.basename(uri)} is missing")
        with fetched(uri) as file:
            return Sidecars((SidecarFile(uri, file.sha256, file.bytes, -zero_s, AeaAdapter.name),))


def session_group(name: str, said: Metadata) -> str | None:
    """The scene: place, script and sequence, the earliest of those of all who name each other; null: nothing tells."""
    scenes = [found[0] for found in map(_SCENE.match, (name, *said.concurrent_recordings)) if found]
    return f"{AeaAdapter.name}-{min(scenes)}" if scenes else None


def _started_at(parts: VrsParts) -> tuple[datetime | None, str]:
    """When the device says that it began, to a second; else what its clock maps to; and the domain of that time."""
    mapped_s = parts.clock.utc_s(parts.zero_s) if parts.clock and parts.zero_s is not None else None
    for said in (parts.tags.get("capture_time_epoch"), mapped_s):
        try:
            at = datetime.fromtimestamp(float(said or ""), UTC)
        except (ValueError, OverflowError, OSError):
            continue
        if at >= _EARLIEST:
            return at, "utc"
    return None, "device"


def _device(parts: VrsParts) -> Mapping[str, str | float]:
    """What places it beside others: the device, its clock's time at the start and the time code where there is one."""
    assert parts.zero_s is not None
    said = {name: parts.tags[name] for name in ("device_serial", "recording_profile") if name in parts.tags}
    timecode_s = parts.clock.timecode_s(parts.zero_s) if parts.clock else None
    times = {"device_time_s": parts.zero_s, "timecode_s": timecode_s}
    return {**said, **{name: round(time_s, 6) for name, time_s in times.items() if time_s is not None}}
