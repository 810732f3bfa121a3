"""The dialogue voter: own words weigh most, earlier turns fade."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from osmo.annotators import registry
from osmo.annotators.embedded.dialogue import create_voter
from osmo.annotators.voter import Ballot, Utterance
from osmo.storage.media import Media

Say = Callable[..., Utterance]

ANGRY = "I am furious, shut up!"
PLAIN = "The bus was late this morning."


def vote(utterance: Utterance, media: Media) -> Ballot:
    return create_voter().vote([utterance], media)[0]


def test_without_turns_it_says_what_the_own_words_say(say: Say, deaf: Media) -> None:
    assert vote(say("I am so happy!"), deaf).label == "joy"
    assert vote(say(PLAIN), deaf).label == "neutral"


def test_the_wearers_own_last_turn_colours_plain_words(say: Say, deaf: Media) -> None:
    assert vote(say(PLAIN, "en", ("wearer", ANGRY)), deaf).label == "anger"


def test_own_words_outweigh_the_turns_before(say: Say, deaf: Media) -> None:
    assert vote(say("I am so happy, I love it!", "en", ("other", ANGRY)), deaf).label == "joy"


def test_however_strong_the_turns_before_they_do_not_overturn_plain_own_words(say: Say, deaf: Media) -> None:
    turns = [("wearer", "I am so happy, I love it, this is wonderful!")] * 5
    assert vote(say("I am sad.", "en", *turns), deaf).label == "sadness"


def test_evidence_fades_turn_by_turn(say: Say, deaf: Media) -> None:
    turns = [("wearer", ANGRY), *[("other", PLAIN)] * 4]
    ballot = vote(say(PLAIN, "en", *turns), deaf)
    assert ballot.label is None
    assert (ballot.abstain_reason or "").startswith("weak: anger")


def test_other_peoples_turns_weigh_less_than_the_wearers_own(say: Say, deaf: Media) -> None:
    own = vote(say("I am glad.", "en", ("wearer", "I am glad.")), deaf)
    others = vote(say("I am glad.", "en", ("other", "I am glad.")), deaf)
    assert (own.confidence or 0) > (others.confidence or 0)


@pytest.mark.parametrize(("text", "language"), [("", "en"), ("hola", "es"), ("hello", None)])
def test_it_abstains_where_it_cannot_read(say: Say, deaf: Media, text: str, language: str | None) -> None:
    assert vote(say(text, language, ("wearer", ANGRY)), deaf).label is None


def test_mandarin(say: Say, deaf: Media) -> None:
    assert vote(say("车站在那边。", "zh", ("wearer", "气死我了，太过分了！")), deaf).label == "anger"


def test_it_is_found_by_its_file() -> None:
    assert registry.voter("dialogue").sees == "dialogue"
