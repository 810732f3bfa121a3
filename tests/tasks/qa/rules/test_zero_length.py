from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("start_s", "end_s", "flagged"),
    [(1.0, 1.0, True), (2.0, 1.0, True), (1.0, 1.0004, True), (1.0, 1.001, False)],
    ids=["zero", "backwards", "below-a-millisecond", "one-millisecond"],
)
def test_zero_length(annotations, check, start_s, end_s, flagged):
    said = annotations({"region_id": None}, {"region_id": "x", "start_s": start_s, "end_s": end_s})
    assert check("zero_length", said) == ([("x", "error")] if flagged else [])
