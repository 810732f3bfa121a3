"""The bill of a real store: what is left, what was foretold of what is done, and what that took."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from osmo.schemas.config import OsmoConfig, load_config
from osmo.schemas.tables import VOTES
from osmo.storage.store import Store
from osmo.tasks.amounts import Amount
from osmo.tasks.bill import OWN_ROWS, Bill, BillRow, bill, bill_of_hours
from osmo.tasks.coefficients import coefficient_file
from osmo.tasks.ingest import ingest
from osmo.tasks.pipeline import Pipeline

SEGMENTS, CHARS = 300, 11
CONFIG = """
[[sources]]
path = "recordings"
[store]
buckets = 2
[prescreen]
voters = ["valence", "lexicon"]
quorum = 2
reader = "llama3"
[models.valence]
model = "a model that stands for one"
allow_unpinned = true
[models.llama3]
model = "another"
allow_unpinned = true
[cost]
gpu_hour = 2.0
utilisation = 0.5
"""


@pytest.fixture
def config(tmp_path: Path) -> OsmoConfig:
    folder = tmp_path / "recordings" / "r1"
    folder.mkdir(parents=True)
    (folder / "recording.json").write_text(
        json.dumps({"subject_id": "Ann", "language": "en", "duration_s": SEGMENTS * 3, "transcript": "t.csv"})
    )
    lines = [f"{3 * n},{3 * n + 2},Ann,so sad {n:04d}" for n in range(SEGMENTS)]
    (folder / "t.csv").write_text("\n".join(["start_s,end_s,speaker,text", *lines, ""]))
    file = tmp_path / "osmo.toml"
    file.write_text(CONFIG)
    return load_config(file)


@pytest.fixture
def pipeline(config: OsmoConfig) -> Pipeline:
    store = Store.open(config.store.uri, buckets=2)
    ingest(store, config.sources)
    return Pipeline(store, config)


def segmented(pipeline: Pipeline) -> Pipeline:
    for bucket in pipeline.views.buckets:
        pipeline.run_bucket("segment", bucket)
    return pipeline.renew()


def vote(pipeline: Pipeline, count: int, *, tokens_in: int | None, tokens_out: int | None = 5) -> Pipeline:
    """Votes of valence as a model would leave them, on some segments."""
    stage = pipeline.stage("prescreen:valence")
    for bucket in pipeline.views.buckets:
        needed = stage.needs(bucket).slice(0, count)
        rows = VOTES.rows(
            {
                "recording_id": row["recording_id"], "segment_id": row["segment_id"], "annotator": "valence",
                "model_revision": "1", "label": "joy", "tokens_in": tokens_in, "tokens_out": tokens_out, "attempts": 2,
            }
            for row in needed.to_pylist()
        )  # fmt: skip
        keys = needed["input_key"].combine_chunks()
        pipeline.store.append(VOTES, bucket, rows, fingerprint=stage.fingerprint, input_keys=keys)
    return pipeline.renew()


def row_of(found: Bill, stage: str) -> BillRow:
    [row] = [one for one in found.rows if one.stage == stage]
    return row


def test_before_segmentation_everything_is_told_by_ratio(pipeline: Pipeline) -> None:
    row = row_of(bill(pipeline), "prescreen:valence")
    hours = SEGMENTS * 3 / 3600
    assert row.left == Amount()
    assert row.by_ratio.calls == pytest.approx(hours * pipeline.config.cost.segments_per_hour)
    assert (row.done, row.actual) == (0, None)


def test_what_is_left_is_counted_and_priced(pipeline: Pipeline) -> None:
    found = bill(segmented(pipeline))
    row, known = row_of(found, "prescreen:valence"), coefficient_file()
    asked = known.of("voter", "valence")
    assert (row.basis, row.left.calls, row.by_ratio.calls) == ("file", SEGMENTS, 0)
    tokens = asked.prompt_tokens.value + CHARS * known.text.tokens_per_char_en.value
    assert row.left.tokens_in == pytest.approx(SEGMENTS * tokens)
    assert row.left.tokens_out == SEGMENTS * asked.tokens_out.value
    assert row.left.gpu_hours == pytest.approx(SEGMENTS * asked.gpu_s.value / 0.5 / 3600)
    assert row.left.money == pytest.approx((row.left.gpu_hours or 0) * 2.0)
    reader = row_of(found, "reader")
    assert reader.left.calls == pytest.approx(SEGMENTS * known.of("reader", "llama3").share.value)
    total = found.total_left.money
    assert total == pytest.approx((row.left.money or 0) + (reader.left.money or 0))


def test_an_annotator_that_runs_here_costs_only_time(pipeline: Pipeline) -> None:
    ready = segmented(pipeline)
    for bucket in ready.views.buckets:
        ready.run_bucket("prescreen:lexicon", bucket)
    found = bill(ready.renew())
    assert [one.stage for one in found.rows] == ["prescreen:valence", "reader"]
    [here] = [one for one in found.here if one.stage == "prescreen:lexicon"]
    assert here.rows == SEGMENTS
    assert here.seconds is not None and here.seconds > 0
    [never] = [one for one in found.here if one.stage == "judge:rubric"]
    assert (never.rows, never.seconds) == (0, None)


def test_what_is_done_stands_beside_what_was_foretold(pipeline: Pipeline) -> None:
    row = row_of(bill(vote(segmented(pipeline), 100, tokens_in=600)), "prescreen:valence")
    assert (row.done, row.left.calls, row.foretold.calls) == (100, SEGMENTS - 100, 100)
    assert row.actual is not None
    assert (row.actual.calls, row.actual.tokens_in, row.actual.tokens_out) == (200, 60_000, 500)
    assert row.actual.gpu_hours is None, "no run is recorded"
    assert row.ratio.calls == 2
    assert row.ratio.tokens_in == pytest.approx(60_000 / (row.foretold.tokens_in or 1))
    assert row.basis == "file"


def test_two_hundred_rows_of_its_own_say_what_asking_takes(pipeline: Pipeline) -> None:
    row = row_of(bill(vote(segmented(pipeline), OWN_ROWS, tokens_in=600)), "prescreen:valence")
    assert (row.basis, row.left.calls) == ("own rows", SEGMENTS - OWN_ROWS)
    assert row.left.tokens_in == pytest.approx(600 * (SEGMENTS - OWN_ROWS), rel=1e-6)
    assert row.left.tokens_out == pytest.approx(5 * (SEGMENTS - OWN_ROWS))
    assert row.foretold.tokens_in != row.actual.tokens_in, "what was foretold stays what the file says"  # type: ignore[union-attr]


def test_rows_without_tokens_leave_the_files_coefficients(pipeline: Pipeline) -> None:
    before = row_of(bill(segmented(pipeline)), "prescreen:valence")
    row = row_of(bill(vote(pipeline.renew(), OWN_ROWS, tokens_in=None, tokens_out=None)), "prescreen:valence")
    share = (SEGMENTS - OWN_ROWS) / SEGMENTS
    assert row.left.tokens_in == pytest.approx((before.left.tokens_in or 0) * share)
    assert row.actual is not None and row.actual.tokens_in is None
    assert row.ratio.tokens_in is None


def test_runs_say_how_long_the_server_was_had(pipeline: Pipeline) -> None:
    ready = segmented(pipeline)
    for bucket in ready.views.buckets:
        ready.run_bucket("prescreen:valence", bucket)
    row = row_of(bill(ready.renew()), "prescreen:valence")
    assert (row.done, row.left) == (SEGMENTS, Amount())
    assert row.actual is not None and row.actual.gpu_hours and row.actual.money
    assert row.actual.money == pytest.approx(row.actual.gpu_hours * 2.0)


def test_what_failed_for_good_is_not_paid_for(pipeline: Pipeline) -> None:
    from osmo.tasks.engine import write_problems
    from osmo.tasks.stage import Problem

    ready = segmented(pipeline)
    stage = ready.stage("prescreen:valence")
    for bucket in ready.views.buckets:
        keys = stage.needs(bucket)["input_key"].to_pylist()[:10]
        gone = [Problem("r1", str(key), True, "broken", "there", "mend it") for key in keys]
        write_problems(ready.store, stage.name, stage.fingerprint, bucket, gone, {})
    assert row_of(bill(ready.renew()), "prescreen:valence").left.calls == SEGMENTS - 10


def test_the_papers_hours_give_the_papers_counts(tmp_path: Path) -> None:
    file = tmp_path / "osmo.toml"
    file.write_text('profile = "lmm"\n[sense]\nextractors = ["qwen2_5_vl"]\n')
    found = bill_of_hours(load_config(file), 750)
    voter, judge, writer = (row_of(found, one) for one in ("prescreen:desta", "judge:llama3", "sense:llama3"))
    assert voter.by_ratio.calls == pytest.approx(200_000, rel=1e-3)
    assert judge.by_ratio.calls == pytest.approx(3 * 17_800 * 0.843, rel=1e-3)
    assert writer.by_ratio.calls == pytest.approx(17_800 * 0.843 * 0.88, rel=1e-3)
    assert (voter.left, voter.done, found.here) == (Amount(), 0, [])
