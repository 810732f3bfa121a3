"""What a sentence claims, as words that can be looked for in its evidence; lists by which chains are checked."""

from __future__ import annotations

import functools
import hashlib
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, Field

_FILE = files("osmo.tasks").joinpath("chain_words.toml")
_WORD = re.compile(r"[^\W\d_]+")
_HAN = re.compile(r"[\u3400-\u9fff]+")
_FEWEST_LETTERS = 3
"""A shorter English word claims nothing."""
_HAN_WEIGHT = 0.5
"""A Mandarin word has two characters on average."""
_SUFFIXES = ("ings", "ing", "edly", "ed", "ers", "er", "est", "ies", "es", "s", "ly")
_PLAIN = 0x250
"""Letters from here on are of no script that has English words."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TwoLanguages(_Model):
    """Words of both languages, spaces between; or lists of them."""

    en: str | tuple[str, ...]
    zh: str | tuple[str, ...]

    @property
    def english(self) -> tuple[str, ...]:
        """The English ones."""
        return tuple(self.en.split()) if isinstance(self.en, str) else self.en

    @property
    def mandarin(self) -> tuple[str, ...]:
        """The Mandarin ones."""
        return tuple(self.zh.split()) if isinstance(self.zh, str) else self.zh


class Opposites(_Model):
    """Words of which at most one is true, and what stands before a Mandarin one that compares."""

    en: tuple[tuple[str, str], ...]
    zh: tuple[str, ...]
    compared_zh: tuple[str, ...]


class Numbers(_Model):
    """Numbers in words, and what stands behind a Mandarin one that counts."""

    en: dict[str, str]
    zh: dict[str, str]
    counted_zh: tuple[str, ...]


class Inflections(_Model):
    """English endings, and what stands in their place in the word that they come from."""

    en: tuple[tuple[str, str], ...]


class Words(_Model):
    """tasks/chain_words.toml."""

    frame: TwoLanguages
    modality: dict[str, TwoLanguages]
    opposites: Opposites
    negations: TwoLanguages
    future: TwoLanguages
    speaker: dict[str, TwoLanguages]
    numbers: Numbers
    polarity: dict[str, str] = Field(description="Words of each polarity, spaces between")
    inflections: Inflections


@functools.cache
def words() -> Words:
    """The lists."""
    return Words.model_validate(tomllib.loads(_FILE.read_text("utf-8")))


@functools.cache
def words_sha() -> str:
    """Hash of the lists."""
    return hashlib.sha256(_FILE.read_bytes()).hexdigest()[:16]


@dataclass(frozen=True)
class Claims:
    """What a text claims: stems of English words, and runs of Mandarin characters."""

    stems: frozenset[str]
    runs: tuple[str, ...]

    @property
    def anything(self) -> bool:
        """Whether it claims anything at all."""
        return bool(self.stems or self.runs)

    def found_in(self, text: str) -> float:
        """Weight of what stands in a text too, 0 or more.

        A Mandarin character is found where it and a neighbour stand side by side in the text.
        """
        folded = fold(text)
        stems, pairs = all_stems(folded), {folded[i : i + 2] for i in range(len(folded) - 1)}
        return len(self.stems & stems) + _HAN_WEIGHT * sum(_covered(run, pairs) for run in self.runs)

    @property
    def weight(self) -> float:
        """Weight of everything."""
        return len(self.stems) + _HAN_WEIGHT * sum(map(len, self.runs))


def claims(text: str) -> Claims:
    """What a text claims beside what it needs to speak at all."""
    folded = fold(text)
    english = {
        stem(word)
        for word in _WORD.findall(_HAN.sub(" ", folded))
        if len(word) >= _FEWEST_LETTERS and word not in _frame_words()
    }
    runs = tuple(run for run in _HAN.findall(_frame_phrases().sub(" ", folded)) if len(run) > 1)
    return Claims(frozenset(english), runs)


@functools.lru_cache(maxsize=4_096)
def fold(text: str) -> str:
    """NFKC and casefolded, character by character, so that folding never depends on what stands beside a text."""
    if text.isascii():
        return text.lower()
    return "".join(unicodedata.normalize("NFKC", char).casefold() for char in text)


@functools.lru_cache(maxsize=4_096)
def all_stems(folded: str) -> frozenset[str]:
    """Stems of every English word of a folded text."""
    return frozenset(stem(word) for word in _WORD.findall(_HAN.sub(" ", folded)))


@functools.lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """A folded English word without its commonest endings: moves, moved, moving → mov."""
    if max(word) >= chr(_PLAIN):
        return word
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _FEWEST_LETTERS and not word.endswith("ss"):
            word = word.removesuffix(suffix) + ("y" if suffix == "ies" else "")
            break
    if len(word) > _FEWEST_LETTERS and word[-1] == word[-2] and word[-1] not in "aeiou":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > _FEWEST_LETTERS else word


def says_any(folded: str, phrases: TwoLanguages) -> str | None:
    """The first phrase that a folded text says: English ones as whole words; null: none."""
    return next((p for p in phrases.english if _whole(p).search(folded)), None) or next(
        (p for p in phrases.mandarin if p in folded), None
    )


def listed_words(folded: str, listed: TwoLanguages) -> frozenset[str]:
    """Words of a list that a folded text uses, English ones in any of their forms."""
    stems = all_stems(folded)
    english = (word for word in listed.english if stem(word) in stems)
    return frozenset((*english, *(word for word in listed.mandarin if word in folded)))


def has_han(text: str) -> bool:
    """Whether a text has Chinese characters."""
    return _HAN.search(text) is not None


def bases(text: str) -> Iterable[tuple[str, str]]:
    """Words of a text with the words that they may come from: (angrily, angry)."""
    for word in _WORD.findall(_HAN.sub(" ", fold(text))):
        for ending, instead in words().inflections.en:
            if word.endswith(ending) and len(word) - len(ending) >= _FEWEST_LETTERS:
                yield word, word.removesuffix(ending) + instead


def _covered(run: str, pairs: set[str]) -> int:
    """Characters of a run that stand beside a neighbour of theirs in the text whose pairs are given."""
    hits = [run[i : i + 2] in pairs for i in range(len(run) - 1)]
    return sum(before or after for before, after in zip([False, *hits], [*hits, False], strict=True))


@functools.cache
def _frame_words() -> frozenset[str]:
    return frozenset(words().frame.english)


@functools.cache
def _frame_phrases() -> re.Pattern[str]:
    longest_first: Sequence[str] = sorted(words().frame.mandarin, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)))


@functools.cache
def _whole(phrase: str) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(phrase)}\b")
