"""Raw pulls become annotations; what is unreadable stays a pull with a problem."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from osmo.annotators.human.session import clip_result, region_results
from osmo.schemas.tables import ANNOTATIONS, MEDIA, PULLS
from osmo.schemas.vocabulary import vocabulary
from osmo.storage.media import Media, MediaCache
from osmo.storage.store import Store
from osmo.tasks.annotations import AnnotationStage, current_annotations

AT = datetime(2026, 11, 1, 10, tzinfo=UTC)


def pull(unique_id: str, result: list[Any], **changes: Any) -> dict[str, object]:
    """A row of `PULLS`."""
    cancelled = changes.pop("skipped", False)
    at = AT + timedelta(seconds=changes.pop("later_s", 0))
    payload = {
        "unique_id": unique_id,
        "created_at": AT.isoformat(),
        "updated_at": at.isoformat(),
        "was_cancelled": cancelled,
        "lead_time": 12.5,
        "result": result,
    }
    return {
        "recording_id": "rec-1",
        "clip_id": "clip-1",
        "instance": "i",
        "unique_id": unique_id,
        "annotator_id": "anna",
        "source": "person",
        "updated_at": at,
        "deleted": False,
        "media_sha256": "ab",
        "payload": json.dumps(payload),
    } | changes


def read(*pulls: dict[str, object], tmp_path: Path) -> tuple[pa.Table, list[str]]:
    """Annotations of some pulls, and what the problems say."""
    keys = pa.array([f"key-{index}" for index in range(len(pulls))], pa.string())
    table = PULLS.rows(pulls).append_column("input_key", keys)
    outcome = AnnotationStage(vocabulary(), lambda _: table).compute(table, nothing(tmp_path))
    assert set(outcome.input_keys) | {problem.key for problem in outcome.problems} == set(keys.to_pylist())
    assert all(problem.permanent for problem in outcome.problems)
    return ANNOTATIONS.check(outcome.rows, body=True), [problem.what for problem in outcome.problems]


def nothing(tmp_path: Path) -> Media:
    return Media(MediaCache(Store.open(str(tmp_path / "empty"), buckets=1).objects), MEDIA.empty())


def region(**fields: Any) -> list[Any]:
    return region_results("r1", fields.pop("start_s", 1.0), fields.pop("end_s", 4.5), duration_s=30.0, **fields)


FULL = {
    "concepts": ["anger/anger", "neutral"], "own_words": ["懊恼", "gobsmacked"], "uncertain": True,
    "polarity": "mixed", "intensity": 3, "cause": "Anna broke the cup.",
}  # fmt: skip


def test_a_region_gives_one_row_and_the_clip_another(tmp_path: Path) -> None:
    rows, problems = read(pull("a", [*region(**FULL), clip_result("has_emotion")]), tmp_path=tmp_path)
    whole, one = rows.to_pylist()
    assert not problems
    assert (whole["region_id"], whole["clip_status"], whole["start_s"]) == (None, "has_emotion", None)
    assert (one["start_s"], one["end_s"], one["uncertain"]) == (1.0, 4.5, True)
    assert {"anger/anger", "neutral"} < set(one["emotions"])  # 懊恼 names a concept too
    assert one["own_words"] == ["懊恼", "gobsmacked"]
    assert (one["polarity"], one["intensity"], one["cause"]) == ("mixed", 3, "Anna broke the cup.")
    assert (one["polarity_reason"], one["intensity_reason"], one["cause_reason"]) == (None, None, None)
    assert one["revision"] == int(AT.timestamp() * 1000)
    assert one["lead_time_s"] == 12.5


@pytest.mark.parametrize(("source", "reason"), [("person", "missing"), ("replayed", "not_collected")])
def test_an_absent_field_is_null_with_its_reason(source: str, reason: str, tmp_path: Path) -> None:
    rows, _ = read(pull("a", region(concepts=["joy/joy"]), source=source), tmp_path=tmp_path)
    one = rows.to_pylist()[1]
    for name in ("polarity", "intensity", "cause"):
        assert (one[name], one[f"{name}_reason"]) == (None, reason)


@pytest.mark.parametrize(("start_s", "end_s"), [(2.0, 2.0), (5.0, 1.0), (-1.0, 99.0)], ids=["zero", "backwards", "out"])
def test_impossible_times_stay_for_the_rules_to_refuse(start_s: float, end_s: float, tmp_path: Path) -> None:
    rows, problems = read(pull("a", region(start_s=start_s, end_s=end_s)), tmp_path=tmp_path)
    assert (rows["start_s"][1].as_py(), rows["end_s"][1].as_py()) == (start_s, end_s)
    assert not problems


def test_a_concept_that_the_vocabulary_lacks_is_kept_as_an_own_word(tmp_path: Path) -> None:
    rows, problems = read(pull("a", region(concepts=["of/another", "happy"])), tmp_path=tmp_path)
    one = rows.to_pylist()[1]
    assert one["own_words"] == ["of/another", "happy"]
    assert one["emotions"] == ["joy/joy"]
    assert not problems


def bad(change: dict[str, Any]) -> dict[str, object]:
    row = pull("bad", [])
    return row | {"payload": json.dumps(json.loads(str(row["payload"])) | change)}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (pull("bad", []) | {"payload": "{"}, "Invalid JSON"),
        (bad({"updated_at": "yesterday"}), "updated_at"),
        (bad({"result": [{"id": "r", "from_name": "polarity", "value": {"choices": ["sad"]}}]}), "polarity is ['sad']"),
        (bad({"result": [{"from_name": "cause", "value": {"text": ["x"]}}]}), "belongs to no region"),
        (bad({"result": [{"id": "r", "from_name": "episode", "value": {"start": "NaN", "end": 1}}]}), "start"),
    ],
    ids=["no-json", "bad-time", "unknown-choice", "no-region", "not-finite"],
)
def test_an_unreadable_pull_is_a_permanent_problem_and_the_others_are_read(
    row: dict[str, object], said: str, tmp_path: Path
) -> None:
    rows, problems = read(row, pull("good", region(concepts=["joy/joy"])), tmp_path=tmp_path)
    assert rows.num_rows == 2
    assert len(problems) == 1
    assert said in problems[0]


def test_current_is_the_newest_revision_without_deleted_and_skipped(tmp_path: Path) -> None:
    rows, _ = read(
        pull("edited", region(cause="first words here")),
        pull("edited", region(cause="second words here"), later_s=5),
        pull("gone", region()),
        pull("gone", region(), later_s=6, deleted=True),
        pull("skipped", [], skipped=True),
        pull("kept", [clip_result("no_emotion")]),
        tmp_path=tmp_path,
    )
    current = current_annotations(rows).to_pylist()
    assert {(row["clip_status"], row["region_id"], row["cause"]) for row in current} == {
        (None, None, None),
        (None, "r1", "second words here"),
        ("no_emotion", None, None),
    }
    assert len(current) == 3
    assert current_annotations(ANNOTATIONS.empty()).num_rows == 0


def test_saving_again_without_a_change_keeps_the_content_key(tmp_path: Path) -> None:
    rows, _ = read(
        pull("a", region(**FULL)), pull("a", region(**FULL), later_s=9), pull("a", region(), later_s=10),
        tmp_path=tmp_path,
    )  # fmt: skip
    keys = [row["content_key"] for row in rows.to_pylist() if row["region_id"]]
    assert keys[0] == keys[1] != keys[2]


def test_quarantined_annotations_are_rebuilt_from_the_pulls(tmp_path: Path) -> None:
    store = Store.open(str(tmp_path / "store"), buckets=1)
    pulls = [pull(f"a{index}", [*region(**FULL), clip_result("has_emotion")], later_s=index) for index in range(5)]
    store.append(PULLS, 0, PULLS.rows(pulls), fingerprint="f", input_keys=pa.array([f"k{i}" for i in range(5)]))
    stage = AnnotationStage(vocabulary(), lambda bucket: store.read(PULLS, bucket=bucket))

    def build() -> None:
        outcome = stage.compute(stage.needs(0), nothing(tmp_path))
        keys = pa.array(outcome.input_keys, pa.string())
        store.append(ANNOTATIONS, 0, outcome.rows, fingerprint=stage.fingerprint, input_keys=keys)

    build()
    before = store.read(ANNOTATIONS).drop_columns(["computed_at"])
    path = Path(store.uri) / store.logs.parts(ANNOTATIONS)[0].path
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 3] ^= 1
    path.write_bytes(damaged)
    assert store.read(ANNOTATIONS).num_rows == 0
    build()
    assert store.read(ANNOTATIONS).drop_columns(["computed_at"]).equals(before)
