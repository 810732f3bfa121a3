"""Wilson's interval against published values, and where nothing or everything holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osmo.tasks.intervals import Share, share


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    # Newcombe (1998), Stat. Med. 17:857, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_published_intervals(hits: int, of: int, low: float, high: float) -> None:
    found = share(hits, of)
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)


def test_nothing_counted_gives_no_share() -> None:
    assert share(0, 0) == Share(0, 0, None, None, None)


@given(st.integers(1, 500).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_the_share_lies_inside_and_the_ends_keep_to_0_and_1(counts: tuple[int, int]) -> None:
    found = share(*counts)
    assert found.low is not None and found.high is not None and found.share is not None
    assert 0 <= found.low <= found.share <= found.high <= 1
