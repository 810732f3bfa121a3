"""The emotion lexicons as they lie on disk: terms with labels and weights, and the words that modify them."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from osmo.schemas.keys import content_key
from osmo.schemas.vocabulary import vocabulary

Language = Literal["en", "zh"]
Factor = Annotated[float, Field(gt=0, le=3)]

_LEVEL_WEIGHTS = {1: 1.0, 2: 1.5, 3: 2.0}
_DYAD_WEIGHT = 1.0


class Group(BaseModel):
    """Terms that say the same thing.

    `label` is the Ekman label that they are evidence of; `none` marks set phrases that hold an emotion word without
    the emotion (good morning). `state` terms describe a person and count for less where that person is another.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: Literal["anger", "disgust", "fear", "joy", "sadness", "surprise", "none"]
    weight: float = Field(default=1.0, gt=0, le=3)
    state: bool = False
    terms: tuple[str, ...] = Field(min_length=1)


class LexiconFile(BaseModel):
    """One language's lexicon: annotators/embedded/lexicon_<language>.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    negators: frozenset[str]
    negation_window: int = Field(ge=1, description="Words before a term in which a negator reverses it")
    negated_joy_weight: Factor = Field(description="Share of a negated joy term that counts as sadness")
    boundaries: frozenset[str] = Field(description="Words that end the reach of negators and intensifiers")
    first_person: frozenset[str]
    other_person: frozenset[str]
    other_person_factor: Factor = Field(description="On a state term whose subject is another person")
    exclamation_factor: Factor = Field(description="On all terms of an utterance with an exclamation mark")
    question_factor: Factor = Field(description="On joy and on states in an utterance that ends as a question")
    question_words: frozenset[str] = Field(description="Last words that make a question without its mark")
    irrealis: frozenset[str] = Field(description="Words of what is past, wished or supposed (Taboada et al., 2011)")
    irrealis_factor: Factor = Field(description="On a term with such a word before it in its clause")
    repeat_factor: Factor = Field(description="On each further occurrence of a term")
    intensifiers: dict[str, Factor]
    vocabulary_left_out: frozenset[str] = Field(description="Emotion words that mean too much else in running text")
    group: tuple[Group, ...]

    @model_validator(mode="after")
    def _terms_once(self) -> LexiconFile:
        seen: set[str] = set()
        for group in self.group:
            for term in group.terms:
                if term in seen:
                    raise ValueError(f"term {term!r} stands twice")
                seen.add(term)
        return self


class PolarityFile(BaseModel):
    """Mandarin words of plain value: annotators/embedded/valence_zh.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    positive: dict[str, float]
    negative: dict[str, float]


@cache
def lexicon_file(language: Language) -> LexiconFile:
    """The lexicon of a language, as written."""
    return LexiconFile.model_validate(tomllib.loads(_text(f"lexicon_{language}.toml")))


@cache
def polarity_file() -> PolarityFile:
    """Mandarin valence words that belong to no one emotion."""
    return PolarityFile.model_validate(tomllib.loads(_text("valence_zh.toml")))


def vocabulary_groups(language: Language) -> tuple[Group, ...]:
    """The words of the emotion vocabulary that imply an Ekman label, as states weighted by the wheel's level."""
    left_out = lexicon_file(language).vocabulary_left_out
    groups: list[Group] = []
    for concept in vocabulary().concepts:
        if concept.ekman is None or concept.ekman == "neutral":
            continue
        words = (concept.en, *concept.aliases_en) if language == "en" else (concept.zh, *concept.aliases_zh)
        terms = tuple(word for word in words if word not in left_out)
        weight = _LEVEL_WEIGHTS.get(concept.level or 0, _DYAD_WEIGHT)
        if terms:
            groups.append(Group.model_validate({
                "label": concept.ekman, "weight": weight, "state": True, "terms": terms,
            }))  # fmt: skip
    return tuple(groups)


@cache
def data_key() -> str:
    """Content key of every data file that the text voters read."""
    names = ("lexicon_en.toml", "lexicon_zh.toml", "valence_zh.toml")
    words = resources.files("osmo.schemas").joinpath("emotions.toml").read_text(encoding="utf-8")
    return content_key(*(_text(name) for name in names), words)


def _text(name: str) -> str:
    return resources.files("osmo.annotators.embedded").joinpath(name).read_text(encoding="utf-8")
