"""From the long votes, one row per (segment, annotator), to one column of label codes per annotator.

Votes are sorted by segment within a part, and every voter met the segments in much the same order: so the row after a
row is nearly always the segment that followed it for an earlier voter. That guess is compared first; only where it
fails is the segment looked up by hash. Both are right in any order of rows; order only makes them quick.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from osmo.tasks.strings import string_buffers

NO_ROW = -2
"""Code of a voter's missing row; an abstention is a row, with code -1."""


class DuplicateRowError(ValueError):
    """A segment, or a voter's vote on one, stands in the tables twice."""

    def __init__(self, what: str, example: str) -> None:
        self.example = example
        super().__init__(
            f"{what} {example!r} stands there twice. Hand over only the rows whose key the active configuration needs."
        )


@dataclass(frozen=True)
class Ballots:
    """Votes in wide form.

    Attributes:
        codes: Shape (voters, segments), int8: index into `labels`, -1: abstained, -2: the voter has no row.
        labels: The labels that occur, as strings.
    """

    codes: npt.NDArray[np.int8]
    labels: pa.Array[Any]


def pivot(segment_ids: pa.Array[Any], votes: pa.Table, *, voters: Sequence[str]) -> Ballots:
    """Place every vote of the active voters at its segment.

    Args:
        segment_ids: The segments, without nulls, each once.
        votes: segment_id, annotator and label, the latter two as strings or dictionary-encoded. Rows of other
            voters and of other segments are passed over.
        voters: The active voters.

    Raises:
        DuplicateRowError: A segment stands there twice, or a voter has two rows on one.
    """
    codes = np.full((len(voters), len(segment_ids)), NO_ROW, np.int8)
    known, index = string_buffers(segment_ids), _empty_index(len(segment_ids))
    twice = _fill_index(*known, index)
    if twice >= 0:
        raise DuplicateRowError("Segment", segment_ids[twice].as_py())
    follower = np.arange(1, len(segment_ids) + 2, dtype=np.int32)
    before = len(segment_ids)
    follower[before] = 0
    vocabulary: dict[str, int] = {}
    places = {name: place for place, name in enumerate(voters)}
    for chunk in votes.select(["segment_id", "annotator", "label"]).to_batches():
        ids = chunk.column("segment_id")
        annotators, names = _encoded(chunk.column("annotator"))
        labels, words = _encoded(chunk.column("label"))
        # The last entry of each is for null, whose code is -1.
        voter_of = np.array([*(places.get(name, -1) for name in names), -1], np.int8)
        label_of = np.array([*(vocabulary.setdefault(word, len(vocabulary)) for word in words), -1], np.int8)
        before, twice = _place(
            *known, *string_buffers(ids), voter_of, annotators, label_of, labels, index, follower, before, codes
        )
        if twice >= 0:
            raise DuplicateRowError(f"The vote of {names[annotators[twice]]!r} on segment", ids[twice].as_py())
    return Ballots(codes, pa.array(list(vocabulary), pa.string()))


def _encoded(column: pa.Array[Any]) -> tuple[npt.NDArray[np.int32], list[str]]:
    """Codes (-1: null) and values of a column."""
    encoded = column if isinstance(column, pa.DictionaryArray) else column.dictionary_encode()
    assert isinstance(encoded, pa.DictionaryArray)
    codes: pa.Array[Any] = encoded.indices.cast(pa.int32())
    if codes.null_count:
        codes = codes.fill_null(pa.scalar(-1, pa.int32()))
    return codes.to_numpy(), [str(value) for value in encoded.dictionary.to_pylist()]


def _empty_index(segments: int) -> npt.NDArray[np.int32]:
    """An open-addressing table at most half full; its length is a power of two."""
    return np.full(1 << max(3, (2 * segments).bit_length()), -1, np.int32)


@numba.njit(cache=True)
def _word(data, at):  # type: ignore[no-untyped-def]  # numba infers the types
    """Eight bytes as a number, least first: written so that the compiler makes one load of it."""
    i = np.uint64(at)
    value = np.uint64(data[i])
    value |= np.uint64(data[i + np.uint64(1)]) << np.uint64(8)
    value |= np.uint64(data[i + np.uint64(2)]) << np.uint64(16)
    value |= np.uint64(data[i + np.uint64(3)]) << np.uint64(24)
    value |= np.uint64(data[i + np.uint64(4)]) << np.uint64(32)
    value |= np.uint64(data[i + np.uint64(5)]) << np.uint64(40)
    value |= np.uint64(data[i + np.uint64(6)]) << np.uint64(48)
    value |= np.uint64(data[i + np.uint64(7)]) << np.uint64(56)
    return value


@numba.njit(cache=True)
def _hash(data, start, end):  # type: ignore[no-untyped-def]
    """FNV-1a over words of eight bytes, then over the bytes that are left."""
    value = np.uint64(14695981039346656037)
    at = start
    while at + 8 <= end:
        value = (value ^ _word(data, at)) * np.uint64(0x9E3779B97F4A7C15)
        value ^= value >> np.uint64(32)
        at += 8
    while at < end:
        value = (value ^ np.uint64(data[np.uint64(at)])) * np.uint64(1099511628211)
        at += 1
    return value ^ (value >> np.uint64(29))


@numba.njit(cache=True)
def _same(a, a_start, a_end, b, b_start, b_end):  # type: ignore[no-untyped-def]
    """Whether two strings are equal."""
    size = a_end - a_start
    if size != b_end - b_start:
        return False
    k = 0
    while k + 8 <= size:
        if _word(a, a_start + k) != _word(b, b_start + k):
            return False
        k += 8
    while k < size:
        if a[np.uint64(a_start + k)] != b[np.uint64(b_start + k)]:
            return False
        k += 1
    return True


@numba.njit(cache=True)
def _fill_index(ends, data, table):  # type: ignore[no-untyped-def]
    """Fill the index with positions; gives that of a duplicate, or -1."""
    mask = np.uint64(len(table) - 1)
    for i in range(len(ends) - 1):
        slot = _hash(data, ends[i], ends[i + 1]) & mask
        while table[slot] >= 0:
            j = table[slot]
            if _same(data, ends[i], ends[i + 1], data, ends[j], ends[j + 1]):
                return i
            slot = (slot + np.uint64(1)) & mask
        table[slot] = i
    return -1


@numba.njit(cache=True)
def _place(  # type: ignore[no-untyped-def]
    ends, data, row_ends, row_data, voter_of, annotators, label_of, labels, table, follower, before, codes
):
    """Write each row's label code at (voter, segment); gives the last row's segment, and a duplicate's row or -1."""
    segments = len(ends) - 1
    mask = np.uint64(len(table) - 1)
    for row in range(len(annotators)):
        voter = voter_of[annotators[row]]
        if voter < 0:
            continue
        start, end = row_ends[row], row_ends[row + 1]
        at = follower[before]
        if at >= segments or not _same(row_data, start, end, data, ends[at], ends[at + 1]):
            slot = _hash(row_data, start, end) & mask
            while table[slot] >= 0:
                at = table[slot]
                if _same(row_data, start, end, data, ends[at], ends[at + 1]):
                    break
                slot = (slot + np.uint64(1)) & mask
            if table[slot] < 0:
                continue
            follower[before] = at
        if codes[voter, at] != NO_ROW:
            return before, row
        codes[voter, at] = label_of[labels[row]]
        before = at
    return before, -1
