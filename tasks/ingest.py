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
from osmo.schemas.keys import content_key
from osmo.schemas.tables import PROBLEMS, RECORDINGS, RUNS
from osmo.storage.store import Store
from osmo.tasks.engine import write_problems
from osmo.tasks.ingest_look import STAGE, Found, Look, Looker, Opened, opened_sources
from osmo.tasks.ingest_memory import Memory
from osmo.tasks.recordings import current_recordings
from osmo.tasks.sources.adapter import Flaw, Listed, Reading
from osmo.tasks.stage import Problem

__all__ = ["STAGE", "IngestReport", "current_recordings", "ingest"]

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
    looker = Looker(Memory.of(store, STAGE), store.erased, opened_sources(sources))
    run = _Run(store, looker.memory)
    done = 0
    for look in looker.looks():
        run.take(look)
        if look.item is not None:
            done += 1
            if progress:
                progress(done, max(done, looker.listed), look.item.name)
    run.settle_sources(looker.sources)
    run.flush()
    count = run.count
    report = IngestReport(
        listed=done,
        unchanged=count[Found.UNCHANGED],
        stored=count[Found.NEW] + count[Found.CHANGED],
        refused=count[Found.REFUSED],
        failed=count[Found.FAILED] + count[Found.UNREACHABLE],
        erased=count[Found.ERASED],
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
    away: set[str] = field(default_factory=set)
    flushed_at: float = field(default_factory=time.monotonic)

    def take(self, look: Look) -> None:
        """Keep what a look gave: a row, the flaws of its parts, or why there is none."""
        if look.found is Found.UNMATCHED:
            self._keep_unmatched(look)
            return
        self.count[look.found] += 1
        if look.item is None:
            assert look.reading is not None, "a source that is away has its reason"
            self.away.add(look.opened.key)
            for flaw in look.reading.flaws:
                self._problem(look.opened.by, look.opened.source.path, look.opened.key, flaw)
        elif look.reading is not None:
            self.count["read"] += 1
            self._keep(look, look.item, look.reading)
            if len(self.rows) >= FLUSH_ROWS or time.monotonic() - self.flushed_at >= FLUSH_S:
                self.flush()

    def settle_sources(self, sources: Sequence[Opened]) -> None:
        """Close the problems of sources that are back."""
        for opened in sources:
            if opened.key in self.memory.problems and opened.key not in self.away:
                self._settle(self.memory.problems.pop(opened.key))

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

    def _keep_unmatched(self, look: Look) -> None:
        keys = set()
        for flaw in look.subjects_flaws:
            key = content_key(look.opened.key, flaw.where, flaw.what)
            keys.add(key)
            if key not in self.memory.problems:
                self.count["warnings"] += 1
                self._problem(look.opened.by, look.opened.source.path, key, flaw, warning=True)
        for problem in self.memory.settled(str(look.opened.source.subjects), keys):
            self._settle(problem)

    def _keep(self, look: Look, item: Listed, reading: Reading) -> None:
        by, recording = look.opened.by, reading.recording
        name = recording.recording_id if recording else ascii(item.name).strip("'")
        keys = set()
        for flaw in () if look.found is Found.ERASED else reading.flaws:
            key = content_key(item.key, flaw.where, flaw.what) if recording else item.key
            keys.add(key)
            self.count["warnings"] += recording is not None
            self._problem(by, name, key, flaw, warning=recording is not None)
        for problem in self.memory.settled(item.uri, keys):
            self._settle(problem)
        if recording and look.found is not Found.ERASED:
            row = recording.row(adapter=look.opened.adapter.name, source_uri=item.uri)
            self.rows.append((by, self.memory.unused_key(by, item.key), row))

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
