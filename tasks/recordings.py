"""Which row of a recording counts, and what transcripts it names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

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


def transcript_files(recording: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Values of `SIDECAR_FILE` of a recording's transcripts in order of time; empty: it has none.

    Rows from before `transcript` was a column name one file, whose suffix is its format; its size is not known there.
    """
    if recording["transcript"]:
        return sorted(recording["transcript"], key=lambda file: (file["start_s"], file["uri"]))
    uri = recording["transcript_uri"]
    if uri is None:
        return []
    kind = PurePosixPath(uri).suffix.casefold().removeprefix(".")
    return [{"uri": uri, "sha256": recording["transcript_sha256"], "bytes": 0, "start_s": 0.0, "format": kind}]
