"""The words by which replies are read: those of the vocabulary and of words.toml, as phrases with roles."""

from __future__ import annotations

import functools
import hashlib
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from osmo.schemas.vocabulary import vocabulary

TOKEN = re.compile(r"[^\W\d_㐀-鿿]+(?:'(?!s\b)[^\W\d_㐀-鿿]+)*|'s\b|[0-9]+|\n|[^\s0-9]")
"""A word, a number, a line's end, or any other character."""

LABEL = "label"
UNSETTLED = "unsettled"


class _File(BaseModel):
    """words.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    labels: dict[str, tuple[str, ...]]
    unsettled: dict[str, tuple[str, ...]]
    everyday: dict[str, tuple[str, ...]]
    unanswered: dict[str, tuple[str, ...]]
    persons: dict[str, tuple[str, ...]]
    scope: dict[str, tuple[str, ...]]
    rank: dict[str, tuple[str, ...]]
    level: dict[str, tuple[str, ...]]
    reply: dict[str, tuple[str, ...]]
    json_: dict[str, tuple[str, ...]]
    speech: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Item:
    """A phrase or a single token of a text.

    Attributes:
        role: What it does: label, unsettled, wearer, negator, …; empty: nothing.
        value: The label, or the phrase itself.
        said: The phrase where `value` is its label.
    """

    role: str
    value: str
    said: str = ""


Phrases = Mapping[str, Sequence[tuple[tuple[str, ...], Item]]]
"""Phrases by their first token, longest first."""


@dataclass(frozen=True)
class Words:
    """What is looked for.

    Attributes:
        phrases: In running text.
        whole: Where a reply is nothing but such phrases.
        has: Members of the groups that are looked up token by token.
        speech_begins: First tokens of what somebody says.
        fields: Keys of JSON that hold the label.
        others: Keys of JSON that hold somebody else's, or a lesser one.
    """

    phrases: Phrases
    whole: Phrases
    has: Mapping[str, frozenset[str]]
    speech_begins: frozenset[str]
    fields: frozenset[str]
    others: frozenset[str]


def tokens_of(folded: str) -> list[str]:
    """A folded text as tokens."""
    return TOKEN.findall(folded)


def longest(phrases: Phrases, tokens: Sequence[str], start: int) -> tuple[int, Item] | None:
    """The longest phrase that starts there, with its length in tokens; null: none does."""
    for phrase, item in phrases.get(tokens[start], ()):
        if len(phrase) == 1 or tuple(tokens[start : start + len(phrase)]) == phrase:
            return len(phrase), item
    return None


def words(own: Mapping[str, str] | None = None) -> Words:
    """All words, those of one model before the common ones.

    Args:
        own: The model's own words for labels.
    """
    return _words(tuple(sorted((own or {}).items())))


@functools.lru_cache(maxsize=64)
def _words(own: tuple[tuple[str, str], ...]) -> Words:
    file = _file()
    groups = ("persons", "scope", "rank", "reply", "level")
    looked_up = (
        "preposition",
        "possessive",
        "thing",
        "auxiliary",
        "voice",
        "heard",
        "primary_after",
        "negator_after",
        "toward",
        "article",
        "about",
        "about_or_verb",
        "no_name",
        "noun_endings",
        "nouns",
    )
    running: dict[str, Item] = {}
    for group in groups:
        for role, listed in getattr(file, group).items():
            if role not in looked_up:
                running.update((phrase, Item(role, phrase)) for phrase in listed)
    emotions = _emotions(file)
    everyday = frozenset(file.everyday["words"])
    running |= {word: item for word, item in emotions.items() if word not in everyday and not _is_one_character(word)}
    mine = {word.casefold(): Item(LABEL, label) for word, label in own}
    whole = {
        **emotions,
        **{word: Item(UNSETTLED, word) for word in everyday},
        **{word: Item("unanswered", word) for word in file.unanswered["words"]},
        **mine,
    }
    return Words(
        _by_first({**running, **mine}),
        _by_first(whole),
        {role: frozenset(listed) for group in groups for role, listed in getattr(file, group).items()},
        frozenset(file.speech["begins"]),
        frozenset(file.json_["fields"]),
        frozenset(file.json_["others"]),
    )


def _emotions(file: _File) -> dict[str, Item]:
    """Words that name an emotion: its label, or none where it implies none or too many."""
    named: dict[str, Item] = {}
    for concept in vocabulary().concepts:
        for word in (concept.en, concept.zh, *concept.aliases_en, *concept.aliases_zh):
            named[word] = Item(UNSETTLED, word) if concept.ekman is None else Item(LABEL, concept.ekman, word)
    for label, listed in file.labels.items():
        named.update((word, Item(LABEL, label, word)) for word in (label, *listed))
    named.update((word, Item(UNSETTLED, word)) for word in file.unsettled["words"])
    return named


def _by_first(listed: Mapping[str, Item]) -> Phrases:
    found: dict[str, list[tuple[tuple[str, ...], Item]]] = defaultdict(list)
    for phrase, item in listed.items():
        tokens = tuple(tokens_of(phrase))
        found[tokens[0]].append((tokens, item))
    return {first: _longest_first(same) for first, same in found.items()}


def _longest_first(same: Iterable[tuple[tuple[str, ...], Item]]) -> list[tuple[tuple[str, ...], Item]]:
    return sorted(same, key=lambda pair: -len(pair[0]))


def _is_one_character(word: str) -> bool:
    """Whether it is a single Mandarin character, which is part of too many words (气 in 天气)."""
    return len(word) == 1


def data_key() -> str:
    """Hash of every word list that reading a reply depends on."""
    here, schemas = files("osmo.annotators.parse"), files("osmo.schemas")
    listed = (here.joinpath("words.toml"), here.joinpath("traditional.txt"), schemas.joinpath("emotions.toml"))
    return hashlib.sha256(b"".join(one.read_bytes() for one in listed)).hexdigest()[:16]


@functools.cache
def _file() -> _File:
    text = files("osmo.annotators.parse").joinpath("words.toml").read_text(encoding="utf-8")
    return _File.model_validate(tomllib.loads(text))
