"""Long votes into columns, in whatever order they come."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osmo.tasks.pivot import NO_ROW, DuplicateRowError, pivot

LABELS = ["joy", "anger", None]
Row = tuple[str, str, str | None]


def votes(rows: list[Row], *, dictionary: bool = False) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [(), (), ()]
    names = ["segment_id", "annotator", "label"]
    table = pa.Table.from_arrays([pa.array(column, pa.string()) for column in columns], names=names)
    if dictionary:
        table = table.set_column(1, "annotator", table["annotator"].dictionary_encode())
        table = table.set_column(2, "label", table["label"].dictionary_encode())
    return table


def words(codes: np.ndarray, labels: pa.Array) -> list[list[str | None]]:
    named = {NO_ROW: "-", -1: None, **dict(enumerate(labels.to_pylist()))}
    return [[named[int(code)] for code in column] for column in codes]


@pytest.mark.parametrize("dictionary", [False, True], ids=["strings", "dictionary"])
def test_places_each_vote_at_its_segment(dictionary: bool) -> None:
    rows: list[Row] = [("b", "v", "joy"), ("a", "v", None), ("zz", "v", "joy"), ("a", "w", "anger"), ("b", "x", "joy")]
    ballots = pivot(pa.array(["a", "b"]), votes(rows, dictionary=dictionary), voters=["w", "v"])
    assert words(ballots.codes, ballots.labels) == [["anger", "-"], [None, "joy"]]


@pytest.mark.parametrize("dictionary", [False, True], ids=["strings", "dictionary"])
def test_no_votes_and_no_segments(dictionary: bool) -> None:
    assert pivot(pa.array(["a"]), votes([], dictionary=dictionary), voters=["v"]).codes.tolist() == [[NO_ROW]]
    empty = pivot(pa.array([], pa.string()), votes([("a", "v", "joy")], dictionary=dictionary), voters=["v"])
    assert empty.codes.shape == (1, 0)


def test_a_vote_that_stands_there_twice_is_refused() -> None:
    with pytest.raises(DuplicateRowError, match=r"'v' on segment 'a'"):
        pivot(pa.array(["a"]), votes([("a", "v", "joy"), ("a", "v", "joy")]), voters=["v"])


def test_a_segment_that_stands_there_twice_is_refused() -> None:
    with pytest.raises(DuplicateRowError, match="Segment 'a'"):
        pivot(pa.array(["a", "b", "a"]), votes([]), voters=["v"])


@settings(deadline=None)
@given(st.data())
def test_any_order_and_any_chunks_give_the_same(data: st.DataObject) -> None:
    ids = data.draw(st.lists(st.text("ab/é", max_size=20), unique=True, max_size=12))
    every = [(segment, voter, data.draw(st.sampled_from(LABELS))) for segment in ids for voter in ("v", "w")]
    kept = data.draw(st.lists(st.sampled_from(every), unique_by=lambda row: row[:2])) if every else []
    kept = data.draw(st.permutations(kept))
    cut = data.draw(st.integers(0, len(kept)))
    table = pa.concat_tables([votes(kept[:cut], dictionary=True), votes(kept[cut:], dictionary=True)])
    ballots = pivot(pa.array(["skip", *ids], pa.string()).slice(1), table, voters=["v", "w"])
    said = {row[:2]: row[2] for row in kept}
    assert words(ballots.codes, ballots.labels) == [[said.get((i, v), "-") for i in ids] for v in ("v", "w")]
