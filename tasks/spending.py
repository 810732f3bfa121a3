"""What the finished part of a stage took: tokens and calls by its stored rows, time by the runs of the stage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from osmo.schemas.tables import RUNS
from osmo.storage.store import Store

USAGE = ("tokens_in", "tokens_out", "attempts")
CODED = ("annotator", "label")
BALLOT = ("segment_id", *CODED)
"""What the majority vote counts of a voter's rows."""

_RUN = ("stage", "rows_out", "seconds", "fingerprint", "computed_at")


@dataclass(frozen=True)
class Spent:
    """What stored rows took.

    Attributes:
        rows: Units that have their result.
        calls: Requests made, retries included; null: no row counted them.
        tokens_in: Prompt tokens; null: no row has any.
        tokens_out: Answer tokens; null: no row has any.
        counted: Rows that state their tokens.
        seconds: Time in which the stage ran, however many buckets at once, scaled to all rows where runs that were
            killed left no record; null: no run is recorded.
    """

    rows: int
    calls: int | None
    tokens_in: int | None
    tokens_out: int | None
    counted: int
    seconds: float | None


UNSPENT = Spent(0, None, None, None, 0, None)
"""Of a stage that has no row."""


def runs(store: Store) -> pa.Table:
    """What `spent` reads of `RUNS`."""
    return store.read(RUNS, columns=_RUN)


def spent(rows: pa.Table, recorded: pa.Table, *, stage: str, fingerprint: str) -> Spent:
    """Sum up.

    Args:
        rows: Stored rows of the stage: input_key and `USAGE`; of several rows of a unit, one states what it took.
        recorded: What `runs` gives.
        stage: The stage's name.
        fingerprint: Its fingerprint.
    """
    units = pc.count_distinct(rows["input_key"]).as_py() if rows.num_rows else 0
    mine = pc.and_(
        pc.equal(recorded["stage"], pa.scalar(stage)), pc.equal(recorded["fingerprint"], pa.scalar(fingerprint))
    )
    ran = recorded.filter(mine)
    seconds = _busy_seconds(ran)
    written = pc.sum(ran["rows_out"]).as_py() or 0
    if seconds is not None and rows.num_rows > written > 0:
        seconds *= rows.num_rows / written
    calls, tokens_in, tokens_out = (_sum(rows, name) for name in ("attempts", "tokens_in", "tokens_out"))
    return Spent(
        int(units), calls, tokens_in, tokens_out, rows.num_rows - rows["tokens_in"].null_count,
        seconds if rows.num_rows else None,
    )  # fmt: skip


def _sum(rows: pa.Table, column: str) -> int | None:
    total: int | None = pc.sum(rows[column]).as_py()
    return total


def _busy_seconds(ran: pa.Table) -> float | None:
    """Length of the union of all runs: a server that two buckets ask at once is rented once."""
    if ran.num_rows == 0:
        return None
    end_s = np.asarray(ran["computed_at"].cast(pa.int64()).to_numpy(), np.float64) / 1e6
    start_s = end_s - np.asarray(ran["seconds"].to_numpy(), np.float64)
    order = np.argsort(start_s)
    start_s, end_s = start_s[order], end_s[order]
    covered = np.maximum.accumulate(np.concatenate([[start_s[0]], end_s[:-1]]))
    return float(np.maximum(0.0, end_s - np.maximum(start_s, covered)).sum())
