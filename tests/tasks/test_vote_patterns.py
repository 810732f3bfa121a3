"""How votes fall: hand tables, and a plain count of random ones."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osmo.tasks.vote_patterns import vote_patterns


@pytest.mark.parametrize(
    ("ballots", "name", "abstained", "absent"),
    [
        ((3, 3, 3, 3), "4–0", 0, 0),
        ((3, 3, 1, 3), "3–1", 0, 0),
        ((1, 3, 3, 1), "2–2", 0, 0),
        ((3, 0, 1, 3), "2–1–1", 0, 0),
        ((3, 3, -1, 3), "3–0", 1, 0),
        ((3, -1, -1, 1), "1–1", 2, 0),
        ((3, 3, -2, -1), "2–0", 1, 1),
        ((0, 1, 2, 3), "1–1–1–1", 0, 0),
        ((-1, -1, -1, -1), "0", 4, 0),
    ],
)
def test_one_segment(ballots: tuple[int, ...], name: str, abstained: int, absent: int) -> None:
    [found] = vote_patterns(np.array([ballots], np.int8).T, [None])
    assert (found.name, found.abstained, found.absent, found.segments, found.kept) == (name, abstained, absent, 1, 1)


def test_what_became_of_alike_segments_is_counted_apart() -> None:
    codes = np.array([(0, 0, 0), (1, 1, 1), (2, 2, 2), (2, 2, 2), (0, 0, 1)], np.int8).T
    reasons = [None, "neutral", "other_speaker", "outside_media", "below_quorum"]
    unanimous, split = vote_patterns(codes, reasons)
    assert (unanimous.name, unanimous.segments) == ("3–0", 4)
    assert (unanimous.kept, unanimous.neutral, unanimous.other_speaker, unanimous.outside_media) == (1, 1, 1, 1)
    assert (split.name, split.segments, split.below_quorum) == ("2–1", 1, 1)


@settings(deadline=None)
@given(
    st.integers(1, 9).flatmap(lambda n: st.lists(st.tuples(*[st.integers(-2, 4)] * n), min_size=1, max_size=40)),
    st.randoms(use_true_random=False),
)
def test_equals_a_plain_count(rows: list[tuple[int, ...]], random: object) -> None:
    reasons = [random.choice([None, "neutral", "below_quorum"]) for _ in rows]  # type: ignore[attr-defined]
    found = vote_patterns(np.array(rows, np.int8).T, reasons)
    expected = Counter(
        (tuple(sorted(Counter(c for c in row if c >= 0).values(), reverse=True)), row.count(-1), row.count(-2))
        for row in rows
    )
    assert {(one.counts, one.abstained, one.absent): one.segments for one in found} == expected
    assert sum(one.kept for one in found) == reasons.count(None)
    assert all(one.segments == one.kept + one.neutral + one.below_quorum for one in found)
    assert [one.counts[:1] for one in found] == sorted((one.counts[:1] for one in found), reverse=True)


def test_no_segments_have_no_pattern() -> None:
    assert vote_patterns(np.empty((4, 0), np.int8), []) == []
