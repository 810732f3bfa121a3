from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("start_s", "end_s", "flagged"),
    [
        (-0.2, 3.0, True),
        (-0.05, 3.0, False),
        (28.0, 30.1, False),
        (28.0, 30.2, True),
        (0.0, 30.0, False),
        (40.0, 42.0, True),
    ],
    ids=["before", "one-frame-before", "one-frame-after", "after", "whole-clip", "beyond"],
)
def test_outside_clip(annotations, check, start_s, end_s, flagged):
    said = annotations({"region_id": None}, {"region_id": "x", "start_s": start_s, "end_s": end_s})
    assert check("outside_clip", said) == ([("x", "error")] if flagged else [])


def test_a_clip_that_no_table_has_is_an_error(annotations, check):
    assert check("outside_clip", annotations({"region_id": "x", "clip_id": "gone"})) == [("x", "error")]
