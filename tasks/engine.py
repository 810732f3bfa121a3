"""The stage engine: what is missing is an anti-join; a bucket is run by computing what is missing, part by part."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from osmo.schemas.keys import content_key
from osmo.schemas.tables import PROBLEMS, RUNS
from osmo.storage.media import Media
from osmo.storage.store import Store
from osmo.tasks.problems import problem_rows
from osmo.tasks.stage import Outcome, Problem, Stage

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Called with units done and units to do."""


@dataclass(frozen=True)
class Todo:
    """What a stage has left to do in a bucket.

    Attributes:
        rows: The input rows that are missing.
        present: Units that have their result.
        quarantined: Units that failed for good and wait for `osmo retry`.
        attempts: For units that failed before: how often.
    """

    rows: pa.Table
    present: int
    quarantined: int
    attempts: dict[str, int]


@dataclass(frozen=True)
class BucketReport:
    """What one run of a stage over a bucket did; the columns of `RUNS`, and why it paused, if it did."""

    stage: str
    bucket: int
    rows_in: int
    rows_out: int
    abstained: int
    quarantined: int
    failed: int
    seconds: float
    attempts: int
    cost: float
    paused: str | None = None


def todo(store: Store, stage: Stage, bucket: int) -> Todo:
    """The anti-join of a bucket: units needed minus units present minus units that failed for good."""
    needed = stage.needs(bucket)
    rows = _without_result(store, stage, bucket, needed)
    if rows.num_rows == 0:
        return Todo(rows, needed.num_rows, 0, {})
    failed_for_good, attempts = _earlier_failures(store, stage, bucket)
    gone = pc.is_in(rows["input_key"], value_set=pa.array(sorted(failed_for_good), pa.string()))
    open_rows = rows.filter(pc.invert(gone))
    return Todo(open_rows, needed.num_rows - rows.num_rows, rows.num_rows - open_rows.num_rows, attempts)


def lacking(store: Store, stage: Stage, bucket: int) -> pa.Table:
    """Input rows that have no result, those that failed for good among them."""
    return _without_result(store, stage, bucket, stage.needs(bucket))


def _without_result(store: Store, stage: Stage, bucket: int, needed: pa.Table) -> pa.Table:
    if needed.num_rows == 0:
        return needed
    stored = store.read(stage.writes, bucket=bucket, columns=["input_key"], fingerprints=[stage.fingerprint])
    present = pc.is_in(needed["input_key"], value_set=stored["input_key"].combine_chunks())
    return needed.slice(0, 0) if pc.all(present).as_py() else needed.filter(pc.invert(present))


def run_bucket(
    store: Store,
    stage: Stage,
    bucket: int,
    media: Media,
    *,
    progress: Progress | None = None,
    paused: str | None = None,
) -> BucketReport:
    """Compute what is missing in a bucket, a part every `stage.flush_rows` input rows.

    May be killed at any moment and repeated at will: what is stored is never computed again. Problems are written
    before the rows they go with, so that no kill leaves a result whose warning was lost. Where the stage pauses, what
    it answered is stored, and every unit that is left gets its row in `problems` without being asked about.

    Args:
        store: Where results go.
        stage: What to run.
        bucket: Where.
        media: What the stage may hear and see.
        progress: Told after each part.
        paused: Why the stage cannot go on, where that is known: then nothing is computed.

    Returns:
        Counts; where anything was missing they are a row of `runs` too.
    """
    started = time.perf_counter()
    left = todo(store, stage, bucket)
    total = left.rows.num_rows
    out = abstained = quarantined = failed = calls = 0
    cost = 0.0
    for offset in range(0, total, stage.flush_rows):
        if paused is not None:
            waiting = _waiting(stage, left.rows.slice(offset), paused)
            write_problems(store, stage.name, stage.fingerprint, bucket, waiting, left.attempts, quiet=True)
            failed += len(waiting)
            break
        batch = left.rows.slice(offset, stage.flush_rows)
        outcome = _complete(stage, batch, stage.compute(batch, media))
        write_problems(store, stage.name, stage.fingerprint, bucket, outcome.problems, left.attempts)
        keys = pa.array(list(outcome.input_keys), pa.string())
        store.append(stage.writes, bucket, outcome.rows, fingerprint=stage.fingerprint, input_keys=keys)
        out += outcome.rows.num_rows
        abstained += _abstained(outcome.rows)
        quarantined += sum(problem.permanent for problem in outcome.problems if not problem.warning)
        failed += sum(not problem.permanent for problem in outcome.problems if not problem.warning)
        calls += outcome.attempts or batch.num_rows
        cost += outcome.cost
        paused = outcome.pause
        if progress:
            progress(min(offset + stage.flush_rows, total), total)
    seconds = time.perf_counter() - started
    report = BucketReport(stage.name, bucket, total, out, abstained, quarantined, failed, seconds, calls, cost, paused)
    if total:
        _record(store, report, stage.fingerprint)
    return report


