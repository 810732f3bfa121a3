"""Sorting and gathering strings, against Python's own."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from osmo.tasks.strings import string_order, take_strings


@settings(deadline=None)
@given(st.lists(st.text(max_size=20), min_size=1, max_size=8), st.data())
def test_take_strings(strings: list[str], data: st.DataObject) -> None:
    positions = data.draw(st.lists(st.integers(-1, len(strings) - 1), max_size=20))
    array = pa.array(["before", *strings], pa.string()).slice(1)
    for width in (np.int8, np.int64):
        taken = take_strings(array, np.array(positions, width))
        taken.validate(full=True)
        assert taken.to_pylist() == [None if at < 0 else strings[at] for at in positions]


@settings(deadline=None)
@given(st.lists(st.text(max_size=12).filter(lambda text: "\x00" not in text)))
def test_string_order_is_by_bytes(ids: list[str]) -> None:
    ids = [i.encode("utf-8", "ignore").decode() for i in ids]
    order = string_order(pa.array(ids, pa.string()))
    assert [ids[i] for i in order] == sorted(ids, key=lambda text: text.encode())


def test_string_order_of_many_equal_prefixes() -> None:
    ids = [f"segment-{i:06d}" for i in range(2000)]
    shuffled = [ids[i] for i in np.random.default_rng(3).permutation(len(ids))]
    order = string_order(pa.array(shuffled))
    assert [shuffled[i] for i in order] == ids
