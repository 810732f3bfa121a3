"""Which row of a recording counts."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc


def current_recordings(rows: pa.Table) -> pa.Table:
    """The row that counts of each recording: the latest `computed_at`, of equal ones the largest `input_key`.

    Args:
        rows: Rows of `RECORDINGS`, with at least recording_id, computed_at and input_key.

    Returns:
        The same columns, one row per recording_id, in its order.
    """
    if rows.num_rows == 0:
        return rows
    order = pc.sort_indices(
        rows, sort_keys=[("recording_id", "ascending"), ("computed_at", "descending"), ("input_key", "descending")]
    )
    ordered = rows.take(order)
    ids = ordered["recording_id"].combine_chunks()
    first = pc.not_equal(ids[1:], ids[:-1])
    return ordered.filter(pa.concat_arrays([pa.array([True]), first]))
