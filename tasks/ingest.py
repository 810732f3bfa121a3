"""Ingest: lists the sources, reads what is new or changed, and says what is wrong with the rest."""

from __future__ import annotations

import os
import socket
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from osmo.schemas.config import Source
from osmo.schemas.keys import content_key, fingerprint
from osmo.schemas.tables import PROBLEMS, RECORDINGS, RUNS
from osmo.storage.store import Store
from osmo.tasks.engine import write_problems
from osmo.tasks.ingest_memory import Memory
from osmo.tasks.recordings import current_recordings
from osmo.tasks.sources.adapter import Adapter, Flaw, Listed, Reading, Recording
from osmo.tasks.sources.places import SourceUnreachableError
from osmo.tasks.sources.registry import adapter
from osmo.tasks.stage import Problem

__all__ = ["STAGE", "IngestReport", "current_recordings", "ingest"]

STAGE = "ingest"
VERSION = 1
FLUSH_ROWS = 512
FLUSH_S = 20.0
"""Recordings read, or seconds, between two writes: a kill costs at most so much reading."""

Progress = Callable[[int, int, str], None]
"""Called with recordings looked at, recordings listed and the name of the last one."""


@dataclass(frozen=True)
class IngestReport:
    """What one ingest did, in recordings.

    Attributes:
        listed: Found in the sources.
        unchanged: Already in the store as they are; nothing was opened.
        stored: New or changed, now in the store.
        refused: Cannot be taken until they are changed; `problems` says why.
        failed: Could not be reached, sources included; tried again the next time.
        erased: Left out because they or their subject were erased.
        warnings: Parts of stored recordings that were left out.
        seconds: Wall-clock time.
    """

    listed: int
    unchanged: int
    stored: int
    refused: int
    failed: int
    erased: int
    warnings: int
    seconds: float


def ingest(store: Store, sources: Sequence[Source], *, progress: Progress | None = None) -> IngestReport:
    """Bring `RECORDINGS` up to date with the sources.

    Of two folders with one recording_id the one that the store has stays while it stands unchanged, otherwise the
    first by order of sources and paths. May be killed at any moment and repeated at will.

    Args:
        store: Where recordings and problems go.
        sources: What to look through, in order.
        progress: Told after each recording.

    Raises:
        UnknownExtensionError: A source names an adapter that does not exist; nothing is read.
        StoreUnreachableError: The store cannot be written.
    """
    started = time.perf_counter()
    readers = [adapter(source.adapter) for source in sources]
    run = _Run(store, Memory.of(store, STAGE))
    listed = [(r, item) for source, r in zip(sources, readers, strict=True) for item in run.listed(source, r)]
    run.memory.standing = {item.uri for r, item in listed if run.memory.holds(_by(r), item.key)}
    for done, (reader, item) in enumerate(listed, start=1):
        run.take(reader, item)
        if progress:
            progress(done, len(listed), item.name)
    run.flush()
    count = run.count
    report = IngestReport(
        listed=len(listed),
        unchanged=count["unchanged"],
        stored=count["stored"],
        refused=count["refused"],
        failed=count["failed"],
        erased=count["erased"],
        warnings=count["warnings"],
        seconds=time.perf_counter() - started,
    )
    if run.count["read"]:
        _record(store, report, run.count["read"])
    return report


