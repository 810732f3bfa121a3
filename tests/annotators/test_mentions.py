"""Which emotions a text names."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osmo.annotators.everyday import everyday_words
from osmo.annotators.mentions import mentioned, unquoted
from osmo.schemas.vocabulary import vocabulary

HERE = Path(__file__).parent
ORDINARY = HERE.joinpath("ordinary_sentences.txt").read_text("utf-8").splitlines()
with HERE.joinpath("feeling_sentences.csv").open(encoding="utf-8", newline="") as _file:
    FEELING = [(row["sentence"], row["concept"]) for row in csv.DictReader(_file)]
CONCEPTS = [concept for concept in vocabulary().concepts if concept.id != "neutral"]
EVERYDAY = sorted(everyday_words().measured | everyday_words().mannered)
WORDS = sorted({word for c in CONCEPTS for word in (c.en, c.zh, *c.aliases_en, *c.aliases_zh)})


@pytest.mark.parametrize("concept", CONCEPTS, ids=lambda c: c.id)
def test_every_name_of_a_concept_is_found_where_it_is_felt_and_alone(concept) -> None:  # type: ignore[no-untyped-def]
    for word in (concept.en, *concept.aliases_en):
        assert concept.id in mentioned(f"Then she felt {word.upper()}, it seems."), word
        assert concept.id in mentioned(word)
        if word not in EVERYDAY and word not in everyday_words().only_before:
            assert concept.id in mentioned(f"Then came {word.upper()}, it seems."), word
    for word in (concept.zh, *concept.aliases_zh):
        if len(word) > 1:
            assert concept.id in mentioned(f"他看起来，{word}，然后走了。")


@pytest.mark.parametrize("text", ["", "画面变亮。", "enjoyable killjoys", "音乐声很大", "neutral", *ORDINARY])
def test_an_ordinary_sentence_names_none(text: str) -> None:
    assert mentioned(text) == frozenset()


@pytest.mark.parametrize(("text", "concept"), FEELING, ids=[text for text, _ in FEELING])
def test_a_feeling_is_found(text: str, concept: str) -> None:
    assert concept in mentioned(text)


@pytest.mark.parametrize("word", EVERYDAY)
@pytest.mark.parametrize(
    "frame", ["She feels {}", "He is very {}.", "I'm {}", "feeling {}", "{}", "so {}", "She says “{}” to him."]
)
def test_an_everyday_word_that_is_felt_counts(word: str, frame: str) -> None:
    assert mentioned(frame.format(word))


@pytest.mark.parametrize("word", EVERYDAY)
def test_an_everyday_word_before_a_thing_does_not(word: str) -> None:
    assert not mentioned(f"There is a {word} table beside the door.")


def test_every_everyday_word_is_a_name_in_the_vocabulary() -> None:
    names = {word for concept in vocabulary().concepts for word in (concept.en, *concept.aliases_en)}
    words = everyday_words()
    assert set(EVERYDAY) | set(words.only_before) | set(words.not_before) | set(words.not_after) <= names


PIECE = st.one_of(
    st.text(max_size=8),
    st.sampled_from(WORDS),
    st.sampled_from(EVERYDAY),
    st.sampled_from(
        ["she", "is", "feels", "the", "a", "table", "very", ":", ",", ".", "'", "’", '"', "“", "(", "of", "moved to"]
    ),
)
TEXT = st.lists(PIECE, min_size=1, max_size=8).map(" ".join)
FRAMES = [
    "The wearer says: “{}”",
    "She feels “{}”, he says.",
    "佩戴者感到：「{}」。",
    "There is no cue: the reason is “{}”.",
]


@settings(max_examples=500, deadline=None)
@given(TEXT, st.sampled_from(FRAMES))
def test_what_a_text_names_is_named_by_every_sentence_that_quotes_it_and_nothing_else(text: str, frame: str) -> None:
    text = unquoted(text)
    assert mentioned(frame.format(text)) == mentioned(text)


@settings(max_examples=300, deadline=None)
@given(TEXT, st.sampled_from(["There is no visual cue: {}.", "没有视觉线索（{}）。", "{}"]))
def test_a_sentence_that_only_adds_a_frame_names_nothing_more(text: str, frame: str) -> None:
    assert mentioned(frame.format(text)) <= mentioned(text)


def test_a_long_text_takes_linear_time() -> None:
    for text in ("she is low " * 20_000, "low " * 50_000, "low, " * 50_000, "is that and low " * 20_000):
        started = time.perf_counter()
        mentioned(text)
        assert time.perf_counter() - started < 5


def test_quotation_marks_become_single_ones() -> None:
    assert unquoted('“so” 「那」 "x"') == "'so' '那' 'x'"
