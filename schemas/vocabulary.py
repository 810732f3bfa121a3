"""The one emotion vocabulary: concepts of Plutchik's wheel in English and Mandarin, and words to concepts."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

EKMAN_LABELS = ("anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral")
"""What voters may say: Ekman's six and neutral."""

FAMILIES = ("joy", "trust", "fear", "surprise", "sadness", "disgust", "anger", "anticipation")
"""The families of the wheel, clockwise."""

_SEPARATORS = re.compile(r"[,;|&+\n\t，、；。·]+")
_JOINTS = re.compile(r"\s+(?:and|or|with|but)\s+|(?<=[一-鿿])(?:[和与及又但]|\s+)(?=[一-鿿])")
"""What also stands inside words (迫不及待): cut only where the whole is unknown and a part is known."""

_EDGES = " .!?'\"()[]{}<>-_…！？（）【】《》“”‘’"


class UnknownConceptError(KeyError):
    """The vocabulary has no concept of this id."""

    def __init__(self, concept_id: str, version: str) -> None:
        self.concept_id = concept_id
        super().__init__(concept_id)
        self._message = (
            f"No concept {concept_id!r} in version {version} of the emotion vocabulary (schemas/emotions.toml)."
        )

    def __str__(self) -> str:
        """The whole message: KeyError would show its argument alone."""
        return self._message


class Concept(BaseModel):
    """One emotion.

    `level` is 1 (mild) to 3 (intense) for the wheel's basic emotions, null for dyads and neutral. `ekman` is the label
    that it implies, null where it implies none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z]+(/[a-z]+)?$")
    kind: Literal["basic", "dyad", "neutral"]
    families: tuple[str, ...]
    level: int | None = Field(default=None, ge=1, le=3)
    en: str
    zh: str
    aliases_en: tuple[str, ...] = ()
    aliases_zh: tuple[str, ...] = ()
    ekman: str | None = None
    polarity: Literal["positive", "negative", "neutral", "mixed"]

    @property
    def family(self) -> str | None:
        """The family of a basic emotion; null for dyads and neutral."""
        return self.families[0] if self.kind == "basic" else None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: str
    concept: tuple[Concept, ...]


@dataclass(frozen=True)
class Normalised:
    """Words read with the vocabulary: the concepts they name, and the words that it does not know, in order."""

    concepts: tuple[str, ...]
    outside: tuple[str, ...]


@dataclass(frozen=True)
class Vocabulary:
    """All concepts of one version."""

    version: str
    concepts: tuple[Concept, ...]

    @cached_property
    def _by_id(self) -> Mapping[str, Concept]:
        return {concept.id: concept for concept in self.concepts}

    @cached_property
    def _by_alias(self) -> Mapping[tuple[str, str], str]:
        return {
            (language, fold(word)): concept.id
            for concept in self.concepts
            for language, words in (
                ("en", (concept.en, concept.id, *concept.aliases_en)),
                ("zh", (concept.zh, *concept.aliases_zh)),
            )
            for word in words
        }

    @property
    def families(self) -> tuple[str, ...]:
        """The eight families of the wheel, clockwise."""
        return FAMILIES

    def get(self, concept_id: str) -> Concept:
        """A concept by id.

        Raises:
            UnknownConceptError: There is none.
        """
        try:
            return self._by_id[concept_id]
        except KeyError:
            raise UnknownConceptError(concept_id, self.version) from None

    def normalise(self, text: str, language: str | None = None) -> Normalised:
        """Read a list of emotion words.

        Args:
            text: One word or several, split at English and Chinese separators.
            language: en or zh: only its aliases; null: both.

        Returns:
            Concept ids and outside words, each once, in order of appearance; an outside word stays itself, folded.
        """
        concepts: dict[str, None] = {}
        outside: dict[str, None] = {}
        for piece in _SEPARATORS.split(unicodedata.normalize("NFKC", text)):
            for word in self._words(piece, language):
                found = self._look_up(word, language)
                if found is None:
                    outside[word] = None
                else:
                    concepts[found] = None
        return Normalised(tuple(concepts), tuple(outside))

    def from_ekman(self, label: str) -> str:
        """The concept of an Ekman label: the middle of its family, or neutral.

        Raises:
            UnknownConceptError: It is none of `EKMAN_LABELS`.
        """
        if label not in EKMAN_LABELS:
            raise UnknownConceptError(label, self.version)
        return "neutral" if label == "neutral" else self.middle(label)

    def middle(self, family: str) -> str:
        """The middle-level concept of a family."""
        for concept in self.concepts:
            if concept.family == family and concept.level == 2:
                return concept.id
        raise UnknownConceptError(family, self.version)

    def shared_family(self, sets: Sequence[Collection[str]], at_least: int) -> tuple[str, ...]:
        """What annotators who share no concept agree on: the families that enough of them named.

        Args:
            sets: The concept ids of each annotator; a dyad stands for both its families.
            at_least: How many annotators make a family shared.

        Returns:
            The middle-level concepts of the families that most annotators named, if they are at least `at_least`, in
            the wheel's order; empty: none is shared.
        """
        named = [{family for concept in chosen for family in self.get(concept).families} for chosen in sets]
        counts = {family: sum(family in families for families in named) for family in FAMILIES}
        most = max(counts.values())
        if most < max(at_least, 1):
            return ()
        return tuple(self.middle(family) for family in FAMILIES if counts[family] == most)

    def _words(self, piece: str, language: str | None) -> list[str]:
        """The piece whole, unless it is unknown and its parts are known."""
        whole = fold(piece)
        if self._look_up(whole, language) is not None:
            return [whole]
        if "/" in piece:  # of an id as a whole, else a separator
            return [word for part in piece.split("/") for word in self._words(part, language)]
        parts = [part for part in map(fold, _JOINTS.split(piece)) if part]
        known = any(self._look_up(part, language) is not None for part in parts)
        return parts if known else [whole] if whole else []

    def _look_up(self, word: str, language: str | None) -> str | None:
        languages = (language,) if language in ("en", "zh") else ("en", "zh")
        for one in languages:
            if (one, word) in self._by_alias:
                return self._by_alias[one, word]
        return None


def fold(word: str) -> str:
    """A word as aliases are compared: NFKC, casefolded, without punctuation at its edges, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", word).casefold().strip(_EDGES).split())


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary of schemas/emotions.toml."""
    text = resources.files("osmo.schemas").joinpath("emotions.toml").read_text(encoding="utf-8")
    file = _File.model_validate(tomllib.loads(text))
    return Vocabulary(file.version, file.concept)
