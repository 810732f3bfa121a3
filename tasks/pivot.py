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
import pyarrow.compute as pc

NO_ROW = -2
"""Code of a voter's missing row; an abstention is a row, with code -1."""

_DUPLICATE_VOTE = -1
_DUPLICATE_SEGMENT = -2


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
    annotators, names = _encoded(votes["annotator"])
    labels, vocabulary = _encoded(votes["label"])
    assert len(vocabulary) < 128, f"{len(vocabulary)} labels do not fit into int8"
    known = {name: index for index, name in enumerate(voters)}
    voter_of = np.array([*(known.get(str(name), -1) for name in names.to_pylist()), -1], np.int8)  # the last: of null
    codes = np.full((len(voters), len(segment_ids)), NO_ROW, np.int8)
    ids = votes["segment_id"].combine_chunks()
    assert ids.null_count == 0, "a vote without a segment"
    where, row = _place(*string_buffers(segment_ids), *string_buffers(ids), voter_of, annotators, labels, codes)
    if where == _DUPLICATE_SEGMENT:
        raise DuplicateRowError("Segment", segment_ids[row].as_py())
    if where == _DUPLICATE_VOTE:
        name = names[int(annotators[row])].as_py()
        raise DuplicateRowError(f"The vote of {name!r} on segment", ids[row].as_py())
    return Ballots(codes, vocabulary)


def string_order(ids: pa.Array[Any]) -> npt.NDArray[np.int64]:
    """Positions that sort strings (without nulls) by their bytes, equal ones by position.

    Ids are hexadecimal digests, so the first eight bytes nearly always tell two apart, and integers sort quickly.
    """
    prefixes = np.empty(len(ids), np.uint64)
    _prefixes(*string_buffers(ids), prefixes)
    order: npt.NDArray[np.int64] = np.argsort(prefixes)
    ordered = prefixes[order]
    if np.count_nonzero(ordered[1:] == ordered[:-1]) > len(ids) // 100 + 8:
        return pc.sort_indices(ids).to_numpy().astype(np.int64)
    for start, end in _ties(ordered):
        tied = order[start:end].tolist()
        order[start:end] = sorted(tied, key=lambda position: (ids[position].as_py().encode(), position))
    return order


def string_buffers(strings: pa.Array[Any]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Offsets (n + 1) and bytes of a `string` array."""
    if len(strings) == 0:
        return np.zeros(1, np.int32), np.zeros(1, np.uint8)
    _, offsets, data = strings.buffers()
    assert offsets is not None
    ends = np.frombuffer(memoryview(offsets), np.int32)[strings.offset : strings.offset + len(strings) + 1]
    return ends, np.frombuffer(memoryview(data), np.uint8) if data is not None and data.size else np.zeros(1, np.uint8)


def _encoded(column: pa.ChunkedArray[Any]) -> tuple[npt.NDArray[np.int32], pa.Array[Any]]:
    """Codes (-1: null) and values of a column."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    if column.num_chunks > 1:
        column = column.unify_dictionaries()
    encoded = column.combine_chunks()
    assert isinstance(encoded, pa.DictionaryArray)
    codes: pa.Array[Any] = encoded.indices.cast(pa.int32())
    if codes.null_count:
        codes = codes.fill_null(pa.scalar(-1, pa.int32()))
    return codes.to_numpy(), encoded.dictionary.cast(pa.string())


def _ties(ordered: npt.NDArray[np.uint64]) -> list[tuple[int, int]]:
    """Runs of equal values, as (start, end)."""
    bounds = np.flatnonzero(np.diff(ordered)) + 1
    starts, ends = np.concatenate([[0], bounds]), np.concatenate([bounds, [len(ordered)]])
    longer = ends - starts > 1
    return list(zip(starts[longer].tolist(), ends[longer].tolist(), strict=True))


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
def _prefixes(ends, data, prefixes):  # type: ignore[no-untyped-def]
    """The first eight bytes of each string as a big-endian number; shorter ones end in zeros."""
    for i in range(len(prefixes)):
        value = np.uint64(0)
        for k in range(8):
            value = value << np.uint64(8)
            if ends[i] + k < ends[i + 1]:
                value |= np.uint64(data[ends[i] + k])
        prefixes[i] = value


@numba.njit(cache=True)
def _index(ends, data, table):  # type: ignore[no-untyped-def]
    """Fill an open-addressing table (its length a power of two) with positions; gives a duplicate's, or -1."""
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
def _place(ends, data, row_ends, row_data, voter_of, annotators, labels, codes):  # type: ignore[no-untyped-def]
    """Write each row's label code at (voter, segment); gives (0, 0) or what stands there twice and its row."""
    segments = len(ends) - 1
    size = 8
    while size < 2 * segments:
        size *= 2
    table = np.full(size, -1, np.int32)
    twice = _index(ends, data, table)
    if twice >= 0:
        return _DUPLICATE_SEGMENT, twice
    mask = np.uint64(size - 1)
    follower = np.arange(1, segments + 2).astype(np.int32)  # the last entry stands for "before the first row"
    follower[segments] = 0
    before = segments
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
            return _DUPLICATE_VOTE, row
        codes[voter, at] = labels[row]
        before = at
    return 0, 0
