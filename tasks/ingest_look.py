"""Looks through sources, recording by recording: what is new, changed, unchanged or refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from osmo.schemas.config import Source
from osmo.schemas.keys import content_key, fingerprint
from osmo.storage.store import Erased
from osmo.tasks.ingest_memory import Memory
from osmo.tasks.sources.adapter import Adapter, Flaw, Listed, Reading
from osmo.tasks.sources.places import SourceUnreachableError
from osmo.tasks.sources.registry import adapter
from osmo.tasks.subjects import Subjects, SubjectsFileError, read_subjects

STAGE = "ingest"
VERSION = 1
SHOWN = 5
"""Names that a message lists."""


class Found(StrEnum):
    """What was found of a recording, or of a source."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    FAILED = "failed"
    ERASED = "erased"
    UNREACHABLE = "unreachable"
    UNMATCHED = "unmatched"


@dataclass(frozen=True)
class Opened:
    """A source with its adapter.

    Attributes:
        source: As configured.
        adapter: Who reads it.
        by: Fingerprint of the adapter: rows that another version read are read anew.
        key: Names the source in `problems`.
    """

    source: Source
    adapter: Adapter
    by: str
    key: str


@dataclass(frozen=True)
class Look:
    """One look at a recording, or at a source that cannot be listed.

    Attributes:
        opened: The source.
        found: The result; `UNREACHABLE` is of the source itself, `UNMATCHED` of its subjects file.
        item: The recording as listed; null: the source itself.
        reading: What reading gave; null: it was not opened.
        subjects_flaws: Of an `UNMATCHED` subjects file; empty: every name in it is of a recording.
    """

    opened: Opened
    found: Found
    item: Listed | None = None
    reading: Reading | None = None
    subjects_flaws: tuple[Flaw, ...] = ()


@dataclass
class Looker:
    """Looks through sources in two passes, so that no listing need fit into memory.

    The first pass finds which recordings of the store stand unchanged: they keep their ids against others. The second
    opens what is new or changed; where nothing is, there is none.

    Attributes:
        memory: What the store remembers; brought up to date while looking.
        erased: What must not be taken.
        sources: What to look through, in order.
        listed: Recordings listed by the first pass.
        open: Of those, the ones that are to be opened.
    """

    memory: Memory
    erased: Erased
    sources: Sequence[Opened]
    listed: int = 0
    open: int = 0
    _subjects: dict[str, Subjects] = field(default_factory=dict)
    _matched: set[tuple[str, str]] = field(default_factory=set)

    def looks(self) -> Iterator[Look]:
        """A look per recording in the order of sources and paths; sources that cannot be listed come first."""
        there = []
        for opened in self.sources:
            flaw = self._survey(opened)
            if flaw is not None:
                yield Look(opened, Found.UNREACHABLE, reading=Reading(None, (flaw,)))
                continue
            there.append(opened)
            if opened.source.subjects is not None:
                yield self._unmatched(opened, opened.source.subjects)
        for opened in there:
            try:
                for item in self._list(opened):
                    yield self._look(opened, item)
            except SourceUnreachableError as error:  # it went away between the passes
                flaw = Flaw(error.problem, error.place, error.remedy, passing=True)
                yield Look(opened, Found.UNREACHABLE, reading=Reading(None, (flaw,)))

    def _survey(self, opened: Opened) -> Flaw | None:
        try:
            self._subjects[opened.key] = read_subjects(opened.source.subjects)
            for item in self._list(opened):
                self.listed += 1
                if item.name in self._subjects[opened.key].by_recording:
                    self._matched.add((opened.key, item.name))
                if self.memory.holds(opened.by, item.key):
                    self.memory.standing.add(item.uri)
                elif not self.memory.refused(item.key):
                    self.open += 1
        except (SourceUnreachableError, SubjectsFileError) as error:
            return Flaw(error.problem, error.place, error.remedy, passing=True)
        return None

    def _unmatched(self, opened: Opened, file: str) -> Look:
        """Names in the subjects file that no recording of the source has: likely misspelt."""
        names = self._subjects[opened.key].by_recording
        strange = sorted(name for name in names if (opened.key, name) not in self._matched)
        flaws: tuple[Flaw, ...] = ()
        if strange:
            shown = ", ".join(ascii(name) for name in strange[:SHOWN]) + (", …" if len(strange) > SHOWN else "")
            what = f"{len(strange)} of {len(names)} names are of no recording of {opened.source.path}: {shown}"
            flaws = (Flaw(what, file, "Name recordings as `osmo ingest --dry-run` lists them, or leave it so."),)
        return Look(opened, Found.UNMATCHED, subjects_flaws=flaws)

    def _list(self, opened: Opened) -> Iterator[Listed]:
        """The listing; a recording whose subject the user names changes with that name."""
        subjects = self._subjects[opened.key].by_recording
        for item in opened.adapter.list(opened.source.path):
            named = subjects.get(item.name)
            yield item if named is None else replace(item, key=content_key(item.key, "subject", named))

    def _look(self, opened: Opened, item: Listed) -> Look:
        if self.memory.holds(opened.by, item.key):
            return Look(opened, Found.UNCHANGED, item)
        if self.memory.refused(item.key):
            return Look(opened, Found.REFUSED, item)
        reading = self._unless_taken(self._named(opened, item, opened.adapter.read(item)), item)
        recording = reading.recording
        if recording is None:
            passing = any(flaw.passing for flaw in reading.flaws)
            return Look(opened, Found.FAILED if passing else Found.REFUSED, item, reading)
        if recording.recording_id in self.erased.recordings or recording.subject_id in self.erased.subjects:
            return Look(opened, Found.ERASED, item, reading)
        found = Found.CHANGED if self.memory.knows(item.uri) else Found.NEW
        self.memory.keep(recording.recording_id, item.uri)
        return Look(opened, found, item, reading)

    def _named(self, opened: Opened, item: Listed, reading: Reading) -> Reading:
        """Fill in the subject that the user names; what the owner says stands."""
        named = self._subjects[opened.key].by_recording.get(item.name)
        recording = reading.recording
        if named is None or recording is None or recording.subject_id == named:
            return reading
        if recording.subject_id is None:
            return replace(reading, recording=replace(recording, subject_id=named, subject_reason=None))
        what = f"its owner names subject {recording.subject_id!r}, the subjects file {named!r}: the owner's is used"
        flaw = Flaw(what, item.uri, f"Take {item.name} out of {opened.source.subjects}, or mend it.")
        return replace(reading, flaws=(*reading.flaws, flaw))

    def _unless_taken(self, reading: Reading, item: Listed) -> Reading:
        if reading.recording is None:
            return reading
        owner = self.memory.owner(reading.recording.recording_id, item.uri)
        if owner is None:
            return reading
        what = f"recording_id {reading.recording.recording_id!r} is already that of {owner}"
        remedy = (
            "Give one of them another recording_id and ingest again; or remove one, `osmo retry`, and ingest again."
        )
        return Reading(None, (Flaw(what, item.uri, remedy),))


def opened_sources(sources: Sequence[Source]) -> list[Opened]:
    """Sources with their adapters.

    Raises:
        UnknownExtensionError: One names an adapter that does not exist.
    """
    return [_opened(source, adapter(source.adapter)) for source in sources]


def _opened(source: Source, reader: Adapter) -> Opened:
    by = fingerprint(STAGE, VERSION, {"adapter": reader.name, "version": reader.version})
    return Opened(source, reader, by, content_key(STAGE, source.adapter, source.path))
