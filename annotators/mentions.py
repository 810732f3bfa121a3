"""Which emotion concepts a text names: what a chain may say at a step depends on it."""

from __future__ import annotations

import functools
import re
import unicodedata

from osmo.annotators.everyday import Everyday
from osmo.schemas.vocabulary import vocabulary

NEUTRAL = "neutral"
_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)*|[^\sa-z]")
_QUOTES = str.maketrans(dict.fromkeys('"“”„「」『』«»', "'"))

Trie = dict[str, tuple[tuple[tuple[str, ...], str], ...]]


def mentioned(text: str) -> frozenset[str]:
    """Concepts that a text names in English or Mandarin, negated or not; `neutral` is no emotion and left out.

    An English name that is an everyday word too (low, blue, moved) counts in a feeling context only: said of a person
    after a verb of being or feeling, before a word for a mood, or alone. What decides lies between the marks around it,
    so what is found in a text is found in any sentence that quotes it between quotation marks, and nothing else is.
    A Mandarin word of one character is not looked for: it is part of too many others (乐 in 音乐).
    """
    folded = _fold(text)
    english, mandarin, lengths = _words()
    tokens = _TOKEN.findall(folded)
    named = [
        (i, len(words), concept)
        for i, token in enumerate(tokens)
        for words, concept in english.get(token, ())
        if tuple(tokens[i : i + len(words)]) == words
    ]
    found: set[str] = set()
    if named:
        inside = [False] * len(tokens)
        for i, length, _ in named:
            inside[i : i + length] = [True] * length
        everyday = Everyday(tokens, inside)
        found.update(concept for i, length, concept in named if everyday.names(i, length))
    if not folded.isascii():
        for i in range(len(folded)):
            found.update(c for n in lengths if (c := mandarin.get(folded[i : i + n])) is not None)
    return frozenset(found)


def unquoted(text: str) -> str:
    """A text with every double quotation mark made single, so that it can stand inside quotation marks."""
    return text.translate(_QUOTES)


@functools.cache
def _words() -> tuple[Trie, dict[str, str], tuple[int, ...]]:
    """English words by first token, Mandarin words, and the lengths that Mandarin words have."""
    english: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    mandarin: dict[str, str] = {}
    for concept in vocabulary().concepts:
        if concept.id == NEUTRAL:
            continue
        for word in (concept.en, *concept.aliases_en):
            tokens = tuple(_TOKEN.findall(_fold(word)))
            english.setdefault(tokens[0], []).append((tokens, concept.id))
        mandarin.update((_fold(word), concept.id) for word in (concept.zh, *concept.aliases_zh) if len(word) > 1)
    return {key: tuple(words) for key, words in english.items()}, mandarin, tuple(sorted({len(w) for w in mandarin}))


def _fold(text: str) -> str:
    if text.isascii():
        return text.lower()
    # Character by character, so that folding never depends on what stands beside a quoted text.
    return "".join(unicodedata.normalize("NFKC", c).casefold() for c in text).replace("’", "'")
