"""What several annotators of one episode say together: one stated rule per field, none decided by order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, median_low

from osmo.schemas.vocabulary import vocabulary


@dataclass(frozen=True)
class Mark:
    """One annotator's region of an episode, as `ANNOTATIONS` has it; times in ms from the clip's start."""

    annotation_id: str
    start_ms: int
    end_ms: int
    emotions: tuple[str, ...]
    own_words: tuple[str, ...]
    polarity: str | None
    polarity_reason: str | None
    intensity: int | None
    intensity_reason: str | None
    cause: str | None
    cause_reason: str | None
    source: str


@dataclass(frozen=True)
class Consensus:
    """What the annotators of an episode say together; the fields are those of `EVENTS`."""

    start_ms: int
    end_ms: int
    emotions: tuple[str, ...]
    own_words: tuple[str, ...]
    label_distribution: tuple[tuple[str, int], ...]
    polarity: str | None
    polarity_reason: str | None
    intensity: int | None
    intensity_reason: str | None
    cause: str | None
    cause_reason: str | None
    causes: tuple[str, ...]
    needs_adjudication: bool
    annotation_ids: tuple[str, ...]


def consolidate(marks: Sequence[Mark]) -> Consensus:
    """One event from one region per annotator, whatever their order.

    Times are medians (of two, their middle, halves of a millisecond to the even one). Polarity is the most frequent
    one; a tie is null and goes to adjudication, never to `mixed`. Intensity is the lower median. The cause is the
    longest, of equally long ones the first by code point. People go to adjudication too where they share neither a
    concept, nor a family, nor a word of their own.
    """
    assert marks, "an event rests on somebody's region"
    words = tuple(sorted({word for mark in marks for word in mark.own_words}))
    emotions = shared_emotions([mark.emotions for mark in marks])
    polarity, polarity_reason = majority_polarity(marks)
    levels = [mark.intensity for mark in marks if mark.intensity is not None]
    causes = tuple(sorted(mark.cause for mark in marks if mark.cause is not None))
    return Consensus(
        start_ms=round(median(mark.start_ms for mark in marks)),
        end_ms=round(median(mark.end_ms for mark in marks)),
        emotions=emotions,
        own_words=words,
        label_distribution=tuple(sorted(_counts([mark.emotions for mark in marks]).items())),
        polarity=polarity,
        polarity_reason=polarity_reason,
        intensity=median_low(levels) if levels else None,
        intensity_reason=None if levels else _reason([mark.intensity_reason for mark in marks]),
        cause=min(causes, key=lambda text: (-len(text), text)) if causes else None,
        cause_reason=None if causes else _reason([mark.cause_reason for mark in marks]),
        causes=causes,
        needs_adjudication=polarity_reason == "tie" or not (emotions or _shared_words(marks)),
        annotation_ids=tuple(sorted({mark.annotation_id for mark in marks})),
    )


def shared_emotions(named: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Concepts that at least half the annotators name, sorted; else the families that at least half share; else none.

    Args:
        named: Concept ids per annotator; one who gave only own words counts among them, with none.
    """
    frequent = sorted(concept for concept, count in _counts(named).items() if 2 * count >= len(named))
    if frequent:
        return tuple(frequent)
    known = {concept.id for concept in vocabulary().concepts}  # one that a newer vocabulary lacks has no family
    families = vocabulary().shared_family([known.intersection(ids) for ids in named], at_least=(len(named) + 1) // 2)
    return tuple(sorted(families))


def majority_polarity(marks: Sequence[Mark]) -> tuple[str | None, str | None]:
    """The most frequent polarity of those given, or null and why: tie, not_collected or missing."""
    counts = Counter(mark.polarity for mark in marks if mark.polarity is not None)
    if not counts:
        return None, _reason([mark.polarity_reason for mark in marks])
    most = max(counts.values())
    leading = [polarity for polarity, count in counts.items() if count == most]
    return (leading[0], None) if len(leading) == 1 else (None, "tie")


def _counts(named: Sequence[tuple[str, ...]]) -> Counter[str]:
    return Counter(concept for concepts in named for concept in set(concepts))


def _shared_words(marks: Sequence[Mark]) -> bool:
    counts = Counter(word for mark in marks for word in {word.casefold() for word in mark.own_words})
    return any(2 * count >= len(marks) for count in counts.values())


def _reason(reasons: Sequence[str | None]) -> str:
    """Why nobody gave a field: not_collected where no source had it, else missing."""
    return "not_collected" if all(reason == "not_collected" for reason in reasons) else "missing"
