"""Majority vote over columns in memory: one column of label codes per annotator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int8]

ABSTAINED = -1
"""Code of an abstention, and of a missing majority."""

_BLOCK = 4096  # rows; a block of every column and of the counters stays in the first-level cache


class BallotsMismatchError(ValueError):
    """Columns of ballots that cannot be voted on together, or a quorum that cannot be."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"Ballots: {problem}. Give one int8 column per annotator, all of one length, and a quorum ≥ 1."
        )


@dataclass(frozen=True)
class Majority:
    """The vote on each segment.

    Attributes:
        label: Code of the one label that has at least quorum votes and more than any other; -1: none.
        votes_for: Votes of the most frequent label, reached quorum or not.
        votes_cast: Votes that are not abstentions.
    """

    label: Codes
    votes_for: Codes
    votes_cast: Codes


def majority_vote(ballots: Sequence[Codes], *, quorum: int) -> Majority:
    """Label each segment on which at least `quorum` annotators agree.

    Two labels with equally many votes make no label, whatever the quorum: a tie is never broken by order.

    Args:
        ballots: One column per annotator, rows are segments; a label's code 0–127, or -1: abstained.
        quorum: Fewest equal votes that make a label (the paper's 3 of 4).

    Raises:
        BallotsMismatchError: No column, columns of unequal length or of another type, or quorum below 1.
    """
    if not 0 < len(ballots) < 128:
        raise BallotsMismatchError(f"got {len(ballots)} columns, expected 1 to 127")
    if quorum < 1:
        raise BallotsMismatchError(f"got quorum {quorum}")
    if any(column.dtype != np.int8 or column.ndim != 1 for column in ballots):
        raise BallotsMismatchError(f"got {[(str(column.dtype), column.ndim) for column in ballots]}")
    rows = len(ballots[0])
    if any(len(column) != rows for column in ballots):
        raise BallotsMismatchError(f"got lengths {[len(column) for column in ballots]}")
    result = Majority(*(np.empty(rows, np.int8) for _ in range(3)))
    columns = tuple(np.ascontiguousarray(column) for column in ballots)
    _vote(columns, min(quorum, 127), result.label, result.votes_for, result.votes_cast)
    return result


@numba.njit(cache=True)
def _vote(columns, quorum, label, votes_for, votes_cast):  # type: ignore[no-untyped-def]  # numba infers the types
    """Fill the three results block by block, so that every pass over a block runs in cache and in vector code."""
    count = np.empty(_BLOCK, np.int8)
    tied = np.empty(_BLOCK, np.int8)
    threshold = np.int8(quorum)
    rows = len(label)
    for start in range(0, rows, _BLOCK):
        size = min(_BLOCK, rows - start)
        winner = label[start : start + size]
        best = votes_for[start : start + size]
        cast = votes_cast[start : start + size]
        for k in range(size):
            winner[k] = -1
            best[k] = 0
            cast[k] = 0
            tied[k] = 0
        for i in range(len(columns)):
            mine = columns[i][start : start + size]
            for k in range(size):
                count[k] = 1
            for j in range(len(columns)):
                if j != i:
                    other = columns[j][start : start + size]
                    for k in range(size):
                        count[k] += np.int8(mine[k] == other[k])
            for k in range(size):
                voted = np.int8(mine[k] >= 0)
                votes = np.int8(count[k] * voted)
                cast[k] += voted
                more = votes > best[k]
                equal = (votes == best[k]) & (mine[k] != winner[k]) & (mine[k] >= 0)
                tied[k] = np.int8(0) if more else np.int8(tied[k] | np.int8(equal))
                winner[k] = mine[k] if more else winner[k]
                best[k] = votes if more else best[k]
        for k in range(size):
            winner[k] = winner[k] if (best[k] >= threshold) & (tied[k] == 0) else np.int8(-1)
