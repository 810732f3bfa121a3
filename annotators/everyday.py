"""Whether an everyday word that is also the name of an emotion (low, blue, moved) names one where it stands.

It looks no further than the marks around: what stands between quotation marks, brackets, colons and the ends of
sentences is judged by itself, so that a text that is quoted names what it names alone.
"""

from __future__ import annotations

import functools
import hashlib
import tomllib
from collections.abc import Sequence
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

_FILE = files("osmo.annotators").joinpath("everyday.toml")
_QUOTES = frozenset("\"'“”„‟‘‛「」『』«»‹›〝〞")
_EDGES = _QUOTES | frozenset(".!?;:()[]{}<>|/…。！？；：（）【】\u2014\u2013")
_COMMAS = frozenset(",、，")
_REACH = 40
"""Tokens that are looked at from a word in each direction."""


class EverydayWords(BaseModel):
    """everyday.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    measured: frozenset[str]
    mannered: frozenset[str]
    ordinary: tuple[str, ...]
    always: tuple[str, ...]
    context: dict[str, frozenset[str]]
    not_before: dict[str, frozenset[str]]
    not_after: dict[str, frozenset[str]]
    only_before: dict[str, frozenset[str]]


@functools.cache
def everyday_words() -> EverydayWords:
    """The words and their contexts."""
    return EverydayWords.model_validate(tomllib.loads(_FILE.read_text("utf-8")))


@functools.cache
def everyday_revision() -> str:
    """Hash of the words and of this file."""
    source = files("osmo.annotators").joinpath("everyday.py").read_bytes()
    return hashlib.sha256(source + _FILE.read_bytes()).hexdigest()[:16]


class Everyday:
    """Judges the everyday words of one text."""

    def __init__(self, tokens: Sequence[str], named: Sequence[bool]) -> None:
        """Bind a text.

        Args:
            tokens: Its tokens, folded: words in Latin letters, and every other character that is no space.
            named: Per token, whether it is part of a name of an emotion, everyday or not.
        """
        self._tokens = tokens
        self._named = named
        self._words = everyday_words()
        self._hidden = self._spans(_phrases()[0])
        self._shown = self._spans(_phrases()[1])

    def names(self, at: int, length: int) -> bool:
        """Whether the name of an emotion that stands there names it.

        Args:
            at: Its first token.
            length: Its tokens.
        """
        word = " ".join(self._tokens[at : at + length])
        end = at + length
        if at in self._shown:
            return True
        if at in self._hidden:
            return False
        if word in self._words.only_before:
            followed = self._token(end) in self._words.only_before[word]
            return followed or self._alone(at, end) or self._token(self._verb_before(at)) in self._words.context["feel"]
        if word not in self._words.measured and word not in self._words.mannered:
            return True
        return self._alone(at, end) or self._felt(word, at, end)

    def _felt(self, word: str, at: int, end: int) -> bool:
        context = self._words.context
        mannered = word in self._words.mannered
        before, after = self._token(at - 1), self._token(end)
        if _is_mandarin(before) or _is_mandarin(after):
            return True  # an English word among Mandarin ones is there for what it means
        if after in context["manners" if mannered else "moods"]:
            return True
        if before in context["deeply"] or (before == "of" and self._token(at - 2) in context["of"]):
            return True
        if before.endswith("'s") and before[:-2] in context["persons"] and self._is_edge(end):
            return True
        verb = self._verb_before(at)
        token = self._token(verb)
        if token in context["feel"] or (token == ":" and self._token(verb - 1) in context["feel"]):
            return True
        if after in self._words.not_before.get(word, ()):
            return False
        if token in context["contracted"] or self._is_caused(at, before):
            return True
        if token not in context["being"] or token in self._words.not_after.get(word, ()):
            return False
        return self._is_persons(verb, mannered)

    def _is_caused(self, at: int, before: str) -> bool:
        """Whether somebody is made so (leaves him hurt)."""
        context = self._words.context
        made = {self._token(at - 2), self._token(at - 3)} & context["causing"]
        return bool(made) and before in context["objects"] | context["persons"]

    def _verb_before(self, at: int) -> int:
        """Position of what stands before a word and what only modifies or joins it."""
        fillers = self._words.context["fillers"]
        at -= 1
        last = at - _REACH
        while at >= max(0, last):
            token = self._tokens[at]
            if token in self._words.context["being"] and token != "being":
                break
            article = token == "a" and self._token(at + 1) in ("bit", "little")
            of = token == "of" and self._token(at - 1) in ("kind", "sort")
            if not (token in fillers or token in _COMMAS or self._named[at] or article or of):
                break
            at -= 1
        return at

    def _is_persons(self, verb: int, mannered: bool) -> bool:
        """Whether the subject of a verb is a person, or for a word of manner a voice or a face."""
        context = self._words.context
        subjects = context["persons"] | context["manners" if mannered else "moods"]
        at = verb - 1
        thing = False
        while at >= max(0, verb - _REACH) and self._tokens[at] not in _EDGES:
            token = self._tokens[at]
            if token in context["relative"]:
                return self._token(at - 1) in subjects
            if token in context["joints"] or token in _COMMAS:
                if thing:
                    return False
            elif token in subjects and not self._is_after_preposition(at):
                return True
            elif token in context["things"]:
                thing = True
            at -= 1
        return False

    def _is_after_preposition(self, at: int) -> bool:
        before = self._token(at - 1)
        if before in self._words.context["things"]:
            before = self._token(at - 2)
        return before in self._words.context["prepositions"]

    def _alone(self, at: int, end: int) -> bool:
        """Whether nothing but names of emotions and what modifies them stands between two marks of quotation."""
        fillers = self._words.context["fillers"]
        for step, position in ((-1, at - 1), (1, end)):
            left = _REACH
            while 0 <= position < len(self._tokens) and (token := self._tokens[position]) not in _QUOTES:
                known = token in fillers or self._named[position] or not token.isalnum() or token in ("a", "of")
                if not known or not left:
                    return False
                position, left = position + step, left - 1
        return True

    def _token(self, at: int) -> str:
        return self._tokens[at] if 0 <= at < len(self._tokens) else ""

    def _is_edge(self, at: int) -> bool:
        return at >= len(self._tokens) or self._tokens[at] in _EDGES or self._tokens[at] in _COMMAS

    def _spans(self, phrases: dict[str, tuple[tuple[str, ...], ...]]) -> frozenset[int]:
        """Positions that lie in one of the phrases."""
        inside: set[int] = set()
        for at, token in enumerate(self._tokens):
            for phrase in phrases.get(token, ()):
                if tuple(self._tokens[at : at + len(phrase)]) == phrase:
                    inside.update(range(at, at + len(phrase)))
        return frozenset(inside)


@functools.cache
def _phrases() -> tuple[dict[str, tuple[tuple[str, ...], ...]], dict[str, tuple[tuple[str, ...], ...]]]:
    """The ordinary phrases and those that always count, by their first token."""
    words = everyday_words()
    return _by_first(words.ordinary), _by_first(words.always)


def _is_mandarin(token: str) -> bool:
    return "一" <= token <= "鿿"


def _by_first(phrases: Sequence[str]) -> dict[str, tuple[tuple[str, ...], ...]]:
    found: dict[str, tuple[tuple[str, ...], ...]] = {}
    for phrase in phrases:
        tokens = tuple(phrase.split())
        found[tokens[0]] = (*found.get(tokens[0], ()), tokens)
    return found
