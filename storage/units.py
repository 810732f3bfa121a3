"""Whether a unit, rows of one (fingerprint, input_key), lies in more than one part: asked at every reading of a log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_WORD = 8


def may_repeat(columns: Sequence[pa.ChunkedArray[Any]], part_rows: Sequence[int]) -> bool:
    """Whether some unit may lie in two parts; false is certain.

    Keys are digests of one width, so a weighted sum of their words tells units apart, and two parts without an equal
    sum share no unit. Keys of several widths are not compared here: then the answer is that they may.

    Args:
        columns: The strings that name a unit, without nulls, over all parts.
        part_rows: Rows of each part, in order.
    """
    total = np.zeros(sum(part_rows), np.uint64)
    for salt, column in enumerate(columns, start=1):
        words = _words(column.combine_chunks())
        if words is None:
            return True
        total += words @ _odd_numbers(words.shape[1], salt)
    ordered = np.sort(total)
    if not np.any(ordered[1:] == ordered[:-1]):
        return False
    # Rows of one unit are equal within their part; the sort is stable, so parts ascend within equal sums.
    order = np.argsort(total, kind="stable")
    part = np.repeat(np.arange(len(part_rows)), part_rows)[order]
    equal = total[order[1:]] == total[order[:-1]]
    return bool(np.any(equal & (part[1:] != part[:-1])))


def _odd_numbers(count: int, salt: int) -> npt.NDArray[np.uint64]:
    """Fixed odd factors, others for each column."""
    return np.random.default_rng(salt).integers(0, 2**63, count, np.uint64) * np.uint64(2) + np.uint64(1)


def _words(strings: pa.Array[Any]) -> npt.NDArray[np.uint64] | None:
    """Strings of one width as rows of 8-byte words; null: words do not fill their width, or it varies."""
    if len(strings) == 0:
        return np.empty((0, 0), np.uint64)
    _, offsets, data = strings.buffers()
    assert offsets is not None
    ends = np.frombuffer(memoryview(offsets), np.int32)[strings.offset : strings.offset + len(strings) + 1]
    width = int(ends[1] - ends[0])
    if width % _WORD or np.any(np.diff(ends) != width):
        return None
    if width == 0 or data is None:
        return np.empty((len(strings), 0), np.uint64)
    return np.frombuffer(memoryview(data)[ends[0] : ends[-1]], np.uint64).reshape(len(strings), width // _WORD)