@dataclass
class _Run:
    """One ingest under way, with the rows and problems that wait to be written."""

    store: Store
    memory: Memory
    count: Counter[str] = field(default_factory=Counter)
    rows: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)  # fingerprint, input key, row
    problems: list[tuple[str, Problem]] = field(default_factory=list)  # fingerprint, problem
    settled: list[dict[str, object]] = field(default_factory=list)
    flushed_at: float = field(default_factory=time.monotonic)

    def listed(self, source: Source, reader: Adapter) -> list[Listed]:
        key = content_key(STAGE, source.adapter, source.path)
        try:
            found = list(reader.list(source.path))
        except SourceUnreachableError as error:
            self.count["failed"] += 1
            self._problem(_by(reader), source.path, key, Flaw(error.problem, error.place, error.remedy, passing=True))
            return []
        if key in self.memory.problems:
            self._settle(self.memory.problems.pop(key))
        return found

    def take(self, reader: Adapter, item: Listed) -> None:
        """Read one recording, unless the store has it as it is, or it was refused for good as it is."""
        by = _by(reader)
        if self.memory.holds(by, item.key):
            self.count["unchanged"] += 1
        elif self.memory.refused(item.key):
            self.count["refused"] += 1
        else:
            self._read(by, reader, item)
            self.count["read"] += 1
            if len(self.rows) >= FLUSH_ROWS or time.monotonic() - self.flushed_at >= FLUSH_S:
                self.flush()

    def flush(self) -> None:
        """Write what waits: problems first, so that no kill leaves a recording whose warning was lost."""
        buckets: dict[tuple[str, int], list[Problem]] = defaultdict(list)
        for by, problem in self.problems:
            buckets[by, self.store.bucket(problem.recording_id)].append(problem)
        for (by, bucket), problems in buckets.items():
            write_problems(self.store, STAGE, by, bucket, problems, self.memory.attempts)
        self.store.append_rows(PROBLEMS, self.settled)
        parts: dict[tuple[str, int], list[tuple[str, dict[str, object]]]] = defaultdict(list)
        for by, key, row in self.rows:
            parts[by, self.store.bucket(str(row["recording_id"]))].append((key, row))
        for (by, bucket), listed in parts.items():
            body = RECORDINGS.rows(row for _, row in listed)
            keys = pa.array([key for key, _ in listed], pa.string())
            self.store.append(RECORDINGS, bucket, body, fingerprint=by, input_keys=keys)
        self.rows, self.problems, self.settled = [], [], []
        self.flushed_at = time.monotonic()

    def _read(self, by: str, reader: Adapter, item: Listed) -> None:
        reading = self._unless_taken(reader.read(item), item)
        recording = reading.recording
        erased = recording is not None and self._erased(recording)
        name = recording.recording_id if recording else ascii(item.name).strip("'")
        keys = set()
        for flaw in () if erased else reading.flaws:
            key = content_key(item.key, flaw.where, flaw.what) if recording else item.key
            keys.add(key)
            self.count["warnings" if recording else "failed" if flaw.passing else "refused"] += 1
            self._problem(by, name, key, flaw, warning=recording is not None)
        for problem in self.memory.settled(item.uri, keys):
            self._settle(problem)
        if erased:
            self.count["erased"] += 1
        elif recording:
            self.count["stored"] += 1
            self.memory.keep(recording.recording_id, item.uri)
            row = recording.row(adapter=reader.name, source_uri=item.uri)
            self.rows.append((by, self.memory.unused_key(by, item.key), row))

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

    def _erased(self, recording: Recording) -> bool:
        erased = self.store.erased
        return recording.recording_id in erased.recordings or recording.subject_id in erased.subjects

    def _problem(self, by: str, name: str, key: str, flaw: Flaw, *, warning: bool = False) -> None:
        problem = Problem(name, key, not flaw.passing, flaw.what, flaw.where, flaw.remedy, warning=warning)
        self.problems.append((by, problem))

    def _settle(self, problem: Mapping[str, object]) -> None:
        """Close a problem whose files have changed or whose place is back."""
        names = ("recording_id", "stage", "key", "attempt", "where")
        told = {name: problem[name] for name in names}
        self.settled.append(
            {
                **told,
                "status": "reopened",
                "what": "settled: it was read again since",
                "remedy": "Nothing is to be done.",
            }
        )


def _by(reader: Adapter) -> str:
    return fingerprint(STAGE, VERSION, {"adapter": reader.name, "version": reader.version})


def _record(store: Store, report: IngestReport, read: int) -> None:
    row: dict[str, object] = {
        "stage": STAGE,
        "bucket": 0,
        "rows_in": read,
        "rows_out": report.stored,
        "abstained": 0,
        "quarantined": report.refused,
        "failed": report.failed,
        "seconds": report.seconds,
        "attempts": read,
        "cost": 0.0,
        "host": f"{socket.gethostname()}:{os.getpid()}",
    }
    store.append_rows(RUNS, [row])
