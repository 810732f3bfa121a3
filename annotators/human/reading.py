"""How a simulated annotator reads a line: the vocabulary's own words, with negation. No voter has a part in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from osmo.schemas.vocabulary import Concept, Vocabulary

_NEGATIONS = frozenset({"not", "no", "never", "without", "hardly", "cannot", "don't", "didn't", "isn't", "wasn't"})
_NEGATIONS_ZH = ("不", "没", "别", "无")
_WORDS = re.compile(r"[a-z]+(?:['’][a-z]+)?")
_LONGEST = 3
_LOOK_BACK = 2


@dataclass(frozen=True)
class Reading:
    """What a line tells of its speaker.

    Attributes:
        concept: The concept.
        word: The word of the line that told it.
        weight: How telling the line is: more words of the concept, exclamations.
        intensity: 1 to 3.
    """

    concept: Concept
    word: str
    weight: float
    intensity: int


def read_line(text: str, language: str | None, vocabulary: Vocabulary) -> Reading | None:
    """The emotion that a line tells of; null: none.

    Args:
        text: The line.
        language: zh, or anything else for English.
        vocabulary: Concepts and aliases.
    """
    found = _chinese(text, vocabulary) if language == "zh" else _english(text, vocabulary)
    if not found:
        return None
    counts: dict[str, int] = {}
    for concept_id, _ in found:
        counts[concept_id] = counts.get(concept_id, 0) + 1
    concept_id, word = max(found, key=lambda pair: counts[pair[0]])  # of equal ones the first said
    concept = vocabulary.get(concept_id)
    loud = text.count("!") + text.count("！")
    level = concept.level if concept.level in (1, 2, 3) else 2
    return Reading(concept, word, counts[concept_id] + 0.5 * min(loud, 2), min(3, max(1, level + (loud > 1))))


def _english(text: str, vocabulary: Vocabulary) -> list[tuple[str, str]]:
    words = _WORDS.findall(text.casefold().replace("’", "'"))
    index = _index(vocabulary)[0]
    found: list[tuple[str, str]] = []
    position = 0
    while position < len(words):
        for length in range(_LONGEST, 0, -1):
            phrase = " ".join(words[position : position + length])
            if phrase in index:
                if not _NEGATIONS.intersection(words[max(0, position - _LOOK_BACK) : position]):
                    found.append((index[phrase], phrase))
                position += length - 1
                break
        position += 1
    return found


def _chinese(text: str, vocabulary: Vocabulary) -> list[tuple[str, str]]:
    index = _index(vocabulary)[1]
    found = [
        (text.index(word), concept_id, word)
        for word, concept_id in index.items()
        if word in text and not text[: text.index(word)].endswith(_NEGATIONS_ZH)
    ]
    return [(concept_id, word) for _, concept_id, word in sorted(found)]


@lru_cache(maxsize=4)
def _index(vocabulary: Vocabulary) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Concept by word, in English and in Mandarin; neutral tells of nothing."""
    english: dict[str, str] = {}
    chinese: dict[str, str] = {}
    for concept in vocabulary.concepts:
        if concept.kind != "neutral":
            english |= {word.casefold(): concept.id for word in (concept.en, *concept.aliases_en)}
            chinese |= {word: concept.id for word in (concept.zh, *concept.aliases_zh) if len(word) > 1}
    return english, chinese
