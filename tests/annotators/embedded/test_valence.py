"""The valence voter: joy, neutral, the one family of the bad words, or nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from osmo.annotators import registry
from osmo.annotators.embedded.valence import create_voter
from osmo.annotators.voter import Utterance
from osmo.storage.media import Media

Say = Callable[..., Utterance]


@pytest.mark.parametrize(
    ("text", "language", "label", "rule"),
    [
        ("This is wonderful, I love it!", "en", "joy", "valence/good"),
        ("I am terrified and scared.", "en", "fear", "valence/bad-of-one-family"),
        ("Get out of here!", "en", "anger", "valence/bad-of-one-family"),
        ("The bus goes to the station.", "en", "neutral", "valence/near-zero"),
        ("我太幸福了，太开心了！", "zh", "joy", "valence/good"),
        ("我很难过，很伤心。", "zh", "sadness", "valence/bad-of-one-family"),
        ("我们坐公共汽车去了车站。", "zh", "neutral", "valence/near-zero"),
    ],
)
def test_what_valence_implies(say: Say, deaf: Media, text: str, language: str, label: str, rule: str) -> None:
    ballot = create_voter().vote([say(text, language)], deaf)[0]
    assert (ballot.label, ballot.extraction) == (label, rule)


@pytest.mark.parametrize(
    ("text", "language", "reason"),
    [
        ("I am scared and so angry.", "en", "ambiguous: bad, could be anger, fear"),
        ("The war was a catastrophe for the economy.", "en", "ambiguous: bad, of no one family"),
        ("Oh my gosh, who is in there?", "en", "no_valence: evidence of surprise"),
        ("Bus.", "en", "too_short"),
        ("我很害怕，也很生气。", "zh", "ambiguous"),
        ("", "en", "empty"),
        ("Guten Tag", "de", "language: de"),
    ],
)
def test_what_implies_no_label_is_an_abstention(say: Say, deaf: Media, text: str, language: str, reason: str) -> None:
    ballot = create_voter().vote([say(text, language)], deaf)[0]
    assert ballot.label is None
    assert (ballot.abstain_reason or "").startswith(reason)


def test_it_never_says_surprise(say: Say, deaf: Media) -> None:
    texts = ["Wow, oh my God!", "I can't believe it!", "Really?! No way!"]
    assert "surprise" not in {b.label for b in create_voter().vote([say(t) for t in texts], deaf)}


def test_it_is_found_by_its_file() -> None:
    voter = registry.voter("valence")
    assert (voter.name, voter.sees) == ("valence", "text")
