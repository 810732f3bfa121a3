"""What is stuck: the latest problem of each unit that still lacks its result."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from osmo.schemas.config import OsmoConfig, load_config
from osmo.schemas.tables import PROBLEMS
from osmo.storage.store import Store
from osmo.tasks.engine import write_problems
from osmo.tasks.ingest import ingest
from osmo.tasks.pipeline import Pipeline
from osmo.tasks.stage import Problem
from osmo.tasks.status import funnel_of, plan, reopen, settle, stuck


@pytest.fixture
def config(tmp_path: Path) -> OsmoConfig:
    folder = tmp_path / "recordings" / "r1"
    folder.mkdir(parents=True)
    (folder / "recording.json").write_text(json.dumps({"duration_s": 9, "transcript": "t.csv"}))
    (folder / "t.csv").write_text("start_s,end_s,text\n0,1,hello there\n")
    file = tmp_path / "osmo.toml"
    file.write_text('[[sources]]\npath = "recordings"\n[store]\nbuckets = 1\n[media]\nproxy_height = 64\n')
    return load_config(file)


@pytest.fixture
def pipeline(config: OsmoConfig) -> Pipeline:
    store = Store.open(config.store.uri, buckets=1)
    ingest(store, config.sources)
    return Pipeline(store, config)


def fail(
    pipeline: Pipeline, key: str, *, stage: str = "segment", permanent: bool = True, warning: bool = False
) -> None:
    problem = Problem("r1", key, permanent, f"{key} broke", "a file", "mend it", warning)
    mark = pipeline.stage(stage).fingerprint if stage in pipeline.stage_names else "f"
    write_problems(pipeline.store, stage, mark, 0, [problem], {})


def unit(pipeline: Pipeline) -> str:
    return str(pipeline.stage("segment").needs(0)["input_key"][0])


def test_the_plan_counts_without_running(pipeline: Pipeline) -> None:
    before = pipeline.store.objects.list("")
    counts = {one.stage: (one.present, one.missing, one.quarantined) for one in plan(pipeline)}
    assert counts["media"] == counts["segment"] == (0, 1, 0)
    assert counts["prescreen:lexicon"] == (0, 0, 0)
    fail(pipeline, unit(pipeline))
    counts = {one.stage: (one.present, one.missing, one.quarantined) for one in plan(pipeline.renew())}
    assert counts["segment"] == (0, 0, 1)
    assert {one.path for one in pipeline.store.objects.list("")} - {one.path for one in before} == {
        one.path for one in pipeline.store.objects.list("logs/problems")
    }


def test_a_unit_that_failed_is_stuck_until_it_has_its_result(pipeline: Pipeline) -> None:
    fail(pipeline, unit(pipeline), permanent=False)
    [one] = stuck(pipeline)
    assert (one.stage, one.recording_id, one.status, one.attempts, one.where) == (
        "segment",
        "r1",
        "failed",
        1,
        "a file",
    )
    pipeline.run_bucket("segment", 0)
    assert stuck(pipeline.renew()) == []


def test_what_nobody_needs_any_more_is_not_stuck(pipeline: Pipeline) -> None:
    fail(pipeline, "a key of an earlier transcript")
    assert stuck(pipeline) == []


def test_ingest_and_collect_are_stuck_until_they_are_settled(pipeline: Pipeline) -> None:
    fail(pipeline, "k", stage="collect")
    assert [one.stage for one in stuck(pipeline)] == ["collect"]
    settle(pipeline.store, "collect", "k", "settled", "Nothing is to be done.")
    assert stuck(pipeline) == []
    rows = pipeline.store.read(PROBLEMS).num_rows
    settle(pipeline.store, "collect", "k", "settled", "Nothing is to be done.")
    settle(pipeline.store, "collect", "another", "settled", "Nothing is to be done.")
    assert pipeline.store.read(PROBLEMS).num_rows == rows


def test_warnings_are_shown_when_asked_for(pipeline: Pipeline) -> None:
    fail(pipeline, unit(pipeline), warning=True)
    assert stuck(pipeline) == []
    assert [one.status for one in stuck(pipeline, warnings=True)] == ["warning"]


def test_reopening_lets_one_stage_or_all_try_again(pipeline: Pipeline) -> None:
    fail(pipeline, unit(pipeline))
    fail(pipeline, str(pipeline.stage("media").needs(0)["input_key"][0]), stage="media")
    assert reopen(pipeline, "segment") == 1
    assert [one.stage for one in stuck(pipeline)] == ["media"]
    assert pipeline.todo("segment", 0).rows.num_rows == 1
    assert pipeline.todo("media", 0).rows.num_rows == 0
    assert reopen(pipeline) == 1
    assert reopen(pipeline) == 0
    assert stuck(pipeline) == []


def test_the_funnel_begins_with_recordings(pipeline: Pipeline) -> None:
    steps = dict(funnel_of(pipeline).steps())
    assert steps["recordings"] == 1
    assert steps["events"] == 0
