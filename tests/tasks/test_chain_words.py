"""What of a sentence is looked for in its evidence."""

from __future__ import annotations

import re

import pytest

from osmo.annotators.llm.composer import phrases
from osmo.tasks.chain_words import bases, claims, fold, stem, words

SLOT = re.compile(r"\{\w+\}")


@pytest.mark.parametrize(
    "forms",
    [
        ("move", "moves", "moved", "moving"),
        ("loud", "louder", "loudest", "loudly"),
        ("stop", "stops", "stopped", "stopping"),
        ("carry", "carries"),
        ("quiet", "quieter"),
        ("glass", "glasses"),
    ],
)
def test_forms_of_a_word_have_one_stem(forms: tuple[str, ...]) -> None:
    assert len({stem(form) for form in forms}) == 1


def test_different_words_have_different_stems() -> None:
    listed = ("hand", "handle", "cup", "cap", "voice", "view", "rise", "rain", "camera", "came", "wall", "walk")
    assert len({stem(word) for word in listed}) == len(listed)


@pytest.mark.parametrize(
    ("sentence", "evidence", "found", "weight"),
    [
        ("The camera tilts down.", "the camera is tilting up", 2.0, 3.0),
        ("A red car.", "the camera tilts", 0.0, 2.0),
        ("There is none.", "the camera tilts", 0.0, 1.0),
        ("镜头倾斜", "镜头向下倾斜", 2.0, 2.0),
        ("镜头升高", "镜头向下倾斜", 1.0, 2.0),
        ("头镜", "镜头", 0.0, 1.0),
        ("佩戴者说", "镜头", 0.0, 0.0),
        ("嗓音 louder", "The LOUD 嗓音", 2.0, 2.0),
        ("A5 ！？", "a5", 0.0, 0.0),
    ],
)
def test_claims_are_found_where_they_stand(sentence: str, evidence: str, found: float, weight: float) -> None:
    made = claims(sentence)
    assert (made.found_in(evidence), made.weight) == (found, weight)


def test_the_composers_phrases_claim_nothing_by_themselves() -> None:
    polarity = {word for listed in words().polarity.values() for word in listed.split()}
    for say in phrases().values():
        for value in say.model_dump().values():
            for phrase in value.values() if isinstance(value, dict) else [value]:
                made = claims(SLOT.sub(" ", phrase))
                assert not made.stems - {stem(word) for word in polarity}, phrase
                assert not [run for run in made.runs if run not in polarity], phrase


def test_folding_does_not_depend_on_what_stands_beside() -> None:
    for text in ("Ｌｏｕｄ", "ﬁre", "e\u0301", "İ", "嗓音ＡＢ"):
        assert fold(f"{text}{text}") == fold(text) * 2


@pytest.mark.parametrize(
    ("word", "base"),
    [("angrily", "angry"), ("sadder", "sadd"), ("nervousness", "nervous"), ("happier", "happy"), ("worries", "worry")],
)
def test_words_come_from_others_by_their_endings(word: str, base: str) -> None:
    assert (word, base) in list(bases(f"So {word.upper()}, it seems."))


def test_the_lists_are_folded_and_name_every_modality() -> None:
    listed = words()
    assert set(listed.modality) == {"visual", "acoustic", "ocular"} and set(listed.speaker) == {"wearer", "other"}
    for part in (listed.frame, listed.negations, listed.future, *listed.modality.values(), *listed.speaker.values()):
        assert part.english and part.mandarin
        for word in (*part.english, *part.mandarin):
            assert word == fold(word) == word.strip()
    frame = {stem(word) for word in listed.frame.english}
    for modality in listed.modality.values():
        assert not frame & {stem(word) for word in modality.english}, "what one modality shows is a claim"
