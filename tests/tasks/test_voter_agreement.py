"""Agreement against published values and plain counts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, matthews_corrcoef

from osmo.tasks.voter_agreement import Codes, cohen_kappa, cramers_v, krippendorff_alpha, phi, voter_pairs

# Three coders of 15 units: the example of the article "Krippendorff's alpha" in Wikipedia.
WIKIPEDIA = (
    (None, None, None, None, None, 3, 4, 1, 2, 1, 1, 3, 3, None, 3),
    (1, None, 2, 1, 3, 3, 4, 3, None, None, None, None, None, None, None),
    (None, None, 2, 1, 3, 4, 4, None, 2, 1, 1, 3, 3, None, 4),
)

# Four observers of 12 units: "Computing Krippendorff's Alpha-Reliability" (2011).
KRIPPENDORFF = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
    (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
)


def codes(rows: Sequence[Sequence[int | None]]) -> Codes:
    return np.array([[-1 if value is None else value for value in row] for row in rows], np.int8)


def plain_alpha(given: Codes) -> float | None:
    """By its definition: over all ordered pairs within units, and over all ordered pairs of all pairable values."""
    units = [column[column >= 0].tolist() for column in given.T]
    units = [unit for unit in units if len(unit) > 1]
    values = [value for unit in units for value in unit]
    within = sum(sum(a != b for a, b in permutations(unit, 2)) / (len(unit) - 1) for unit in units)
    across = sum(a != b for a, b in permutations(values, 2))
    return None if across == 0 else 1 - within / len(values) / (across / (len(values) * (len(values) - 1)))


def test_alpha_of_wikipedias_example() -> None:
    assert krippendorff_alpha(codes(WIKIPEDIA), labels=5) == pytest.approx(0.6914, abs=5e-5)


def test_alpha_of_krippendorffs_example() -> None:
    assert krippendorff_alpha(codes(KRIPPENDORFF), labels=6) == pytest.approx(0.7434, abs=5e-5)


@settings(deadline=None)
@given(
    st.integers(2, 5).flatmap(lambda n: st.lists(st.tuples(*[st.integers(-2, 3)] * n), min_size=1, max_size=12)),
)
def test_alpha_equals_its_definition(rows: list[tuple[int, ...]]) -> None:
    given_codes = np.array(rows, np.int8).T
    expected = plain_alpha(given_codes)
    assert krippendorff_alpha(given_codes, labels=4) == (None if expected is None else pytest.approx(expected))


def test_alpha_is_none_where_nothing_can_be_compared() -> None:
    assert krippendorff_alpha(codes([[0, None], [None, 1]]), labels=2) is None
    assert krippendorff_alpha(codes([[0, 0], [0, 0]]), labels=2) is None


def test_kappa_of_the_textbooks_table() -> None:
    assert cohen_kappa(np.array([[20, 5], [10, 15]])) == pytest.approx(0.4)
    assert cohen_kappa(np.array([[7, 0], [0, 0]])) is None
    assert cohen_kappa(np.zeros((2, 2), np.int64)) is None


def test_cramers_v_is_one_for_a_permutation_and_zero_for_independence() -> None:
    assert cramers_v(np.array([[0, 9, 0], [0, 0, 4], [5, 0, 0]])) == pytest.approx(1.0)
    assert cramers_v(np.outer([1, 2, 3], [4, 5, 6])) == pytest.approx(0.0, abs=1e-7)
    assert cramers_v(np.array([[3, 4], [0, 0]])) is None


def test_phi_of_errors() -> None:
    assert phi(np.array([[5, 0], [0, 5]])) == 1.0
    assert phi(np.array([[0, 5], [5, 0]])) == -1.0
    assert phi(np.array([[0, 0], [3, 7]])) is None


def test_pairs_equal_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    human = rng.integers(0, 4, 3_000).astype(np.int8)
    voted = np.stack([np.where(rng.random(3_000) < p, human, rng.integers(0, 4, 3_000)) for p in (0.7, 0.5, 0.3)])
    voted = voted.astype(np.int8)
    voted[rng.random(voted.shape) < 0.2] = -1
    voted[rng.random(voted.shape) < 0.1] = -2
    compared = np.where(rng.random(3_000) < 0.5, human, -1).astype(np.int8)
    found = voter_pairs(voted, ["a", "b", "c"], labels=4, human=compared)
    assert [(one.first, one.second) for one in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    for one, (i, j) in zip(found, [(0, 1), (0, 2), (1, 2)], strict=True):
        both = (voted[i] >= 0) & (voted[j] >= 0)
        assert one.both == both.sum()
        assert one.equal == pytest.approx((voted[i] == voted[j])[both].mean())
        assert one.kappa == pytest.approx(cohen_kappa_score(voted[i][both], voted[j][both]))
        known = both & (compared >= 0)
        right = [(voted[k] == compared)[known] for k in (i, j)]
        assert one.both_compared == known.sum()
        assert one.error_correlation == pytest.approx(matthews_corrcoef(*right))


def test_voters_that_never_meet_have_no_agreement() -> None:
    [pair] = voter_pairs(codes([[0, None], [None, 1]]), ["a", "b"], labels=2)
    assert (pair.both, pair.equal, pair.kappa, pair.cramers_v, pair.both_compared) == (0, None, None, None, 0)
