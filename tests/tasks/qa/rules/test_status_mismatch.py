from __future__ import annotations

import pytest

CASES = {
    "emotion-and-region": ("has_emotion", True, []),
    "no-emotion-and-none": ("no_emotion", False, []),
    "unusable-and-none": ("unusable", False, []),
    "no-emotion-but-region": ("no_emotion", True, [("x", "error")]),
    "unusable-but-region": ("unusable", True, [("x", "error")]),
    "emotion-but-no-region": ("has_emotion", False, [(None, "warning")]),
    "unanswered-is-another-rule": (None, True, []),
}


@pytest.mark.parametrize(("status", "marked", "expected"), CASES.values(), ids=CASES)
def test_status_mismatch(annotations, check, status, marked, expected):
    rows = [{"region_id": None, "clip_status": status}, *([{"region_id": "x"}] if marked else [])]
    assert check("status_mismatch", annotations(*rows)) == expected


def test_one_annotators_answer_says_nothing_of_anothers_regions(annotations, check):
    said = annotations({"region_id": None, "clip_status": "no_emotion"}, {"annotator_id": "b", "region_id": "x"})
    assert check("status_mismatch", said) == []
