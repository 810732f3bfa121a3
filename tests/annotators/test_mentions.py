"""Which emotions a text names."""

from __future__ import annotations

import pytest

from osmo.annotators.mentions import mentioned, unquoted
from osmo.schemas.vocabulary import vocabulary


@pytest.mark.parametrize("concept", [c for c in vocabulary().concepts if c.id != "neutral"], ids=lambda c: c.id)
def test_every_name_of_a_concept_is_found_within_a_sentence(concept) -> None:  # type: ignore[no-untyped-def]
    for word in (concept.en, *concept.aliases_en):
        assert concept.id in mentioned(f"Then came {word.upper()}, it seems.")
    for word in (concept.zh, *concept.aliases_zh):
        if len(word) > 1:
            assert concept.id in mentioned(f"他看起来，{word}，然后走了。")


@pytest.mark.parametrize(
    "text", ["", "The voice is louder.", "画面变亮。", "enjoyable killjoys", "音乐声很大", "neutral"]
)
def test_a_text_without_emotion_names_none(text: str) -> None:
    assert mentioned(text) == frozenset()


def test_quotation_marks_become_single_ones() -> None:
    assert unquoted('“so” 「那」 "x"') == "'so' '那' 'x'"
