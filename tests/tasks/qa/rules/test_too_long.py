from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("start_s", "end_s", "flagged"),
    [(1.0, 26.0, False), (1.0, 26.001, True), (1.0, 5.0, False)],
    ids=["exactly-25s", "above-25s", "short"],
)
def test_too_long(annotations, check, start_s, end_s, flagged):
    said = annotations({"region_id": None}, {"region_id": "x", "start_s": start_s, "end_s": end_s})
    assert check("too_long", said) == ([("x", "error")] if flagged else [])
