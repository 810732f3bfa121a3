"""The vote itself, against hand tables and against a plain count."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osmo.tasks.vote import BallotsMismatchError, Majority, majority_vote

JOY, ANGER, FEAR, NONE = 0, 1, 2, -1


def vote(rows: list[tuple[int, ...]], quorum: int) -> Majority:
    return majority_vote(list(np.array(rows, np.int8).T), quorum=quorum)


@pytest.mark.parametrize(
    ("ballots", "quorum", "expected"),
    [
        ((JOY, JOY, JOY, ANGER), 3, (JOY, 3, 4)),
        ((JOY, JOY, JOY, JOY), 3, (JOY, 4, 4)),
        ((JOY, JOY, JOY, NONE), 3, (JOY, 3, 3)),
        ((JOY, JOY, ANGER, FEAR), 3, (NONE, 2, 4)),
        ((JOY, JOY, ANGER, ANGER), 2, (NONE, 2, 4)),
        ((ANGER, JOY, JOY, ANGER), 2, (NONE, 2, 4)),
        ((JOY, JOY, ANGER, FEAR), 2, (JOY, 2, 4)),
        ((JOY, ANGER, FEAR, FEAR), 2, (FEAR, 2, 4)),
        ((JOY, ANGER, FEAR, NONE), 1, (NONE, 1, 3)),
        ((NONE, NONE, FEAR, NONE), 1, (FEAR, 1, 1)),
        ((NONE, NONE, NONE, NONE), 1, (NONE, 0, 0)),
        ((JOY, JOY, JOY, JOY), 5, (NONE, 4, 4)),
        ((FEAR,), 1, (FEAR, 1, 1)),
    ],
    ids=[
        "quorum", "unanimous", "quorum-with-abstention", "below-quorum", "tie-at-quorum", "tie-in-another-order",
        "plurality-at-quorum", "last-label-wins-by-votes", "three-way-tie", "one-voice", "all-abstain",
        "quorum-above-voters", "one-voter",
    ],
)  # fmt: skip
def test_a_label_needs_quorum_and_no_equal(
    ballots: tuple[int, ...], quorum: int, expected: tuple[int, int, int]
) -> None:
    result = vote([ballots], quorum)
    assert (result.label[0], result.votes_for[0], result.votes_cast[0]) == expected


@settings(deadline=None)
@given(
    st.integers(1, 6).flatmap(lambda n: st.lists(st.tuples(*[st.integers(-1, 4)] * n), min_size=1, max_size=40)),
    st.integers(1, 6),
)
def test_equals_a_plain_count(rows: list[tuple[int, ...]], quorum: int) -> None:
    result = vote(rows, quorum)
    for i, row in enumerate(rows):
        counts = Counter(code for code in row if code >= 0).most_common()
        best = counts[0][1] if counts else 0
        leaders = [code for code, votes in counts if votes == best]
        label = leaders[0] if len(leaders) == 1 and best >= quorum else NONE
        assert (result.label[i], result.votes_for[i], result.votes_cast[i]) == (label, best, sum(c >= 0 for c in row))


def test_the_order_of_annotators_does_not_matter() -> None:
    rng = np.random.default_rng(7)
    columns = [rng.integers(-1, 4, 10_000).astype(np.int8) for _ in range(4)]
    first, second = majority_vote(columns, quorum=2), majority_vote(columns[::-1], quorum=2)
    np.testing.assert_array_equal(first.label, second.label)
    np.testing.assert_array_equal(first.votes_for, second.votes_for)


def test_no_segments_give_no_rows() -> None:
    assert len(majority_vote([np.empty(0, np.int8)] * 3, quorum=2).label) == 0


@pytest.mark.parametrize(
    ("columns", "quorum"),
    [
        ([], 3),
        ([np.zeros(2, np.int8), np.zeros(3, np.int8)], 1),
        ([np.zeros(2, np.int64)], 1),
        ([np.zeros((2, 2), np.int8)], 1),
        ([np.zeros(2, np.int8)], 0),
    ],
    ids=["no-columns", "unequal-lengths", "another-type", "a-matrix", "quorum-below-one"],
)
def test_what_cannot_be_voted_on_is_refused(columns: list[np.ndarray], quorum: int) -> None:
    with pytest.raises(BallotsMismatchError):
        majority_vote(columns, quorum=quorum)
