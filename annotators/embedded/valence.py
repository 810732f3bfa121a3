"""Voter: how good or bad the words are, which says a label only where it implies one.

English is scored by VADER (Hutto and Gilbert, 2014), whose lexicon is its own; Mandarin by plain good and bad words
and those of the emotion lexicon. Clearly good implies joy, the one good label among Ekman's. Bad alone could be any of
four, so it implies a label only where all bad words that have a family in the emotion lexicon share one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from osmo.annotators.embedded.decision import MIN_NEUTRAL_WORDS, abstain
from osmo.annotators.embedded.lexicons import data_key, polarity_file
from osmo.annotators.embedded.matching import Hit, Lexicon, Reading, lexicon_for
from osmo.annotators.embedded.tokens import fold
from osmo.annotators.voter import Ballot, Sees, Utterance
from osmo.schemas.keys import fingerprint
from osmo.storage.media import Media

NAME = "valence"
CODE_VERSION = 1

POSITIVE = 0.5
"""Compound score (-1 to 1) from which an utterance is clearly good."""

NEGATIVE = -0.25
"""Compound score up to which an utterance is clearly bad."""

NEAR_ZERO = 0.05
"""Compound score below which, either way, VADER's authors call a text neutral."""

NORMALISATION = 15.0
"""VADER's alpha: a sum s becomes s / sqrt(s² + alpha)."""

ZH_SCALE = 1.6
"""One plain word of the emotion lexicon in VADER's units, where a plain emotion word stands at about 1.6 of 4."""


@dataclass(frozen=True)
class Valence:
    """Compound score from -1 to 1, the valued words, and the labels that the bad ones are evidence of."""

    compound: float
    words: tuple[str, ...]
    families: tuple[str, ...]

    @property
    def raw_text(self) -> str:
        """The evidence in one line."""
        families = f"; bad words of {', '.join(self.families)}" if self.families else ""
        return f"compound {self.compound:+.3f} [{', '.join(self.words[:8])}]{families}"


class ValenceVoter:
    """Says joy, neutral or the one family of the bad words, by the words' value."""

    name: str = NAME
    prompt_sha: str | None = None
    sees: Sees = "text"

    @property
    def revision(self) -> str:
        """Hash of the lexicons, the thresholds, VADER's version and the code's version."""
        return fingerprint(NAME, CODE_VERSION, {
            "data": data_key(), "vader": metadata.version("vaderSentiment"), "positive": POSITIVE,
            "negative": NEGATIVE, "near_zero": NEAR_ZERO, "min_neutral_words": MIN_NEUTRAL_WORDS, "zh_scale": ZH_SCALE,
        })  # fmt: skip

    def vote(self, utterances: Sequence[Utterance], media: Media) -> list[Ballot]:
        """One ballot per utterance, in order; the sound is not heard."""
        return [_ballot(utterance) for utterance in utterances]


def create_voter() -> ValenceVoter:
    """The voter."""
    return ValenceVoter()


def _ballot(utterance: Utterance) -> Ballot:
    words = lexicon_for(utterance.language)
    if words is None:
        return abstain(f"language: {utterance.language or 'unknown'} has no lexicon")
    if not utterance.text.strip():
        return abstain("empty: no words")
    reading = words.read(utterance.text)
    valence = _english(utterance.text, reading) if words.language == "en" else _mandarin(utterance.text, words, reading)
    return _decide(valence, reading.words)


def _decide(valence: Valence, words: int) -> Ballot:
    raw, size = valence.raw_text, round(abs(valence.compound), 4)
    if valence.compound >= POSITIVE:
        return Ballot("joy", None, raw, f"{NAME}/good", confidence=size)
    if valence.compound <= NEGATIVE:
        if len(valence.families) == 1:
            return Ballot(valence.families[0], None, raw, f"{NAME}/bad-of-one-family", confidence=size)
        several = f"could be {', '.join(valence.families)}" if valence.families else "of no one family"
        return abstain(f"ambiguous: bad, {several}", raw)
    if abs(valence.compound) >= NEAR_ZERO:
        return abstain(f"weak: compound {valence.compound:+.3f}", raw)
    if words < MIN_NEUTRAL_WORDS:
        return abstain(f"too_short: {words} words", raw)
    return Ballot("neutral", None, raw, f"{NAME}/near-zero", confidence=0.5)


def _english(text: str, reading: Reading) -> Valence:
    analyser = _vader()
    compound = float(analyser.polarity_scores(fold(text) if text.isascii() else fold(text))["compound"])
    valued = [word.strip(".,!?;:\"'()") for word in fold(text).split()]
    words = tuple(word for word in valued if word in analyser.lexicon)
    return Valence(compound, words, _families(reading.hits))


def _mandarin(text: str, lexicon: Lexicon, reading: Reading) -> Valence:
    total = 0.0
    found: list[str] = []
    for hit in reading.hits:
        if hit.label != "surprise":
            total += ZH_SCALE * (hit.weight if hit.label == "joy" else -hit.weight)
            found.append(hit.term)
    plain = polarity_file()
    tokens = lexicon.tokens.split(text)
    for position, token in enumerate(tokens):
        value = plain.positive.get(token) or plain.negative.get(token)
        if value is not None and token not in found:
            reverse = any(before in lexicon.file.negators for before in tokens[max(0, position - 2) : position])
            total += -0.7 * value if reverse else value
            found.append(token)
    return Valence(total / math.sqrt(total * total + NORMALISATION), tuple(found), _families(reading.hits))


def _families(hits: Sequence[Hit]) -> tuple[str, ...]:
    return tuple(sorted({hit.label for hit in hits if hit.label not in ("joy", "surprise")}))


@cache
def _vader() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()
