"""What a store holds and lacks: the plan per stage, the funnel, and what is stuck and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from osmo.schemas.keys import content_key
from osmo.schemas.tables import PROBLEMS
from osmo.storage.store import Store
from osmo.tasks.acceptance import accepted_regions
from osmo.tasks.engine import lacking
from osmo.tasks.funnel import Funnel, funnel
from osmo.tasks.pipeline import Pipeline
from osmo.tasks.stage import Stage


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
        clips=views.everywhere(views.wanted_clips),
        annotations=annotations,
        accepted=accepted,
        events=views.all_events(),
    )


def stuck(pipeline: Pipeline, *, warnings: bool = False) -> list[Stuck]:
    """What failed and was not made good: the latest problem of each unit, by stage and place.

    A unit that got its result since, or that the configuration no longer needs, is not stuck.

    Args:
        pipeline: Whose problems.
        warnings: Whether to list too what was left out of results, and parts that failed verification.
    """
    latest: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in pipeline.store.read(PROBLEMS).sort_by("computed_at").to_pylist():
        if row["status"] == "reopened":  # whatever stood against this unit before, warnings too, is settled
            latest = {place: one for place, one in latest.items() if place[:2] != (row["stage"], row["key"])}
            continue
        warned = row["status"] in ("warning", "quarantined")
        if not warned or warnings:
            latest[row["stage"], row["key"], row["what"] if warned else ""] = row
    standing = _Standing(pipeline)
    found = [
        Stuck(
            stage=str(row["stage"]),
            recording_id=str(row["recording_id"]),
            key=str(row["key"]),
            status=str(row["status"]),
            attempts=int(row["attempt"]),
            what=str(row["what"]),
            where=str(row["where"]),
            remedy=str(row["remedy"]),
        )
        for row in latest.values()
        if standing.holds(row)
    ]
    return sorted(found, key=lambda one: (one.stage, one.where, one.what))


class _Standing:
    """Which keys the stages of a pipeline need, and which of them lack their result; read when first asked for."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._needed: dict[str, set[str]] = {}
        self._lacking: dict[str, set[str]] = {}

    def holds(self, problem: Mapping[str, Any]) -> bool:
        """Whether a problem still stands; of what is no stage of the pipeline (ingest, collect) it always does."""
        name = problem["stage"]
        if name not in self._pipeline.stage_names:
            return True
        stage = self._pipeline.stage(name)
        if problem["fingerprint"] != stage.fingerprint:
            return False
        if name not in self._needed:
            self._read(stage)
        keys = self._needed if problem["status"] == "warning" else self._lacking
        return problem["key"] in keys[name]

    def _read(self, stage: Stage) -> None:
        needed: set[str] = set()
        missing: set[str] = set()
        for bucket in self._pipeline.views.buckets:
            needed.update(map(str, stage.needs(bucket)["input_key"].to_pylist()))
            missing.update(map(str, lacking(self._pipeline.store, stage, bucket)["input_key"].to_pylist()))
        self._needed[stage.name], self._lacking[stage.name] = needed, missing


def reopen(pipeline: Pipeline, stage: str | None = None) -> int:
    """Let the next build try again what failed for good.

    Args:
        pipeline: Whose problems.
        stage: Only this stage's; null: every stage's.

    Returns:
        How many units were reopened.
    """
    shut = [one for one in stuck(pipeline) if one.status == "permanent" and stage in (None, one.stage)]
    for one in shut:
        settle(pipeline.store, one.stage, one.key, "reopened", "Run `osmo build`.")
    return len(shut)


def settle(store: Store, stage: str, key: str, what: str, remedy: str) -> None:
    """Close the problems of one unit: its next try counts afresh. Without a problem nothing is written."""
    rows = store.read(PROBLEMS)
    rows = rows.filter(pc.and_(pc.equal(rows["stage"], pa.scalar(stage)), pc.equal(rows["key"], pa.scalar(key))))
    latest = {row["fingerprint"]: row for row in rows.sort_by("computed_at").to_pylist() if row["status"] != "warning"}
    for mark, row in latest.items():
        if row["status"] == "reopened":
            continue
        body = {name: row[name] for name in PROBLEMS.body_schema.names}
        body |= {"status": "reopened", "what": what, "remedy": remedy}
        at = content_key("reopened", stage, key, row["attempt"], row["input_key"])
        bucket = store.bucket(row["recording_id"])
        store.append(PROBLEMS, bucket, PROBLEMS.rows([body]), fingerprint=mark, input_keys=pa.array([at]))
