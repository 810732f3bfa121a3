from __future__ import annotations

import pytest

JOY, ANGER, GRIEF = "joy/joy", "anger/anger", "sadness/grief"

CASES = {
    "same": ("negative", [ANGER], None),
    "all-opposite": ("positive", [ANGER, GRIEF], "error"),
    "all-opposite-the-other-way": ("negative", [JOY], "error"),
    "of-both": ("positive", [JOY, ANGER], "warning"),
    "neutral-beside-emotion": ("neutral", [ANGER], "warning"),
    "mixed-of-both": ("mixed", [JOY, ANGER], None),
    "mixed-of-one": ("mixed", [ANGER, GRIEF], "warning"),
    "unknown-concepts-go-with-all": ("positive", ["no/such"], None),
    "own-words-go-with-all": ("positive", [], None),
    "null-emotions": ("positive", None, None),
    "not-collected": (None, [ANGER], None),
}


@pytest.mark.parametrize(("stated", "emotions", "severity"), CASES.values(), ids=CASES)
def test_contradicting_polarity(annotations, check, stated, emotions, severity):
    said = annotations({"region_id": None}, {"region_id": "x", "polarity": stated, "emotions": emotions})
    assert check("contradicting_polarity", said) == ([("x", severity)] if severity else [])


@pytest.mark.parametrize("stated", ["positive", "negative"])
def test_surprise_goes_with_either(annotations, check, stated):
    said = annotations({"region_id": "x", "polarity": stated, "emotions": ["surprise/surprise"]})
    assert check("contradicting_polarity", said) == []
