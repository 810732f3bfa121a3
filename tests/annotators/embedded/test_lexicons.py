"""The lexicons as data: every entry usable, rich in every label, and one key over all of it."""

from __future__ import annotations

from collections import Counter

import pytest
from pydantic import ValidationError

from osmo.annotators.embedded.lexicons import (
    Language,
    LexiconFile,
    data_key,
    lexicon_file,
    polarity_file,
    vocabulary_groups,
)
from osmo.schemas.vocabulary import EKMAN_LABELS


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_label_but_neutral_has_many_terms(language: Language) -> None:
    terms = Counter[str]()
    for group in lexicon_file(language).group:
        terms[group.label] += len(group.terms)
    assert set(terms) == {*EKMAN_LABELS, "none"} - {"neutral"}
    assert min(terms.values()) >= 40, terms


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_vocabularys_words_join_by_the_label_they_imply(language: Language) -> None:
    by_term = {term: group for group in vocabulary_groups(language) for term in group.terms}
    weak, strong = ("irritated", "enraged") if language == "en" else ("恼火", "暴怒")
    assert by_term[weak].label == by_term[strong].label == "anger"
    assert by_term[weak].weight < by_term[strong].weight
    assert not set(by_term) & lexicon_file(language).vocabulary_left_out


def test_a_term_that_stands_twice_is_refused() -> None:
    written = lexicon_file("en").model_dump()
    written["group"] = [{"label": "joy", "terms": ["yay"]}, {"label": "anger", "terms": ["yay"]}]
    with pytest.raises(ValidationError, match="'yay' stands twice"):
        LexiconFile.model_validate(written)


def test_plain_mandarin_words_have_the_sign_of_their_table() -> None:
    assert min(polarity_file().positive.values()) > 0 > max(polarity_file().negative.values())
    assert not set(polarity_file().positive) & set(polarity_file().negative)


def test_the_datas_key_is_stable() -> None:
    assert data_key() == data_key()
    assert len(data_key()) == 32
