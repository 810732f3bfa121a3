"""The decision: strongest, weak, tied, none."""

from __future__ import annotations

import pytest

from osmo.annotators.embedded.decision import decide, describe
from osmo.annotators.embedded.matching import Hit


@pytest.mark.parametrize(
    ("scores", "words", "label", "says"),
    [
        ({"joy": 2.0}, 3, "joy", "rule/strongest"),
        ({"joy": 2.0, "anger": 1.0}, 3, "joy", "rule/strongest"),
        ({"joy": 2.0, "anger": 2.0}, 9, None, "tie: "),
        ({"joy": 2.0, "anger": 1.9}, 9, None, "tie: joy 2.00, anger 1.90"),
        ({"joy": 0.4}, 9, None, "weak: joy 0.40"),
        ({}, 4, "neutral", "rule/no-evidence"),
        ({}, 3, None, "too_short: 3 words"),
    ],
    ids=["alone", "clear", "equal", "near", "weak", "none-in-a-long-text", "none-in-a-short-text"],
)
def test_decide(scores: dict[str, float], words: int, label: str | None, says: str) -> None:
    ballot = decide(scores, words=words, raw_text="seen", rule="rule")
    assert ballot.label == label
    assert ((ballot.extraction if label else ballot.abstain_reason) or "").startswith(says)
    assert ballot.raw_text == "seen"
    assert ballot.confidence is None if label is None else 0 < (ballot.confidence or 0) < 1


def test_evidence_is_told_strongest_first_and_cut_after_eight_terms() -> None:
    hits = [Hit(f"t{i}", "joy", 0.5) for i in range(9)] + [Hit("glad", "sadness", 0.9, True)]
    told = describe({"sadness": 0.9, "joy": 4.5}, hits)
    assert told.startswith("joy 4.50, sadness 0.90 [t0=joy 0.50, ")
    assert told.endswith(", and 2 more]")
    assert describe({"sadness": 0.9}, hits[-1:]) == "sadness 0.90 [not glad=sadness 0.90]"
    assert describe({}, []) == "no evidence"
