"""The engine: an anti-join, parts as it goes, a row for whatever has no result; an error loses one batch at most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pytest

from osmo.schemas.keys import fingerprint
from osmo.schemas.table import Table
from osmo.schemas.tables import MEDIA, PROBLEMS, RUNS, VERDICTS
from osmo.storage.media import Media, MediaCache
from osmo.storage.store import Store
from osmo.tasks.engine import lacking, run_bucket, todo
from osmo.tasks.stage import Outcome, Problem


@dataclass
class Scorer:
    """A stage over words, whose answer to each is given."""

    words: list[str]
    answer: Callable[[str], Problem | bool | None] = lambda word: None
    flush_rows: int = 2
    version: int = 1
    gone_at: str | None = None
    name: str = "scorer"
    writes: Table = VERDICTS
    computed: list[str] = field(default_factory=list)

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.name, self.version, {})

    def needs(self, bucket: int) -> pa.Table:
        return pa.table(
            {"input_key": pa.array(self.words, pa.string()), "recording_id": pa.array(["r"] * len(self.words))}
        )

    def compute(self, rows: pa.Table, media: Media) -> Outcome:
        words = [str(word) for word in rows["input_key"].to_pylist()]
        self.computed += words
        if self.gone_at in words:
            asked = words[: words.index(self.gone_at)]
            open_ones = [Problem("r", word, False, "it broke", "y", "mend it") for word in words[len(asked) :]]
            return Outcome(VERDICTS.rows(map(_row, asked)), asked, open_ones, pause="x at y: refused")
        answers = {word: self.answer(word) for word in words}
        good = [word for word in words if answers[word] is None or _warned(answers[word])]
        return Outcome(
            VERDICTS.rows(_row(word) for word in good),
            good,
            [one for one in answers.values() if isinstance(one, Problem)],
        )


def _warned(answer: Problem | bool | None) -> bool:
    return isinstance(answer, Problem) and answer.warning


def _row(word: str) -> dict[str, object]:
    return {
        column.name: word if column.type == pa.string() else 8 if pa.types.is_integer(column.type) else None
        for column in VERDICTS.columns
    }


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(str(tmp_path / "store"), buckets=1)


@pytest.fixture
def media(store: Store) -> Media:
    return Media(MediaCache(store.objects), MEDIA.empty())


def fails(*, permanent: bool, warning: bool = False, at: str = "b") -> Callable[[str], Problem | None]:
    def answer(word: str) -> Problem | None:
        return Problem("r", word, permanent, "it broke", f"word {word}", "mend it", warning) if word == at else None

    return answer


def told(store: Store) -> list[tuple[str, str, int]]:
    rows = store.read(PROBLEMS).sort_by("computed_at").to_pylist()
    return [(row["key"], row["status"], row["attempt"]) for row in rows]


def test_only_what_is_missing_is_computed(store: Store, media: Media) -> None:
    stage = Scorer(["a", "b"])
    assert run_bucket(store, stage, 0, media).rows_out == 2
    stage.words = ["a", "c", "b", "d"]
    left = todo(store, stage, 0)
    assert (left.rows["input_key"].to_pylist(), left.present, left.quarantined) == (["c", "d"], 2, 0)
    run_bucket(store, stage, 0, media)
    assert run_bucket(store, stage, 0, media).rows_in == 0
    assert stage.computed == ["a", "b", "c", "d"]
    assert store.read(RUNS).num_rows == 2


def test_another_version_computes_everything_again(store: Store, media: Media) -> None:
    run_bucket(store, Scorer(["a", "b"]), 0, media)
    newer = Scorer(["a", "b"], version=2)
    run_bucket(store, newer, 0, media)
    assert newer.computed == ["a", "b"]


@pytest.mark.parametrize(
    ("answer", "status", "left", "shut"),
    [
        (fails(permanent=True), "permanent", [], 1),
        (fails(permanent=False), "failed", ["b"], 0),
        (fails(permanent=True, warning=True), "warning", [], 0),
        (lambda word: word == "b" or None, "failed", ["b"], 0),
    ],
    ids=["for good", "for now", "warning", "silent"],
)
def test_what_has_no_result_has_a_row(
    store: Store, media: Media, answer: Callable[[str], Problem | bool | None], status: str, left: list[str], shut: int
) -> None:
    stage = Scorer(["a", "b", "c"], answer)
    report = run_bucket(store, stage, 0, media)
    assert told(store) == [("b", status, 1)]
    found = todo(store, stage, 0)
    assert (found.rows["input_key"].to_pylist(), found.quarantined) == (left, shut)
    assert (report.failed, report.quarantined) == (len(left), shut)
    assert lacking(store, stage, 0).num_rows == len(left) + shut


def test_attempts_are_counted_until_it_succeeds(store: Store, media: Media) -> None:
    stage = Scorer(["b"], fails(permanent=False))
    for _ in range(3):
        run_bucket(store, stage, 0, media)
    assert told(store) == [("b", "failed", 1), ("b", "failed", 2), ("b", "failed", 3)]
    stage.answer = lambda word: None
    assert run_bucket(store, stage, 0, media).rows_out == 1
    assert todo(store, stage, 0).rows.num_rows == 0


def test_an_error_in_the_middle_keeps_the_parts_before_it(store: Store, media: Media) -> None:
    def answer(word: str) -> None:
        if word == "e":
            raise MemoryError

    stage = Scorer(list("abcdef"), answer)
    with pytest.raises(MemoryError):
        run_bucket(store, stage, 0, media)
    stage.answer = lambda word: None
    run_bucket(store, stage, 0, media)
    assert stage.computed == list("abcdefef")
    assert store.read(VERDICTS)["input_key"].to_pylist() == list("abcdef")


def test_progress_is_told_after_each_part(store: Store, media: Media) -> None:
    seen: list[tuple[int, int]] = []
    run_bucket(store, Scorer(list("abcde")), 0, media, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(2, 5), (4, 5), (5, 5)]


def test_a_stage_whose_server_is_gone_stores_its_answers_and_asks_no_more(
    store: Store, media: Media, caplog: pytest.LogCaptureFixture
) -> None:
    stage = Scorer(list("abcdefg"), gone_at="d", flush_rows=3)
    report = run_bucket(store, stage, 0, media)
    assert (report.rows_out, report.failed, report.quarantined, report.paused) == (3, 4, 0, "x at y: refused")
    assert stage.computed == list("abcdef"), "g was never asked about"
    assert sorted(told(store)) == [(word, "failed", 1) for word in "defg"]
    waiting = {row["key"]: row["what"] for row in store.read(PROBLEMS).to_pylist()}
    assert (waiting["d"], waiting["g"]) == ("it broke", "x at y: refused")
    assert len(caplog.records) == 1, "thousands that wait are no thousand lines"
    stage.gone_at = None
    assert run_bucket(store, stage, 0, media).rows_out == 4
    assert sorted(store.read(VERDICTS)["annotation_id"].to_pylist()) == list("abcdefg")


def test_a_bucket_of_a_paused_stage_is_not_asked_and_says_why(store: Store, media: Media) -> None:
    stage = Scorer(["a", "b", "c"])
    report = run_bucket(store, stage, 0, media, paused="x at y: refused")
    assert (report.rows_in, report.rows_out, report.failed) == (3, 0, 3)
    assert stage.computed == []
    assert sorted(told(store)) == [(word, "failed", 1) for word in "abc"]
    run_bucket(store, stage, 0, media, paused="x at y: refused")
    assert sorted(told(store)) == [(word, "failed", attempt) for word in "abc" for attempt in (1, 2)]


def test_one_cause_is_one_line_of_the_log(store: Store, media: Media, caplog: pytest.LogCaptureFixture) -> None:
    stage = Scorer(list("abcd"), lambda word: Problem("r", word, False, "it broke", f"word {word}", "mend it"), 4)
    run_bucket(store, stage, 0, media)
    assert [record.getMessage() for record in caplog.records] == ["scorer: it broke (word a and 3 more). mend it"]
