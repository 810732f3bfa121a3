"""How votes fall: segments by the pattern of equal votes, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from osmo.tasks.candidates import BELOW_QUORUM, NEUTRAL, OTHER_SPEAKER, OUTSIDE_MEDIA
from osmo.tasks.pivot import NO_ROW
from osmo.tasks.vote import ABSTAINED

_FATES = (None, NEUTRAL, BELOW_QUORUM, OTHER_SPEAKER, OUTSIDE_MEDIA)


@dataclass(frozen=True)
class VotePattern:
    """Segments whose votes fell alike; the counts after `segments` add up to it.

    Attributes:
        counts: Votes for each label that has some, most first; empty: nobody gave a label.
        abstained: Voters who abstained.
        absent: Voters who have no row.
        segments: Segments of this pattern.
        kept: Candidates.
        neutral: The majority says neutral.
        below_quorum: No label has enough votes.
        other_speaker: A majority for an emotion, on another person's words.
        outside_media: A majority for an emotion, at a time that the recording's media do not cover.
    """

    counts: tuple[int, ...]
    abstained: int
    absent: int
    segments: int
    kept: int
    neutral: int
    below_quorum: int
    other_speaker: int
    outside_media: int

    @property
    def name(self) -> str:
        """Counts of equal votes, such as 3–1; 3–0 where all who gave a label agree; 0: nobody gave one."""
        if len(self.counts) < 2:
            return f"{self.counts[0]}–0" if self.counts else "0"
        return "–".join(map(str, self.counts))


def vote_patterns(
    codes: npt.NDArray[np.int8], dropped_reason: Sequence[str | None] | pa.Array[Any]
) -> list[VotePattern]:
    """Count segments by how their votes fell.

    Args:
        codes: Shape (voters, segments) as `pivot` gives it: a label's code, -1: abstained, -2: no row.
        dropped_reason: Of each segment, as `CANDIDATES` has it; null: kept.

    Returns:
        Most unanimous first: by counts, then by fewest abstentions.
    """
    voters, segments = codes.shape
    fate = _fates(dropped_reason)
    assert len(fate) == segments, f"{len(fate)} reasons for {segments} segments"
    if segments == 0:
        return []
    rows = np.zeros((segments, -(-(voters + 2) // 8) * 8), np.uint8)
    _sorted_counts(np.ascontiguousarray(codes), rows)
    # Eight bytes are one number, which sorts far quicker than a row does.
    packed = rows.view(np.uint64)
    found, first, which = (
        np.unique(packed[:, 0], return_index=True, return_inverse=True)
        if packed.shape[1] == 1
        else np.unique(packed, axis=0, return_index=True, return_inverse=True)
    )
    table = np.bincount(which.ravel() * len(_FATES) + fate, minlength=len(found) * len(_FATES))
    table = table.reshape(len(found), len(_FATES))
    patterns = [
        _pattern(rows[row, :voters], int(rows[row, voters]), int(rows[row, voters + 1]), counted)
        for row, counted in zip(first.tolist(), table, strict=True)
    ]
    return sorted(patterns, key=lambda one: (tuple(-n for n in one.counts) or (0,), one.abstained, one.absent))


def _pattern(counts: npt.NDArray[np.uint8], abstained: int, absent: int, counted: npt.NDArray[np.int64]) -> VotePattern:
    return VotePattern(
        tuple(int(n) for n in counts if n), abstained, absent, int(counted.sum()), *(int(n) for n in counted)
    )


def _fates(dropped_reason: Sequence[str | None] | pa.Array[Any]) -> npt.NDArray[np.int64]:
    """Position of each reason in `_FATES`."""
    column = dropped_reason if isinstance(dropped_reason, pa.Array) else pa.array(dropped_reason, pa.string())
    encoded = column.dictionary_encode()
    assert isinstance(encoded, pa.DictionaryArray)
    place = np.array([*(_FATES.index(reason) for reason in encoded.dictionary.to_pylist()), 0], np.int64)
    return np.asarray(place[encoded.indices.fill_null(pa.scalar(-1, pa.int32())).to_numpy()])


@numba.njit(cache=True)
def _sorted_counts(codes, rows):  # type: ignore[no-untyped-def]  # numba infers the types
    """Of each segment: counts of equal votes, most first, then abstentions at [voters] and missing rows after it."""
    voters, segments = codes.shape
    for s in range(segments):
        groups = 0
        for i in range(voters):
            mine = codes[i, s]
            if mine == NO_ROW:
                rows[s, voters + 1] += 1
            elif mine == ABSTAINED:
                rows[s, voters] += 1
            else:
                count = 0
                first = True
                for j in range(voters):
                    if codes[j, s] == mine:
                        if j < i:
                            first = False
                            break
                        count += 1
                if first:
                    at = groups
                    while at > 0 and rows[s, at - 1] < count:
                        rows[s, at] = rows[s, at - 1]
                        at -= 1
                    rows[s, at] = count
                    groups += 1
