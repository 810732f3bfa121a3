"""The quick proof that no unit lies in two parts: it may be too careful, never too sure."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osmo.schemas.keys import content_key
from osmo.storage.units import may_repeat

A, B, C = (content_key(name) for name in "abc")
F, G = content_key("f"), content_key("g")


def asked(*parts: list[tuple[str, str]]) -> bool:
    columns = [pa.chunked_array([[row[i] for row in part] for part in parts], pa.string()) for i in (0, 1)]
    return may_repeat(columns, [len(part) for part in parts])


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([[(A, F)], [(B, F)], [(C, F)]], False),
        ([[(A, F)], [(A, F)]], True),
        ([[(A, F)], [(A, G)]], False),
        ([[(A, F), (A, F)], [(B, F)]], False),
        ([[(A, F), (A, F)], [(B, F), (A, F)]], True),
        ([[(A, "")], [(B, "")]], False),
        ([[("short", F)], [(A, F)]], True),
        ([[("abc", F)], [("xyz", F)]], True),
        ([[], []], False),
    ],
    ids=[
        "distinct", "in-two-parts", "of-two-stages", "rows-of-one-unit", "rows-of-one-unit-and-again",
        "no-fingerprint", "keys-of-two-widths", "a-width-that-words-do-not-fill", "no-rows",
    ],
)  # fmt: skip
def test_may_repeat(parts: list[list[tuple[str, str]]], expected: bool) -> None:
    assert asked(*parts) is expected


@settings(deadline=None)
@given(st.lists(st.lists(st.tuples(st.sampled_from([A, B, C]), st.sampled_from([F, G])), max_size=4), max_size=4))
def test_a_unit_in_two_parts_is_never_missed(parts: list[list[tuple[str, str]]]) -> None:
    units = [set(part) for part in parts]
    repeated = sum(map(len, units)) != len(set().union(*units))
    assert asked(*parts) is repeated
