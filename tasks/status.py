"""What a store holds and lacks: the plan per stage, the funnel, and what is stuck and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from osmo.schemas.keys import content_key
from osmo.schemas.tables import PROBLEMS
from osmo.storage.store import Store
from osmo.tasks.acceptance import accepted_regions
from osmo.tasks.funnel import Funnel, funnel
from osmo.tasks.pipeline import Pipeline


@dataclass(frozen=True)
class StagePlan:
    """What a stage has and lacks, in units of its input.

    Attributes:
        stage: Its name.
        present: Units that have their result.
        missing: Units that the next build computes.
        quarantined: Units that failed for good; `osmo retry` reopens them.
    """

    stage: str
    present: int
    missing: int
    quarantined: int


@dataclass(frozen=True)
class Stuck:
    """The latest problem of one unit."""

    stage: str
    recording_id: str
    key: str
    status: str
    attempts: int
    what: str
    where: str
    remedy: str


def plan(pipeline: Pipeline) -> Iterator[StagePlan]:
    """What each stage has and lacks, in order; nothing runs.

    A stage whose input an earlier stage has yet to make shows what it would need of the input that is there.
    """
    for name in pipeline.stage_names:
        left = [pipeline.todo(name, bucket) for bucket in pipeline.views.buckets]
        yield StagePlan(
            name,
            sum(one.present for one in left),
            sum(one.rows.num_rows for one in left),
            sum(one.quarantined for one in left),
        )


def funnel_of(pipeline: Pipeline) -> Funnel:
    """The funnel of a store."""
    views = pipeline.views
    annotations = views.everywhere(views.annotations)
    accepted = accepted_regions(
        annotations,
        views.everywhere(views.findings),
        views.everywhere(views.verdicts),
        views.everywhere(views.reviews),
        accept_score=pipeline.config.quality.accept_score,
    )
    return funnel(
        recordings=views.all_recordings(),
        segments=views.everywhere(views.segments),
        candidates=views.everywhere(views.candidates),
        clips=views.everywhere(views.clips),
        annotations=annotations,
        accepted=accepted,
        events=views.all_events(),
    )


def stuck(store: Store, *, warnings: bool = False) -> list[Stuck]:
    """What failed and was not made good: the latest problem of each unit, by stage and place.

    Args:
        store: Whose problems.
        warnings: Whether warnings are listed too: there is a result, but something was left out.
    """
    rows = store.read(PROBLEMS).sort_by("computed_at").to_pylist()
    latest: dict[tuple[str, str, str], dict[str, object]] = {}
    for row in rows:
        if row["status"] == "warning":
            if warnings:
                latest[row["stage"], row["key"], row["what"]] = row
            continue
        latest[row["stage"], row["key"], ""] = row
    found = [
        Stuck(
            stage=str(row["stage"]),
            recording_id=str(row["recording_id"]),
            key=str(row["key"]),
            status=str(row["status"]),
            attempts=int(str(row["attempt"])),
            what=str(row["what"]),
            where=str(row["where"]),
            remedy=str(row["remedy"]),
        )
        for row in latest.values()
        if row["status"] != "reopened"
    ]
    return sorted(found, key=lambda one: (one.stage, one.where, one.what))


def reopen(store: Store, problems: list[Stuck]) -> int:
    """Let the next build try again what failed for good; gives how many units."""
    shut = [problem for problem in problems if problem.status == "permanent"]
    rows = store.read(PROBLEMS, columns=["fingerprint", "stage", "key", "attempt", "status"]).to_pylist()
    marks = {(row["stage"], row["key"], row["fingerprint"]) for row in rows if row["status"] == "permanent"}
    for problem in shut:
        row: dict[str, object] = {
            "recording_id": problem.recording_id,
            "stage": problem.stage,
            "key": problem.key,
            "attempt": problem.attempts,
            "status": "reopened",
            "what": "reopened",
            "where": problem.where,
            "remedy": "Run `osmo build`.",
        }
        for stage, key, mark in marks:
            if (stage, key) == (problem.stage, problem.key):
                _append(store, row, mark)
    return len(shut)


def _append(store: Store, row: dict[str, object], fingerprint: str) -> None:
    bucket = store.bucket(str(row["recording_id"]))
    body = PROBLEMS.rows([row])
    key = content_key("reopened", str(row["stage"]), str(row["key"]), int(str(row["attempt"])))
    store.append(PROBLEMS, bucket, body, fingerprint=fingerprint, input_keys=pa.array([key]))
