"""The embedded rubric: scores an annotation by criteria that can be checked. It is no language model.

Each criterion that applies gives 0 to its weight in points; the score is 1 + 9 · points / points possible, rounded.
A criterion on a field that the source never collected does not apply. What alone makes an annotation unfit (no
emotion, an empty cause, polarity against every concept) caps the score at `CAP`, below every sensible acceptance.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from osmo.annotators.judge import Statement, Verdict
from osmo.schemas.config import QualityConfig
from osmo.schemas.endpoints import NO_MODELS, Models
from osmo.schemas.vocabulary import vocabulary

CAP = 5
"""The best score of an annotation with a fault that alone makes it unfit."""
NOT_COLLECTED = "not_collected"
FULL_WORDS = 5
"""Words from which a cause counts as specific; below, it gets half the points."""
MOST_EMOTIONS = 3
"""More concepts than this for one episode say little of any."""

_HAN = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*|\d+")
_SHORT_WORD = 3
_LATIN = re.compile(r"[A-Za-z]")


@dataclass(frozen=True)
class Points:
    """What one criterion gives: points of a weight, and whether that alone makes the annotation unfit."""

    points: float
    weight: float
    unfit: bool = False


Polarities = Mapping[str, str]
"""Polarity of each concept of the vocabulary; a concept that it lacks has none."""
Criterion = Callable[[Statement, Polarities], Points | None]


class Rubric:
    """The judge that counts; see the module."""

    name = "rubric"
    prompt_sha: str | None = None

    def __init__(self) -> None:
        self._polarities = {concept.id: concept.polarity for concept in vocabulary().concepts}
        source = Path(__file__).read_bytes()
        self.revision = hashlib.sha256(source + vocabulary().version.encode()).hexdigest()[:16]

    def judge(self, statements: Sequence[Statement]) -> list[Verdict]:
        """One verdict per statement, in order; equal statements get equal verdicts."""
        return [self._judge(statement) for statement in statements]

    def _judge(self, statement: Statement) -> Verdict:
        given = {name: criterion(statement, self._polarities) for name, criterion in CRITERIA.items()}
        counted = {name: points for name, points in given.items() if points is not None}
        share = sum(points.points for points in counted.values()) / sum(points.weight for points in counted.values())
        unfit = [name for name, points in counted.items() if points.unfit]
        score = 1 + round(9 * share)
        lines = [f"{name} {points.points:g}/{points.weight:g}" for name, points in counted.items()]
        passed_over = [name for name, points in given.items() if points is None]
        rationale = "rubric: " + ", ".join(lines)
        if passed_over:
            rationale += f"; does not apply: {', '.join(passed_over)}"
        if unfit:
            rationale += f"; unfit by {', '.join(unfit)}, at most {CAP}"
        return Verdict(min(score, CAP) if unfit else score, None, rationale, None)


def create_judge(_models: Models = NO_MODELS) -> Rubric:
    """The embedded rubric."""
    return Rubric()


def _emotion(said: Statement, _: Polarities) -> Points:
    """2 for a concept of the vocabulary, 1 for own words alone."""
    named = 2.0 if said.emotions else 1.0 if any(word.strip() for word in said.own_words) else 0.0
    return Points(named, 2, unfit=not named)


def _number(said: Statement, _: Polarities) -> Points | None:
    """1 for at most three concepts."""
    return Points(float(len(said.emotions) <= MOST_EMOTIONS), 1) if said.emotions else None


def _polarity(said: Statement, _: Polarities) -> Points | None:
    """1 for a polarity."""
    return None if _passed_over(said.polarity, said.polarity_reason) else Points(float(said.polarity is not None), 1)


def _intensity(said: Statement, _: Polarities) -> Points | None:
    """1 for an intensity."""
    return None if _passed_over(said.intensity, said.intensity_reason) else Points(float(said.intensity is not None), 1)


def _consistency(said: Statement, known: Polarities) -> Points | None:
    """2 where the polarity is that of the concepts, 1 where it is that of some, 0 where it is against all."""
    if said.polarity is None:
        return None
    polarities = {known.get(concept) for concept in said.emotions} & {"positive", "negative"}
    if not polarities:
        return None
    if said.polarity == "mixed":
        return Points(2.0 if len(polarities) == 2 else 1.0, 2)
    if said.polarity == "neutral":
        return Points(1.0, 2)
    if said.polarity not in polarities:
        return Points(0.0, 2, unfit=True)
    return Points(2.0 if len(polarities) == 1 else 1.0, 2)


def _duration(said: Statement, _: Polarities) -> Points:
    """1 for a length that an episode can have."""
    limits = QualityConfig()
    within = limits.min_duration_s <= said.duration_s <= limits.max_duration_s
    return Points(float(within and said.duration_s <= said.clip_duration_s), 1)


def _cause(said: Statement, _: Polarities) -> Points | None:
    """2 for a cause."""
    if _passed_over(said.cause, said.cause_reason):
        return None
    given = bool(said.cause and said.cause.strip())
    return Points(2.0 if given else 0.0, 2, unfit=not given)


def _specific(said: Statement, _: Polarities) -> Points | None:
    """2 for a cause of five words or more, 1 from the least number, else 0."""
    if _passed_over(said.cause, said.cause_reason):
        return None
    count = _word_count(said.cause or "")
    enough = QualityConfig().min_cause_words
    return Points(2.0 if count >= FULL_WORDS else 1.0 if count >= enough else 0.0, 2)


def _language(said: Statement, _: Polarities) -> Points | None:
    """1 for a cause in the recording's language; only English and Mandarin can be told."""
    if not said.cause or said.language not in ("en", "zh"):
        return None
    script = _HAN if said.language == "zh" else _LATIN
    return Points(float(script.search(said.cause) is not None), 1)


def _dialogue(said: Statement, _: Polarities) -> Points | None:
    """1 for a cause that takes up a word, or two Chinese characters in a row, of what was said meanwhile."""
    spoken = " ".join(turn.text for turn in said.dialogue)
    if not said.cause or not _terms(spoken):
        return None
    return Points(float(bool(_terms(spoken) & _terms(said.cause))), 1)


CRITERIA: dict[str, Criterion] = {
    "emotion": _emotion,
    "number": _number,
    "polarity": _polarity,
    "intensity": _intensity,
    "consistency": _consistency,
    "duration": _duration,
    "cause": _cause,
    "specific": _specific,
    "language": _language,
    "dialogue": _dialogue,
}
"""The criteria in the order of the rationale."""


def _passed_over(value: object, reason: str | None) -> bool:
    return value is None and reason == NOT_COLLECTED


def _word_count(text: str) -> float:
    """Words, two Chinese characters counting as one."""
    return len(_HAN.findall(text)) / 2 + len(_WORD.findall(_HAN.sub(" ", text)))


def _terms(text: str) -> set[str]:
    """Words of more than three letters, and pairs of neighbouring Chinese characters."""
    pairs = {text[i : i + 2] for i in range(len(text) - 1) if _HAN.match(text[i]) and _HAN.match(text[i + 1])}
    words = _WORD.findall(_HAN.sub(" ", text.casefold()))
    return pairs | {word for word in words if len(word) > _SHORT_WORD}
