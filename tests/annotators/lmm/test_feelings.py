"""The words that name a feeling, found in what a model said."""

from __future__ import annotations

import pytest

from osmo.annotators.lmm.feelings import feeling_words
from osmo.annotators.mentions import mentioned


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A person walks across a room.", []),
        ("A person sets a cup down on a low table.", []),
        ("A Happy person looks down, happy again, and worried.", ["happy", "worried"]),
        ("A person feels down.", ["down"]),
        ("一个人看起来很高兴，又有点难过。", ["高兴", "难过"]),
        ("一个人走过房间。", []),
        ("It sounds like self-blame.", ["self-blame"]),
    ],
    ids=["none", "everyday", "english", "felt", "mandarin", "mandarin-none", "hyphens"],
)
def test_the_words_are_found(text: str, words: list[str]) -> None:
    assert sorted(feeling_words(text)) == sorted(words)
    assert bool(words) == bool(mentioned(text))


def test_every_word_of_the_vocabulary_is_found() -> None:
    from osmo.schemas.vocabulary import vocabulary

    for concept in vocabulary().concepts:
        for word in (concept.en, *concept.aliases_en, concept.zh, *concept.aliases_zh):
            text = f"A person, {word}, sits." if word.isascii() else f"坐着{word}的人"
            assert bool(feeling_words(text)) == bool(mentioned(text)), word
