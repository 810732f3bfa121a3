from __future__ import annotations

import pyarrow as pa
import pytest

from osmo.tasks.qa.rules.short_description import word_counts

CASES = {
    "two-words": ("bad bus", True),
    "three-words": ("the bus left", False),
    "hyphen-and-apostrophe-are-one-word": ("mother-in-law didn't", True),
    "punctuation-is-no-word": ("bus - left !", True),
    "five-characters": ("车开走了啊", True),
    "six-characters": ("公交车开走了", False),
    "both-scripts": ("iPhone 坏掉了吗", False),
    "blank-is-another-rule": ("   ", False),
    "null-is-another-rule": (None, False),
}


@pytest.mark.parametrize(("cause", "flagged"), CASES.values(), ids=CASES)
def test_short_description(annotations, check, cause, flagged):
    said = annotations({"region_id": None}, {"region_id": "x", "cause": cause})
    assert check("short_description", said) == ([("x", "error")] if flagged else [])


def test_word_counts():
    texts = pa.chunked_array([["the bus left", "公交车", "iPhone坏了", None, ""]])
    assert word_counts(texts).tolist() == [3.0, 1.5, 2.0, 0.0, 0.0]