def write_problems(
    store: Store,
    stage: str,
    fingerprint: str,
    bucket: int,
    problems: Sequence[Problem],
    attempts: dict[str, int],
    *,
    quiet: bool = False,
) -> None:
    """Store problems; the same problem of the same attempt is one row however often it is written.

    Args:
        store: Where.
        stage: Who met them.
        fingerprint: Under which.
        bucket: Where.
        problems: What was met.
        attempts: Earlier attempts by key.
        quiet: Whether the log stays silent: thousands that have one cause are said once, by who knows it.
    """
    if not problems:
        return
    rows = problem_rows(stage, problems, attempts)
    keys = [
        content_key(fingerprint, str(row["key"]), int(str(row["attempt"])), str(row["status"]), str(row["what"]))
        for row in rows
    ]
    store.append(PROBLEMS, bucket, PROBLEMS.rows(rows), fingerprint=fingerprint, input_keys=pa.array(keys, pa.string()))
    if not quiet:
        _say(stage, problems)


def _say(stage: str, problems: Sequence[Problem]) -> None:
    """One line of the log for each cause, however many units it met."""
    by_cause: dict[tuple[str, str, bool], list[Problem]] = {}
    for problem in problems:
        by_cause.setdefault((problem.what, problem.remedy, problem.warning), []).append(problem)
    for (what, remedy, warning), alike in by_cause.items():
        more = f" and {len(alike) - 1} more" if len(alike) > 1 else ""
        log.log(
            logging.INFO if warning else logging.WARNING, "%s: %s (%s%s). %s", stage, what, alike[0].where, more, remedy
        )


def _waiting(stage: Stage, rows: pa.Table, reason: str) -> list[Problem]:
    """A problem for each input row that a paused stage did not ask about."""
    remedy = "Build again once its server answers: `osmo annotators check` tries it."
    return [
        Problem(str(recording), str(key), False, reason, f"{stage.name}, {recording}", remedy)
        for key, recording in zip(rows["input_key"].to_pylist(), rows["recording_id"].to_pylist(), strict=True)
    ]


def _complete(stage: Stage, batch: pa.Table, outcome: Outcome) -> Outcome:
    """Add a problem for each input row that has neither a result nor a problem: nothing is dropped in silence."""
    answered = set(outcome.input_keys) | {problem.key for problem in outcome.problems}
    silent = [
        Problem(
            recording_id=str(recording),
            key=str(key),
            permanent=False,
            what="the stage gave neither a result nor a reason",
            where=f"{stage.name}, {recording}",
            remedy="This is a defect of the stage: report it with the recording.",
        )
        for key, recording in zip(batch["input_key"].to_pylist(), batch["recording_id"].to_pylist(), strict=True)
        if key not in answered
    ]
    return replace(outcome, problems=[*outcome.problems, *silent])


def _earlier_failures(store: Store, stage: Stage, bucket: int) -> tuple[set[str], dict[str, int]]:
    """Keys that failed for good and were not reopened, and how often each key was tried."""
    rows = store.read(PROBLEMS, bucket=bucket, fingerprints=[stage.fingerprint])
    counted = pc.and_(
        pc.equal(rows["stage"], pa.scalar(stage.name)), pc.not_equal(rows["status"], pa.scalar("warning"))
    )
    rows = rows.filter(counted)
    latest: dict[str, str] = {}
    attempts: dict[str, int] = {}
    for row in rows.sort_by("computed_at").select(["key", "status", "attempt"]).to_pylist():
        latest[row["key"]] = row["status"]
        attempts[row["key"]] = max(attempts.get(row["key"], 0), row["attempt"])
    return {key for key, status in latest.items() if status == "permanent"}, attempts


def _abstained(rows: pa.Table) -> int:
    if "abstain_reason" not in rows.column_names:
        return 0
    return rows.num_rows - rows["abstain_reason"].null_count


def _record(store: Store, report: BucketReport, fingerprint: str) -> None:
    host = f"{socket.gethostname()}:{os.getpid()}"
    counts = {name: value for name, value in vars(report).items() if name != "paused"}
    store.append_rows(RUNS, [{**counts, "host": host}], fingerprint=fingerprint)
