"""How far voters agree: pair by pair, all together, and in what they get wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numba
import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int8]
_Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Pair:
    """Two voters on the segments to which both gave a label.

    Attributes:
        first: One voter.
        second: The other.
        both: Segments to which both gave a label.
        equal: Share of those with the same label; null: there are none.
        kappa: Cohen's κ (Cohen, 1960, Educ. Psychol. Meas. 20:37): agreement beyond what their own frequencies of
            labels give by chance, at most 1; null: both always say one and the same label, or there is no segment.
        cramers_v: Cramér's V of their labels, 0 (independent) to 1; high also where they differ in a regular way; null:
            one of them always says the same. √(χ² ÷ (n · (min(labels of one, of the other) − 1))).
        both_compared: Segments with a human label to which both gave one.
        error_correlation: Pearson's correlation (φ) of being right, over those. Votes that err together make a
            majority that is worth less than their number; null: one of them is always or never right.
    """

    first: str
    second: str
    both: int
    equal: float | None
    kappa: float | None
    cramers_v: float | None
    both_compared: int
    error_correlation: float | None


def voter_pairs(codes: Codes, voters: Sequence[str], *, labels: int, human: Codes | None = None) -> list[Pair]:
    """Compare each two voters.

    Args:
        codes: Shape (voters, segments): a label's code from 0 on, below 0: none.
        voters: Their names, in order of the rows of `codes`.
        labels: How many codes there are.
        human: Code of each segment's human label, below 0: none; null: nobody has any.

    Returns:
        In order of the first, then of the second.
    """
    return [
        _pair(voters[i], voters[j], codes[i], codes[j], labels, human)
        for i in range(len(voters))
        for j in range(i + 1, len(voters))
    ]


def krippendorff_alpha(codes: Codes, *, labels: int) -> float | None:
    """Krippendorff's α of all voters, for nominal labels.

    Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011): 1 − observed ÷ expected disagreement, over the
    segments with at least two labels.

    Args:
        codes: Shape (voters, segments): a label's code from 0 on, below 0: none.
        labels: How many codes there are.

    Returns:
        At most 1; null: fewer than two labels can be compared, or all of them are the same.
    """
    totals = np.zeros(labels, np.int64)
    disagreements = _alpha_counts(np.ascontiguousarray(codes), totals)
    n = int(totals.sum())
    expected = n * n - int((totals * totals).sum())
    if n < 2 or expected == 0:
        return None
    return float(1 - (n - 1) * disagreements / expected)


def _pair(first: str, second: str, a: Codes, b: Codes, labels: int, human: Codes | None) -> Pair:
    both = (a >= 0) & (b >= 0)
    table = _table(a[both], b[both], labels)
    n = int(table.sum())
    compared = both & (human >= 0) if human is not None else np.zeros(len(a), np.bool_)
    right = (
        _table((a[compared] == human[compared]).astype(np.int8), (b[compared] == human[compared]).astype(np.int8), 2)
        if human is not None
        else np.zeros((2, 2), np.int64)
    )
    return Pair(
        first, second, n, float(np.trace(table)) / n if n else None, cohen_kappa(table), cramers_v(table),
        int(right.sum()), phi(right),
    )  # fmt: skip


def cohen_kappa(table: _Counts) -> float | None:
    """Cohen's κ of a square table of counts; null: chance alone would agree always, or the table is empty."""
    n = int(table.sum())
    by_chance = int((table.sum(axis=0) * table.sum(axis=1)).sum())
    if n == 0 or by_chance == n * n:
        return None
    return (int(np.trace(table)) * n - by_chance) / (n * n - by_chance)


def cramers_v(table: _Counts) -> float | None:
    """Cramér's V of a table of counts (Cramér, 1946, Mathematical Methods of Statistics, ch. 21); null: one value."""
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    n, freedom = int(table.sum()), min(table.shape) - 1
    if n == 0 or freedom < 1:
        return None
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    chi2 = float(((table - expected) ** 2 / expected).sum())
    return min(1.0, sqrt(chi2 / (n * freedom)))


def phi(table: _Counts) -> float | None:
    """Correlation of two yes-or-no values from their 2 × 2 table of counts; null: one of them never changes."""
    (a, b), (c, d) = (tuple(int(n) for n in row) for row in table)
    spread = (a + b) * (c + d) * (a + c) * (b + d)
    return None if spread == 0 else (a * d - b * c) / sqrt(spread)


def _table(a: Codes, b: Codes, labels: int) -> _Counts:
    counts = np.bincount(a.astype(np.int64) * labels + b, minlength=labels * labels)
    return np.asarray(counts.reshape(labels, labels), np.int64)


@numba.njit(cache=True)
def _alpha_counts(codes, totals):  # type: ignore[no-untyped-def]  # numba infers the types
    """Observed disagreements, each divided by its segment's labels − 1; fills in how often each label can be paired."""
    voters, segments = codes.shape
    count = np.zeros(len(totals), np.int64)
    disagreements = 0.0
    for s in range(segments):
        given = 0
        for v in range(voters):
            if codes[v, s] >= 0:
                count[codes[v, s]] += 1
                given += 1
        equal = 0
        for v in range(voters):
            code = codes[v, s]
            if code >= 0 and count[code] > 0:
                if given > 1:
                    totals[code] += count[code]
                    equal += count[code] * count[code]
                count[code] = 0
        if given > 1:
            disagreements += (given * given - equal) / (given - 1)
    return disagreements
