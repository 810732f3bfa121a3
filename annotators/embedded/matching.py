"""Emotion evidence in a text: lexicon terms with negation, intensifiers and who is spoken of."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata

from osmo.annotators.embedded.lexicons import Group, Language, LexiconFile, data_key, lexicon_file, vocabulary_groups
from osmo.annotators.embedded.tokens import EnglishTokens, MandarinTokens, is_word
from osmo.schemas.keys import content_key

VERSION = 1
"""Of the code that reads evidence; a change of what it finds needs a new one."""

MARKS = frozenset({".", ",", ";", ":", "!", "!!", "?", "??", "?!", "...", "。", "、", "-", "—", "–"})
"""Tokens that end the reach of a negator or an intensifier."""

_INTENSIFIER_WINDOW = 2
_SUBJECT_WINDOW = 5


@dataclass(frozen=True)
class Hit:
    """One term found: the label it is evidence of, its weight after modifiers, and whether it was negated."""

    term: str
    label: str
    weight: float
    negated: bool = False


@dataclass(frozen=True)
class Reading:
    """What a lexicon found in one text: the hits in order, and how many words the text has."""

    hits: tuple[Hit, ...]
    words: int

    def scores(self) -> dict[str, float]:
        """Evidence per label, summed; labels without evidence are absent."""
        sums: dict[str, float] = defaultdict(float)
        for hit in self.hits:
            sums[hit.label] += hit.weight
        return dict(sums)


@dataclass(frozen=True)
class _Entry:
    tokens: tuple[str, ...]
    group: Group


@dataclass(frozen=True)
class Lexicon:
    """The lexicon of one language, ready to read texts."""

    language: Language
    file: LexiconFile
    tokens: EnglishTokens | MandarinTokens
    entries: Mapping[str, tuple[_Entry, ...]] = field(repr=False)

    def read(self, text: str) -> Reading:
        """The evidence in a text: of terms that overlap, the longest and then the leftmost counts."""
        tokens = self.tokens.split(text)
        louder = self.file.exclamation_factor if any(t in ("!", "!!", "?!") for t in tokens) else 1.0
        asked = self._asks(tokens)
        hits: list[Hit] = []
        said: Counter[str] = Counter()
        start = 0
        while start < len(tokens):
            entry = self._longest(tokens, start)
            if entry is None:
                start += 1
                continue
            factor = louder * self.file.repeat_factor ** said[entry.tokens[0]]
            if asked and (entry.group.state or entry.group.label == "joy"):
                factor *= self.file.question_factor
            hit = self._hit(tokens, start, entry, factor)
            if hit is not None:
                hits.append(hit)
                said[entry.tokens[0]] += 1
            start += len(entry.tokens)
        return Reading(tuple(hits), sum(map(is_word, tokens)))

    def family(self, word: str) -> str | None:
        """The label that a single word is evidence of; null: none, or the word is not in the lexicon."""
        for entry in self.entries.get(word, ()):
            if entry.tokens == (word,):
                return None if entry.group.label == "none" else entry.group.label
        return None

    def _asks(self, tokens: Sequence[str]) -> bool:
        last = next((token for token in reversed(tokens) if token not in (".", "。", "...")), "")
        return last in ("?", "??") or last in self.file.question_words

    def _longest(self, tokens: Sequence[str], start: int) -> _Entry | None:
        for entry in self.entries.get(tokens[start], ()):  # longest first
            if tuple(tokens[start : start + len(entry.tokens)]) == entry.tokens:
                return entry
        return None

    def _hit(self, tokens: Sequence[str], start: int, entry: _Entry, factor: float) -> Hit | None:
        group, term = entry.group, " ".join(entry.tokens)
        if group.label == "none":
            return None
        before = self._clause_before(tokens, start)
        weight = group.weight * factor
        if any(word in self.file.irrealis for word in before):
            weight *= self.file.irrealis_factor
        for word in before[:_INTENSIFIER_WINDOW]:
            weight *= self.file.intensifiers.get(word, 1.0)
        if group.state and self._of_another(before):
            weight *= self.file.other_person_factor
        negated = sum(self._negates(word) for word in before[: self.file.negation_window]) % 2 == 1
        if not negated:
            return Hit(term, group.label, weight)
        if group.label == "joy":
            return Hit(term, "sadness", weight * self.file.negated_joy_weight, True)
        return None  # "not afraid" is evidence of nothing else

    def _clause_before(self, tokens: Sequence[str], start: int) -> list[str]:
        """Words before a term up to the clause's edge, nearest first; a word that is the edge (if) is still of it."""
        words: list[str] = []
        for position in range(start - 1, max(-1, start - 1 - _SUBJECT_WINDOW), -1):
            if tokens[position] in MARKS:
                break
            words.append(tokens[position])
            if tokens[position] in self.file.boundaries:
                break
        return words

    def _negates(self, word: str) -> bool:
        return word in self.file.negators or (self.language == "en" and word.endswith("n't"))

    def _of_another(self, before: Sequence[str]) -> bool:
        for word in before:
            if word in self.file.first_person:
                return False
            if word in self.file.other_person:
                return True
        return False


@cache
def evidence_key() -> str:
    """What evidence depends on beside the text: the data files, this code's version and jieba's dictionary."""
    return content_key(data_key(), VERSION, _INTENSIFIER_WINDOW, _SUBJECT_WINDOW, metadata.version("jieba"))


@cache
def lexicon(language: Language) -> Lexicon:
    """The lexicon of a language; the terms of its file go before those of the vocabulary."""
    file = lexicon_file(language)
    groups: dict[str, Group] = {}
    for group in (*vocabulary_groups(language), *file.group):
        groups.update(dict.fromkeys(group.terms, group))
    tokens = EnglishTokens() if language == "en" else MandarinTokens((*groups, *file.intensifiers, *file.negators))
    entries: dict[str, list[_Entry]] = defaultdict(list)
    for term, group in groups.items():
        split = tuple(tokens.split(term))
        entries[split[0]].append(_Entry(split, group))
    ordered = {
        first: tuple(sorted(found, key=lambda entry: (-len(entry.tokens), entry.tokens)))
        for first, found in entries.items()
    }
    return Lexicon(language, file, tokens, ordered)


def lexicon_for(language: str | None) -> Lexicon | None:
    """The lexicon of a BCP 47 language tag; null: there is none."""
    primary = (language or "").casefold().partition("-")[0]
    if primary == "en":
        return lexicon("en")
    return lexicon("zh") if primary == "zh" else None
