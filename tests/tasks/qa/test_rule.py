from __future__ import annotations

import numpy as np

from osmo.schemas.tables import FINDINGS
from osmo.tasks.qa.rule import found, spans, times, truth


def test_spans_are_whole_milliseconds_of_timed_regions(annotations):
    said = annotations(
        {"region_id": None},
        {"start_s": 1.0004, "end_s": 2.0006},
        {"start_s": 1.0, "end_s": None},
        {"start_s": float("nan"), "end_s": 2.0},
        {"start_s": float("inf"), "end_s": 2.0},
    )
    at = spans(said)
    assert at.timed.tolist() == [False, True, False, False, False]
    assert (at.start_ms[1], at.end_ms[1], at.duration_ms[1]) == (1000, 2001, 1001)


def test_null_is_not_true(annotations):
    assert truth(annotations({"uncertain": None}, {"uncertain": True})["uncertain"]).tolist() == [False, True]


def test_found_describes_the_flagged_rows_only(annotations):
    said = annotations({"region_id": "x"}, {"region_id": "y", "start_s": 2.0, "end_s": 3.0})
    made = found(said, np.array([False, True]), rule="r", severity="warning", detail=times)
    assert made.schema == FINDINGS.schema
    assert made.select(["region_id", "rule", "severity", "detail"]).to_pylist() == [
        {"region_id": "y", "rule": "r", "severity": "warning", "detail": "2.000–3.000 s"}
    ]
    assert found(said, np.zeros(2, np.bool_), rule="r", severity="error", detail=times).equals(FINDINGS.empty())
