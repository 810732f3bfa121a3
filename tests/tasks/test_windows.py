"""Context windows: where they lie, where they merge, and what frozen clips leave over."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osmo.tasks.windows import Span, context_windows, home, new_windows, outside, unattached


def spans(*pairs: tuple[float, float]) -> list[Span]:
    return [Span.of_seconds(start, end) for start, end in pairs]


def seconds(found: list[Span]) -> list[tuple[float, float]]:
    return [(span.start_ms / 1000, span.end_ms / 1000) for span in found]


@pytest.mark.parametrize(
    ("candidates", "duration_s", "expected"),
    [
        ([(100, 102)], 300, [(86, 116)]),
        ([(100.2, 103.3)], 300, [(86, 117)]),
        ([(5, 7)], 300, [(0, 21)]),
        ([(295, 299)], 300, [(282, 300)]),
        ([(5, 7)], 12.345, [(0, 12.345)]),
        ([(100, 140)], 300, [(100, 140)]),
        ([(100.5, 140.2)], 300, [(100, 141)]),
        ([(100, 102), (110, 112)], 300, [(86, 126)]),
        ([(100, 102), (130, 132)], 300, [(86, 116), (116, 146)]),
        ([(100, 102), (129, 131)], 300, [(86, 145)]),
        ([(130, 132), (100, 102)], 300, [(86, 116), (116, 146)]),
        ([(300, 302)], 300, []),
        ([(299, 302)], 300, [(285, 300)]),
        ([], 300, []),
    ],
    ids=[
        "centred", "whole-seconds-outwards", "cut-at-start", "cut-at-end", "short-recording", "longer-than-context",
        "longer-and-rounded", "overlapping-merge", "touching-stay-two", "one-second-of-overlap", "any-order",
        "beyond-the-end", "partly-beyond-the-end", "none",
    ],
)  # fmt: skip
def test_context_windows(
    candidates: list[tuple[float, float]], duration_s: float, expected: list[tuple[float, float]]
) -> None:
    assert seconds(context_windows(spans(*candidates), duration_s=duration_s)) == expected


@pytest.mark.parametrize(
    ("candidates", "published", "expected"),
    [
        ([(100, 102)], [(86, 116)], []),
        ([(100, 102)], [(60, 90)], [(90, 116)]),
        ([(100, 102)], [(60, 90), (110, 140)], [(90, 110)]),
        ([(88, 92)], [(60, 90)], []),
        ([(89, 92)], [(60, 90)], [(90, 106)]),
        ([(100, 102)], [(98, 99), (104, 110)], [(99, 104)]),
        ([(100, 140)], [(115, 130)], []),
        ([(100, 150)], [(115, 130)], [(130, 150)]),
        ([(100, 104)], [(80, 102), (102, 120)], []),
        ([(89, 93), (96, 97)], [(60, 90)], [(90, 112)]),
    ],
    ids=[
        "inside", "window-cut", "cut-on-both-sides", "half-inside-attaches", "less-than-half-inside",
        "slivers-without-a-candidate-are-not-made", "one-clip-holds-as-much-as-any-gap", "the-larger-gap",
        "split-between-two-clips", "two-candidates-one-clip",
    ],
)  # fmt: skip
def test_new_windows_take_only_time_that_no_clip_holds(
    candidates: list[tuple[float, float]],
    published: list[tuple[float, float]],
    expected: list[tuple[float, float]],
) -> None:
    assert seconds(new_windows(spans(*candidates), spans(*published), duration_s=300)) == expected


def test_a_candidate_belongs_to_the_clip_that_holds_most_of_it() -> None:
    clips = spans((0, 30), (30, 60), (90, 120))
    assert [home(span, clips) for span in spans((28, 31), (29, 32), (29, 31), (70, 80), (60, 60), (90, 90))] == [
        0, 1, 0, None, None, 2,
    ]  # fmt: skip


times = st.integers(0, 200_000)
lengths = st.integers(0, 45_000)
a_candidate = st.builds(lambda start, size: Span(start, start + max(1, size)), times, lengths)


@settings(deadline=None)
@given(st.lists(st.lists(a_candidate, max_size=6), max_size=4), st.integers(1, 220_000))
def test_rounds_of_publishing(rounds: list[list[Span]], duration_ms: int) -> None:
    """Clips never overlap, lie in the recording, and one round settles every candidate there is."""
    duration_s = duration_ms / 1000
    clips: list[Span] = []
    for candidates in rounds:
        made = new_windows(candidates, clips, duration_s=duration_s)
        before, clips = clips, sorted([*clips, *made])
        assert all(a.end_ms <= b.start_ms for a, b in itertools.pairwise(clips))
        assert all(0 <= c.start_ms < c.end_ms <= duration_ms for c in clips)
        assert all(c.start_ms % 1000 == 0 and (c.end_ms % 1000 == 0 or c.end_ms == duration_ms) for c in made)
        assert not any(unattached(span, clips, duration_s=duration_s) for span in candidates)
        assert new_windows(candidates, clips, duration_s=duration_s) == []
        homes = {clips[at] for span in candidates if (at := home(span, clips)) is not None}
        assert set(made) <= homes, "a clip was made that no candidate belongs to"
        assert all(home(span, clips) is not None for span in candidates if not outside(span, duration_s=duration_s))
        assert set(before) <= set(clips)


@settings(deadline=None)
@given(st.lists(a_candidate, min_size=1, max_size=8), st.integers(1, 220_000))
def test_windows_hold_their_candidates_whole(candidates: list[Span], duration_ms: int) -> None:
    windows = context_windows(candidates, duration_s=duration_ms / 1000)
    for span in candidates:
        inside = max(0, min(span.end_ms, duration_ms) - span.start_ms)
        assert max((span.overlap_ms(window) for window in windows), default=0) == inside
