from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osmo.tasks.matching import Region, link, temporal_iou


def region(annotator: str, start_ms: int, end_ms: int, key: str = "") -> Region:
    return Region(start_ms, end_ms, annotator, key or f"{annotator}{start_ms}")


REGIONS = st.lists(
    st.builds(
        lambda start, length, annotator, key: Region(start, start + length, annotator, key),
        st.integers(0, 12),
        st.integers(1, 8),
        st.sampled_from("abcd"),
        st.text("xyz", min_size=1, max_size=3),
    ),
    max_size=8,
    unique=True,
)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((0, 1000), (0, 1000), 1.0),
        ((0, 1000), (500, 1500), 1 / 3),
        ((0, 1000), (1000, 2000), 0.0),
        ((0, 1000), (3000, 4000), 0.0),
        ((0, 4000), (1000, 2000), 0.25),
    ],
    ids=["equal", "half", "touching", "apart", "inside"],
)
def test_temporal_iou(a: tuple[int, int], b: tuple[int, int], expected: float) -> None:
    assert temporal_iou(region("a", *a), region("b", *b)) == pytest.approx(expected)
    assert temporal_iou(region("b", *b), region("a", *a)) == pytest.approx(expected)


def test_three_people_on_one_episode_are_one_group() -> None:
    regions = [region("a", 0, 1000), region("b", 100, 1100), region("c", 200, 1200)]
    assert link(regions, threshold=0.3) == [tuple(regions)]


def test_a_chain_is_cut_where_its_ends_do_not_overlap_enough() -> None:
    # a–b and b–c overlap at 1/3, a–c not at all: complete linkage never puts all three together.
    a, b, c = region("a", 0, 1000), region("b", 500, 1500), region("c", 1000, 2000)
    assert link([a, b, c], threshold=0.3) == [(a, b), (c,)]


def test_the_best_linkage_is_merged_first() -> None:
    a, b, c = region("a", 0, 1000), region("b", 500, 1500), region("c", 600, 1600)
    assert link([a, b, c], threshold=0.3) == [(a,), (b, c)]


def test_one_annotator_is_at_most_once_in_a_group() -> None:
    first, second, other = region("a", 0, 1000), region("a", 100, 1100), region("b", 50, 1050)
    groups = link([first, second, other], threshold=0.3)
    assert groups == [(first, other), (second,)]


def test_of_equal_linkages_that_of_the_earliest_group_comes_first() -> None:
    early, middle, late = region("z", 0, 1000), region("y", 500, 1500), region("x", 1000, 2000)
    assert link([late, middle, early], threshold=0.3) == [(early, middle), (late,)]


def test_of_equal_linkages_that_of_the_smaller_annotator_comes_first() -> None:
    shared, mine, yours = region("a", 0, 1000), region("c", 500, 1500), region("b", 500, 1500)
    twice = region("a", 500, 1500, "other")
    # c and b are equally good partners of `twice`, and of each other; the groups are ordered by annotator.
    assert link([mine, shared, yours, twice], threshold=0.9) == [(shared,), (twice, yours, mine)]


def test_a_threshold_of_zero_links_nothing_that_shares_no_time() -> None:
    a, b = region("a", 0, 1000), region("b", 1000, 2000)
    assert link([a, b], threshold=0.0) == [(a,), (b,)]


def test_no_regions_are_no_groups() -> None:
    assert link([], threshold=0.3) == []


@given(REGIONS, st.sampled_from([0.0, 0.1, 0.3, 0.5, 1.0]), st.randoms(use_true_random=False))
def test_order_changes_nothing(regions: list[Region], threshold: float, shuffler: random.Random) -> None:
    expected = link(regions, threshold=threshold)
    shuffler.shuffle(regions)
    assert link(regions, threshold=threshold) == expected


@given(REGIONS, st.sampled_from([0.0, 0.1, 0.3, 0.5, 1.0]))
def test_groups_partition_the_regions_and_keep_every_promise(regions: list[Region], threshold: float) -> None:
    groups = link(regions, threshold=threshold)
    assert sorted(itertools.chain(*groups)) == sorted(regions)
    for group in groups:
        assert len({member.annotator_id for member in group}) == len(group)
        for one, other in itertools.combinations(group, 2):
            assert temporal_iou(one, other) >= threshold > -1
            assert temporal_iou(one, other) > 0


@given(REGIONS, st.sampled_from([0.1, 0.3, 0.5]))
def test_no_two_groups_that_could_be_one_are_left(regions: list[Region], threshold: float) -> None:
    for one, other in itertools.combinations(link(regions, threshold=threshold), 2):
        shares = {a.annotator_id for a in one} & {b.annotator_id for b in other}
        worst = min(temporal_iou(a, b) for a in one for b in other)
        assert shares or worst < threshold
