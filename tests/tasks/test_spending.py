"""What rows took, and how long a stage ran."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from osmo.tasks.spending import spent

AT = datetime(2026, 11, 1, tzinfo=UTC)


def rows(*given: tuple[str, int | None, int | None, int | None]) -> pa.Table:
    types = {"input_key": pa.string(), "tokens_in": pa.int64(), "tokens_out": pa.int64(), "attempts": pa.int32()}
    columns = [list(values) for values in zip(*given, strict=True)] or [[] for _ in types]
    return pa.table(
        [pa.array(values, kind) for values, kind in zip(columns, types.values(), strict=True)], names=list(types)
    )


def runs(*given: tuple[str, str, int, float, float]) -> pa.Table:
    """Stage, fingerprint, rows written, start and end in seconds."""
    return pa.table(
        {
            "stage": pa.array([one[0] for one in given], pa.string()),
            "fingerprint": pa.array([one[1] for one in given], pa.string()),
            "rows_out": pa.array([one[2] for one in given], pa.int64()),
            "seconds": pa.array([one[4] - one[3] for one in given], pa.float64()),
            "computed_at": pa.array([AT + timedelta(seconds=one[4]) for one in given], pa.timestamp("us", "UTC")),
        }
    )


def test_tokens_and_calls_are_summed_and_a_unit_of_six_rows_is_one() -> None:
    stored = rows(("a", 10, 2, 1), ("a", None, None, None), ("b", 30, 4, 3))
    found = spent(stored, runs(), stage="s", fingerprint="f")
    assert (found.rows, found.calls, found.tokens_in, found.tokens_out, found.counted) == (2, 4, 40, 6, 2)
    assert found.seconds is None


@pytest.mark.parametrize(
    ("spans", "seconds"),
    [
        ([(0, 10), (20, 25)], 15),
        ([(0, 10), (5, 15)], 15),
        ([(0, 30), (5, 15), (29, 31)], 31),
        ([(5, 15), (0, 10)], 15),
    ],
    ids=["apart", "overlapping", "one-inside", "in-another-order"],
)
def test_buckets_that_ran_at_once_are_counted_once(spans: list[tuple[float, float]], seconds: float) -> None:
    recorded = runs(*(("s", "f", 1, start, end) for start, end in spans))
    stored = rows(*((str(place), 1, 1, 1) for place in range(len(spans))))
    assert spent(stored, recorded, stage="s", fingerprint="f").seconds == pytest.approx(seconds)


def test_runs_of_others_and_of_other_fingerprints_do_not_count() -> None:
    recorded = runs(("s", "old", 1, 0, 100), ("t", "f", 1, 0, 100), ("s", "f", 1, 0, 2))
    assert spent(rows(("a", 1, 1, 1)), recorded, stage="s", fingerprint="f").seconds == pytest.approx(2)


def test_rows_of_a_run_that_was_killed_take_as_long_as_the_others() -> None:
    recorded = runs(("s", "f", 2, 0, 10))
    stored = rows(*((key, 1, 1, 1) for key in "abcd"))
    assert spent(stored, recorded, stage="s", fingerprint="f").seconds == pytest.approx(20)


def test_nothing_done_took_nothing() -> None:
    found = spent(rows(), runs(("s", "f", 0, 0, 10)), stage="s", fingerprint="f")
    assert (found.rows, found.calls, found.tokens_in, found.seconds) == (0, None, None, None)
