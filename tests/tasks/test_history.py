"""Which earlier events an event may know."""

from __future__ import annotations

import time

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osmo.tasks.history import history

SCHEMA = pa.schema(
    {
        "event_id": pa.string(), "subject_id": pa.string(), "recording_id": pa.string(),
        "start_s": pa.float64(), "end_s": pa.float64(), "t_s": pa.float64(),
    }
)  # fmt: skip
Row = tuple[str, str | None, str, float, float, float | None]


def events(*rows: Row) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], schema=SCHEMA)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("a", "s", "r", 0, 5, 0), ("b", "s", "r", 8, 9, 8)], {"a": (), "b": (("a", 3.0),)}),
        ([("a", "s", "r", 0, 5, 0), ("b", "s", "r", 5, 9, 5)], {"a": (), "b": (("a", 0.0),)}),
        ([("a", "s", "r", 0, 5, 0), ("b", "s", "r", 4, 9, 4)], {"a": (), "b": ()}),
        ([("a", "s", "r1", 0, 5, 0), ("b", "s", "r2", 1, 2, 101)], {"a": (), "b": (("a", 96.0),)}),
        ([("a", "s", "r1", 0, 5, 0), ("b", "t", "r1", 8, 9, 8)], {"a": (), "b": ()}),
        ([("a", None, "r1", 0, 5, 0), ("b", None, "r1", 8, 9, 8)], {"a": (), "b": (("a", 3.0),)}),
        ([("a", None, "r1", 0, 5, 0), ("b", None, "r2", 8, 9, 8)], {"a": (), "b": ()}),
        ([("a", "s", "r1", 0, 5, None), ("b", "s", "r2", 8, 9, None)], {"a": (), "b": ()}),
        ([("a", "s", "r1", 0, 5, None), ("b", "s", "r1", 8, 9, None)], {"a": (), "b": (("a", 3.0),)}),
        ([("a", "s", "r", 5, 5, 5), ("b", "s", "r", 5, 5, 5)], {"a": (), "b": ()}),
    ],
    ids=[
        "gap-from-end-to-start", "touching", "overlapping", "another-recording-of-the-subject", "another-subject",
        "no-subject-same-recording", "no-subject-other-recording", "no-clock-other-recording",
        "no-clock-same-recording", "no-length",
    ],
)  # fmt: skip
def test_history(rows: list[Row], expected: dict[str, object]) -> None:
    assert history(events(*rows), 4) == expected


def test_the_latest_n_are_given_latest_last() -> None:
    rows: list[Row] = [(name, "s", "r", 10.0 * k, 10.0 * k + 2, 10.0 * k) for k, name in enumerate("abcdef")]
    assert [event for event, _ in history(events(*rows), 3)["f"]] == ["c", "d", "e"]
    assert history(events(*rows), 0)["f"] == ()


def test_latest_means_ended_last() -> None:
    rows: list[Row] = [("long", "s", "r", 0, 9, 0), ("short", "s", "r", 2, 3, 2), ("now", "s", "r", 10, 12, 10)]
    assert history(events(*rows), 1)["now"] == (("long", 1.0),)


def test_no_events_have_no_history() -> None:
    assert history(events(), 4) == {}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["s", "t", None]), st.sampled_from("pq"), st.integers(0, 30), st.integers(1, 9)),
        max_size=25,
    ),
    st.integers(0, 5),
)
def test_history_is_what_the_definition_says(places: list[tuple[str | None, str, int, int]], n: int) -> None:
    rows: list[Row] = [(f"e{i:02d}", s, r, a, a + d, a + 5.0) for i, (s, r, a, d) in enumerate(places)]
    found = history(events(*rows), n)
    for event, subject, recording, start, _, _ in rows:
        theirs = [
            (end, begin, other)
            for other, s, r, begin, end, _ in rows
            if end <= start and (s == subject if subject else s is None and r == recording)
        ]
        latest = sorted(theirs)[-n:] if n else []
        assert found[event] == tuple((other, float(start - end)) for end, _, other in latest)


def test_twenty_thousand_events_take_well_under_a_few_seconds() -> None:
    rows: list[Row] = [(f"e{i}", f"s{i % 20}", f"r{i % 400}", i, i + 3.0, float(i)) for i in range(20_000)]
    table = events(*rows)
    began = time.perf_counter()
    found = history(table, 4)
    assert time.perf_counter() - began < 5
    assert len(found) == 20_000
