"""Ids and keys: equal for equal content, different wherever anything differs, the same on every machine for ever."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osmo.schemas.keys import bucket_of, content_key, fingerprint, make_id, milliseconds

PARTS = st.lists(st.one_of(st.text(), st.integers(), st.booleans(), st.none()), max_size=4)


@given(PARTS, PARTS)
def test_keys_are_equal_only_for_equal_parts(one: list[str | int | None], other: list[str | int | None]) -> None:
    same = [(type(part), part) for part in one] == [(type(part), part) for part in other]
    assert (content_key(*one) == content_key(*other)) == same


@pytest.mark.parametrize(
    ("one", "other"),
    [(("ab", "c"), ("a", "bc")), ((1,), ("1",)), ((True,), (1,)), ((None,), ("",)), (("é",), ("e\u0301",))],
    ids=["boundary", "number-text", "bool-number", "null-empty", "composed-decomposed"],
)
def test_what_looks_alike_is_told_apart(one: tuple[str | int | None, ...], other: tuple[str | int | None, ...]) -> None:
    assert content_key(*one) != content_key(*other)


def test_widths_are_those_that_the_logs_count_on() -> None:
    assert len(make_id("segment", "r", 0, 1000)) == 20
    assert len(content_key("x")) == len(fingerprint("stage", 1, {})) == 32


def test_kinds_keep_equal_places_apart() -> None:
    assert make_id("segment", "r", 0, 1000) != make_id("clip", "r", 0, 1000)


def test_keys_stay_what_they_were() -> None:
    # A change here orphans every store that exists: raise a stage's version instead.
    assert make_id("clip", "r", 0, 30_000) == "d29054dddd4ba58f011d"
    assert content_key("ü", 1, None, True, 0.5) == "31266d121c47e98daf5fb89456cea4df"
    assert fingerprint("segment", 1, {"b": 2, "a": [1.5, "x"]}) == "f8b5fcb3aef2843a65d9a7909be17317"
    assert bucket_of("sample-en-1", 16) == 2


def test_the_order_of_parameters_plays_no_part() -> None:
    assert fingerprint("s", 1, {"a": 1, "b": 2}) == fingerprint("s", 1, {"b": 2, "a": 1})


@pytest.mark.parametrize(("seconds", "expected"), [(0.0, 0), (1.2345, 1234), (29.999_6, 30_000), (-0.25, -250)])
def test_milliseconds(seconds: float, expected: int) -> None:
    assert milliseconds(seconds) == expected


@given(st.text(), st.integers(1, 65536))
def test_every_id_has_a_bucket(recording_id: str, buckets: int) -> None:
    assert 0 <= bucket_of(recording_id, buckets) < buckets


def test_buckets_fill_evenly() -> None:
    counts = [0] * 16
    for i in range(4000):
        counts[bucket_of(f"recording-{i}", 16)] += 1
    assert min(counts) > 180
    assert max(counts) < 330
