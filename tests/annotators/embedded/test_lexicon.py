"""The lexicon voter."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from osmo.annotators import registry
from osmo.annotators.embedded.lexicon import create_voter
from osmo.annotators.voter import Utterance
from osmo.storage.media import Media

Say = Callable[..., Utterance]


@pytest.mark.parametrize(
    ("text", "language", "label"),
    [
        ("I am so happy to see you!", "en", "joy"),
        ("I am furious with you, shut up!", "en", "anger"),
        ("I miss her, and it breaks my heart.", "en", "sadness"),
        ("I am terrified.", "en", "fear"),
        ("Oh my God, I can't believe it!", "en", "surprise"),
        ("Ugh, that is disgusting!", "en", "disgust"),
        ("We took the bus to the station.", "en", "neutral"),
        ("我太高兴了，太开心了！", "zh", "joy"),
        ("你太过分了，气死我了！", "zh", "anger"),
        ("我心里很难过，也很伤心。", "zh", "sadness"),
        ("我怕得要命，非常恐惧。", "zh", "fear"),
        ("天哪，真没想到！", "zh", "surprise"),
        ("好恶心，真想吐。", "zh", "disgust"),
        ("我们坐公共汽车去了车站。", "zh", "neutral"),
    ],
)
def test_clear_sentences(say: Say, deaf: Media, text: str, language: str, label: str) -> None:
    ballot = create_voter().vote([say(text, language)], deaf)[0]
    assert ballot.label == label
    assert ballot.extraction in ("lexicon/strongest", "lexicon/no-evidence")


@pytest.mark.parametrize(
    ("text", "language", "reason"),
    [
        ("", "en", "empty"),
        ("  \n", "zh", "empty"),
        ("Je suis heureux.", "fr", "language: fr"),
        ("I am happy.", None, "language: unknown"),
        ("Okay.", "en", "too_short"),
        ("I am happy and I am sad.", "en", "tie"),
    ],
)
def test_it_abstains_and_says_why(say: Say, deaf: Media, text: str, language: str | None, reason: str) -> None:
    ballot = create_voter().vote([say(text, language)], deaf)[0]
    assert ballot.label is None
    assert (ballot.abstain_reason or "").startswith(reason)


def test_the_turns_before_do_not_matter(say: Say, deaf: Media) -> None:
    voter = create_voter()
    alone, after = say("I took the bus home."), say("I took the bus home.", "en", ("other", "I hate you!"))
    assert voter.vote([alone, after], deaf)[0] == voter.vote([after], deaf)[0]


def test_it_is_found_by_its_file_and_its_revision_is_stable() -> None:
    voter = registry.voter("lexicon")
    assert (voter.name, voter.sees, voter.prompt_sha) == ("lexicon", "text", None)
    assert voter.revision == create_voter().revision
