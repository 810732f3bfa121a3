from __future__ import annotations

import pytest

CASES = {
    "no-emotion": ({"emotions": []}, True),
    "null-emotions": ({"emotions": None, "own_words": None}, True),
    "own-words-stand-for-emotion": ({"emotions": [], "own_words": ["saudade"]}, False),
    "no-polarity": ({"polarity": None, "polarity_reason": "missing"}, True),
    "no-intensity": ({"intensity": None, "intensity_reason": "missing"}, True),
    "no-cause": ({"cause": None, "cause_reason": "missing"}, True),
    "no-reason-is-missing": ({"cause": None}, True),
    "blank-cause": ({"cause": "  "}, True),
    "cause-not-collected": ({"cause": None, "cause_reason": "not_collected"}, False),
    "no-times": ({"start_s": None}, True),
    "times-that-are-no-number": ({"start_s": float("nan")}, True),
    "complete": ({}, False),
}


@pytest.mark.parametrize(("said", "flagged"), CASES.values(), ids=CASES)
def test_missing_fields(annotations, check, said, flagged):
    assert check("missing_fields", annotations({"region_id": None}, {"region_id": "x", **said})) == (
        [("x", "error")] if flagged else []
    )


def test_a_clip_without_an_answer(annotations, check):
    assert check("missing_fields", annotations({"region_id": None, "clip_status": None})) == [(None, "error")]


def test_the_detail_names_every_missing_field(annotations, clips):
    from osmo.schemas.config import QualityConfig
    from osmo.tasks.qa.registry import rule

    said = annotations({}, {"cause": None, "polarity": None})
    found = rule("missing_fields", QualityConfig()).check(said, clips())
    assert found["detail"].to_pylist() == ["missing: polarity, cause"]
