"""Voter: how good or bad the words are, which says a label only where it implies one.

English is scored by VADER (Hutto and Gilbert, 2014), and by the emotion lexicon's terms of which VADER knows no word
(get out of here); Mandarin by the emotion lexicon's terms and by plain good and bad words. Clearly good implies joy,
the one good label among Ekman's. Bad alone could be any of four, so it implies a label only where all bad terms that
the emotion lexicon knows are evidence of one. Surprise is neither good nor bad and never voted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata

from pydantic import JsonValue
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from osmo.annotators.embedded.decision import MIN_NEUTRAL_WORDS, abstain
from osmo.annotators.embedded.lexicons import polarity_file
from osmo.annotators.embedded.matching import Hit, Lexicon, Reading, evidence_key, lexicon_for
from osmo.annotators.embedded.tokens import fold
from osmo.annotators.voter import Ballot, Sees, Utterance
from osmo.schemas.endpoints import NO_MODELS, Models
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

TERM_VALUE = 1.6
"""A term of weight 1 of the emotion lexicon in VADER's units (up to 4), where a plain emotion word has about 1.6."""

REVERSED = -0.74
"""What a negator makes of a word's value, as in VADER."""

_EDGES = ".,!?;:\"'()"


@dataclass(frozen=True)
class Valence:
    """Compound score from -1 to 1, the valued words, and the labels of the emotion lexicon's terms among them."""

    compound: float
    words: tuple[str, ...]
    labels: tuple[str, ...]

    @property
    def bad(self) -> tuple[str, ...]:
        """The bad labels: what a low score could mean."""
        return tuple(label for label in self.labels if label not in ("joy", "surprise"))

    @property
    def raw_text(self) -> str:
        """The evidence in one line."""
        bad = f"; bad words of {', '.join(self.bad)}" if self.bad else ""
        return f"compound {self.compound:+.3f} [{', '.join(self.words[:8])}]{bad}"


class ValenceVoter:
    """Says joy, neutral or the one family of the bad words, by the words' value."""

    name: str = NAME
    prompt_sha: str | None = None
    sees: Sees = "text"

    @property
    def revision(self) -> str:
        """Hash of the lexicons, the thresholds, VADER's version and the code's version."""
        parameters: dict[str, JsonValue] = {
            "evidence": evidence_key(),
            "vader": metadata.version("vaderSentiment"),
            "positive": POSITIVE,
            "negative": NEGATIVE,
            "near_zero": NEAR_ZERO,
            "min_neutral_words": MIN_NEUTRAL_WORDS,
            "term_value": TERM_VALUE,
            "reversed": REVERSED,
        }
        return fingerprint(NAME, CODE_VERSION, parameters)

    def vote(self, utterances: Sequence[Utterance], media: Media) -> list[Ballot]:
        """One ballot per utterance, in order; the sound is not heard."""
        return [_ballot(utterance) for utterance in utterances]


def create_voter(_models: Models = NO_MODELS) -> ValenceVoter:
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
        if len(valence.bad) == 1:
            return Ballot(valence.bad[0], None, raw, f"{NAME}/bad-of-one-family", confidence=size)
        several = f"could be {', '.join(valence.bad)}" if valence.bad else "of no one family"
        return abstain(f"ambiguous: bad, {several}", raw)
    if abs(valence.compound) >= NEAR_ZERO:
        return abstain(f"weak: compound {valence.compound:+.3f}", raw)
    if valence.labels:
        return abstain(f"no_valence: evidence of {', '.join(valence.labels)} that is neither good nor bad", raw)
    if words < MIN_NEUTRAL_WORDS:
        return abstain(f"too_short: {words} words", raw)
    return Ballot("neutral", None, raw, f"{NAME}/near-zero", confidence=0.5)


def _english(text: str, reading: Reading) -> Valence:
    analyser = _vader()
    folded = fold(text)
    compound = float(analyser.polarity_scores(folded)["compound"])
    found = [word for raw in folded.split() if (word := raw.strip(_EDGES)) in analyser.lexicon]
    total = _sum_behind(compound)
    for hit in reading.hits:
        if not any(word in analyser.lexicon for word in hit.term.split()):
            total += _value(hit)
            found.append(hit.term)
    return Valence(_compound(total), tuple(found), _labels(reading.hits))


def _mandarin(text: str, lexicon: Lexicon, reading: Reading) -> Valence:
    total = sum(map(_value, reading.hits))
    found = [hit.term for hit in reading.hits]
    plain = polarity_file()
    tokens = lexicon.tokens.split(text)
    for position, token in enumerate(tokens):
        value = plain.positive.get(token) or plain.negative.get(token)
        if value is not None and token not in found:
            before = tokens[max(0, position - 2) : position]
            total += value * (REVERSED if any(word in lexicon.file.negators for word in before) else 1.0)
            found.append(token)
    return Valence(_compound(total), tuple(found), _labels(reading.hits))


def _value(hit: Hit) -> float:
    """A term of the emotion lexicon in VADER's units; surprise is neither good nor bad."""
    sign = {"joy": 1.0, "surprise": 0.0}.get(hit.label, -1.0)
    return sign * TERM_VALUE * hit.weight


def _compound(total: float) -> float:
    return total / math.sqrt(total * total + NORMALISATION)


def _sum_behind(compound: float) -> float:
    """The sum that VADER normalised: the inverse of `_compound`."""
    return compound * math.sqrt(NORMALISATION / max(1e-9, 1.0 - compound * compound))


def _labels(hits: Sequence[Hit]) -> tuple[str, ...]:
    return tuple(sorted({hit.label for hit in hits}))


@cache
def _vader() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()
