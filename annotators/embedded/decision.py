"""From evidence to a ballot: one rule for every voter that counts evidence per label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from osmo.annotators.embedded.matching import Hit
from osmo.annotators.voter import Ballot

MIN_SCORE = 0.8
"""Least evidence that makes a label: a plain emotion word, or several faint cues, of the utterance's own."""

MIN_MARGIN = 1.25
"""The strongest label must have this many times the evidence of the next."""

MIN_NEUTRAL_WORDS = 4
"""A text of fewer words without evidence is too short to be called neutral."""

RAW_TERMS = 8

PARAMETERS = {"min_score": MIN_SCORE, "min_margin": MIN_MARGIN, "min_neutral_words": MIN_NEUTRAL_WORDS}


def abstain(reason: str, raw_text: str | None = None) -> Ballot:
    """A ballot without a label."""
    return Ballot(None, reason, raw_text, None)


def decide(scores: Mapping[str, float], *, words: int, raw_text: str, rule: str) -> Ballot:
    """The label that the evidence says, or an abstention.

    Args:
        scores: Evidence per label, without neutral; labels of none may be absent.
        words: Words in the utterance: a long enough one without any evidence is neutral.
        raw_text: The evidence counted.
        rule: Name of the voter, before the rule's id.
    """
    ranked = sorted(((score, label) for label, score in scores.items() if score > 0), reverse=True)
    if not ranked:
        if words < MIN_NEUTRAL_WORDS:
            return abstain(f"too_short: {words} words and no evidence", raw_text)
        return Ballot("neutral", None, raw_text, f"{rule}/no-evidence", confidence=0.5)
    best, label = ranked[0]
    if best < MIN_SCORE:
        return abstain(f"weak: {label} {best:.2f} is below {MIN_SCORE:.2f}", raw_text)
    if len(ranked) > 1 and best < MIN_MARGIN * ranked[1][0]:
        second, other = ranked[1]
        return abstain(f"tie: {label} {best:.2f}, {other} {second:.2f}", raw_text)
    total = sum(score for score, _ in ranked)
    return Ballot(label, None, raw_text, f"{rule}/strongest", confidence=round(best / (total + MIN_SCORE), 4))


def describe(scores: Mapping[str, float], hits: Sequence[Hit]) -> str:
    """The evidence in one line, strongest label first, at most `RAW_TERMS` terms."""
    if not hits and not scores:
        return "no evidence"
    sums = ", ".join(f"{label} {score:.2f}" for label, score in sorted(scores.items(), key=lambda i: (-i[1], i[0])))
    terms = ", ".join(
        f"{'not ' if hit.negated else ''}{hit.term}={hit.label} {hit.weight:.2f}" for hit in hits[:RAW_TERMS]
    )
    more = f", and {len(hits) - RAW_TERMS} more" if len(hits) > RAW_TERMS else ""
    return f"{sums} [{terms}{more}]"
