"""The judge's stage through the engine with a real chat server: rows, abstentions, open rows and a pause."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from osmo.annotators import registry
from osmo.schemas.config import QualityConfig
from osmo.schemas.endpoints import Endpoint, Models
from osmo.schemas.tables import MEDIA, PROBLEMS, SEGMENTS, VERDICTS
from osmo.storage.media import Media, MediaCache
from osmo.storage.store import Store
from osmo.tasks.engine import BucketReport, run_bucket, todo
from osmo.tasks.qa.findings import findings
from osmo.tasks.qa.injections import outcomes, pass_rate, try_injections
from osmo.tasks.qa.verdicts import JudgeStage

GOOD = json.dumps({"rationale": "Every criterion is met.", "score": 9})
PROSE = "I would give this a 10, well done!"
NOWHERE = Endpoint(
    url="http://127.0.0.1:9/v1", model="m", revision="0" * 40, max_attempts=2, backoff_s=0.0, gone_after_s=0.0
)

Answering = Callable[[str], Any]
Build = Callable[..., pa.Table]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(str(tmp_path / "store"), buckets=1)


@pytest.fixture
def stage(annotations: Build, clips: Build) -> Callable[..., JudgeStage]:
    """The stage over ten good regions and one that is too short."""

    def bind(endpoint: Endpoint, flush_rows: int = 4) -> JudgeStage:
        good = (
            {"region_id": f"r{n}", "annotator_id": f"p{n}", "start_s": float(n), "end_s": n + 2.0} for n in range(10)
        )
        said = annotations(*good, {"region_id": "short", "start_s": 20.0, "end_s": 20.3})
        windows = clips(("c1", 60.0, 90.0))
        return JudgeStage(
            registry.judge("llama3", Models({"llama3": endpoint})),
            annotations=lambda _: said,
            findings=lambda _: findings(said, windows, QualityConfig()),
            clips=lambda _: windows,
            segments=lambda _: SEGMENTS.empty(),
            flush_rows=flush_rows,
        )

    return bind


def run(store: Store, stage: JudgeStage) -> BucketReport:
    return run_bucket(store, stage, 0, Media(MediaCache(store.objects), MEDIA.empty()))


def test_every_region_gets_a_row_with_its_score_and_what_it_took(
    store: Store, stage: Callable[..., JudgeStage], answering_server: Answering
) -> None:
    judging = stage(answering_server(GOOD).endpoint())
    report = run(store, judging)
    assert (report.rows_in, report.rows_out, report.failed, report.attempts, report.paused) == (10, 10, 0, 10, None)
    rows = store.read(VERDICTS).to_pylist()
    assert {row["region_id"] for row in rows} == {f"r{n}" for n in range(10)}
    for row in rows:
        assert (row["judge"], row["score"], row["rationale"], row["raw_text"]) == (
            "llama3", 9, "Every criterion is met.", GOOD,
        )  # fmt: skip
        assert row["prompt_sha"] is not None
        assert "@sha256:" in row["judge_revision"]
        assert row["tokens_in"] > 1_000
        assert row["latency_ms"] > 0
        assert row["attempts"] == 1
    assert todo(store, judging, 0).rows.num_rows == 0


def test_a_server_off_the_schema_leaves_abstentions_with_what_it_said(
    store: Store, stage: Callable[..., JudgeStage], answering_server: Answering
) -> None:
    report = run(store, stage(answering_server(PROSE).endpoint()))
    assert (report.rows_out, report.abstained, report.failed, report.attempts) == (10, 10, 0, 20)
    for row in store.read(VERDICTS).to_pylist():
        assert (row["score"], row["rationale"], row["raw_text"], row["attempts"]) == (None, None, PROSE, 2)
        assert row["abstain_reason"].startswith("unreadable: the answer is not one JSON object")


def test_a_dead_server_leaves_rows_open_and_pauses_and_another_build_goes_on(
    store: Store, stage: Callable[..., JudgeStage], answering_server: Answering
) -> None:
    report = run(store, stage(NOWHERE))
    assert report.paused is not None
    assert report.paused.startswith("llama3 at http://127.0.0.1:9/v1: ")
    assert (report.rows_out, report.failed) == (0, 10)
    problems = store.read(PROBLEMS).to_pylist()
    assert len(problems) == 10
    assert {row["status"] for row in problems} == {"failed"}
    assert sum(", region r" in row["where"] for row in problems) == 4  # a batch; the rest was not asked
    assert all("osmo annotators check" in row["remedy"] for row in problems)
    assert store.read(VERDICTS).num_rows == 0
    again = run(store, stage(answering_server(GOOD).endpoint()))
    assert (again.rows_in, again.rows_out) == (10, 10)


def test_where_the_same_weights_answer_does_not_matter(
    store: Store, stage: Callable[..., JudgeStage], answering_server: Answering
) -> None:
    server = answering_server(GOOD)
    run(store, stage(server.endpoint()))
    moved = stage(server.endpoint(url="http://127.0.0.1:9/v1"))
    assert todo(store, moved, 0).rows.num_rows == 0


@pytest.mark.parametrize(("answer", "outcome", "rate"), [(GOOD, "poor_accepted", None), (PROSE, "passed", 1.0)])
def test_injections_are_tried_on_the_model_at_hand(
    answering_server: Answering, answer: str, outcome: str, rate: float | None
) -> None:
    judge = registry.judge("llama3", Models({"llama3": answering_server(answer).endpoint()}))
    trials = try_injections(judge, accept_score=8, kinds=("long",))
    assert outcomes(trials) == {outcome: len(trials)}
    assert pass_rate(trials) == rate
    assert {one.kind for one in trials} == {"long"}
    assert all((one.abstain_reason is None) == (answer == GOOD) for one in trials)
