from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("start_s", "end_s", "flagged"),
    [(1.0, 1.999, True), (1.0, 2.0, False), (1.0, 1.9996, False), (1.0, 1.0, False), (2.0, 1.0, False)],
    ids=["below-1s", "exactly-1s", "1s-to-the-millisecond", "zero-length-is-another-rule", "backwards-is-another-rule"],
)
def test_too_short(annotations, check, start_s, end_s, flagged):
    said = annotations({"region_id": None}, {"region_id": "x", "start_s": start_s, "end_s": end_s})
    assert check("too_short", said) == ([("x", "error")] if flagged else [])
