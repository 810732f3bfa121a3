"""How good the prescreen is, measured against human labels that came with the recordings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from osmo.schemas.keys import milliseconds

LABEL_PREFIX = "label_"
NEUTRAL = "neutral"


@dataclass(frozen=True)
class VoterQuality:
    """One voter against the human labels.

    Attributes:
        voter: Its name.
        labelled: Compared segments to which it gave a label.
        coverage: That share of the compared segments; null: nothing to compare.
        agreement: Share of its labels that equal the human one; null: it labelled nothing.
    """

    voter: str
    labelled: int
    coverage: float | None
    agreement: float | None


@dataclass(frozen=True)
class PrescreenQuality:
    """The prescreen against human labels, over one speaker's segments that have one: the wearer's, else said.

    Attributes:
        compared: Segments with one human label.
        ambiguous: Segments whose times bear two different human labels; left out.
        emotional_share: Share of compared ones whose human label is not neutral: the precision of keeping any.
        commonest_share: Share of the most frequent human label: the agreement of always saying it.
        voters: One each, by name.
        kept: Compared segments that the vote kept.
        kept_precision: Share of those whose human label is not neutral; null: none was kept.
        kept_agreement: Share of those whose label equals the human one; null: none was kept.
        kept_emotional: How many of those have a human label that is not neutral.
        kept_equal: How many of those have the human label.
    """

    compared: int
    ambiguous: int
    emotional_share: float | None
    commonest_share: float | None
    voters: tuple[VoterQuality, ...]
    kept: int
    kept_precision: float | None
    kept_agreement: float | None
    kept_emotional: int
    kept_equal: int


def prescreen_quality(
    segments: pa.Table, candidates: pa.Table, labels: pa.Table, *, speaker: str = "wearer"
) -> PrescreenQuality:
    """Compare votes and kept segments with human labels.

    A label belongs to the segment of the same recording with the same start and end to the millisecond.

    Args:
        segments: `SEGMENTS`; only those of `speaker` count.
        candidates: `CANDIDATES` with one label_<voter> column per voter.
        labels: recording_id, start_s, end_s, speaker, emotion (Ekman six or neutral, any case) as people gave them.
        speaker: wearer, other or unknown. Others' segments are never kept: of them those count that would be, were they
            the wearer's.
    """
    human, ambiguous = labels_of_segments(segments, labels, speaker=speaker)
    rows = [row for row in candidates.to_pylist() if row["segment_id"] in human]
    voters = sorted(name for name in candidates.column_names if name.startswith(LABEL_PREFIX))
    kept = [(row["label"], human[row["segment_id"]]) for row in rows if row["kept"] or _would_be(row, speaker)]
    emotional, equal = [said != NEUTRAL for _, said in kept], [label == said for label, said in kept]
    return PrescreenQuality(
        compared=len(human),
        ambiguous=ambiguous,
        emotional_share=_share([label != NEUTRAL for label in human.values()]),
        commonest_share=max(Counter(human.values()).values()) / len(human) if human else None,
        voters=tuple(
            _voter_quality(
                name.removeprefix(LABEL_PREFIX), [(row[name], human[row["segment_id"]]) for row in rows], len(human)
            )
            for name in voters
        ),
        kept=len(kept),
        kept_precision=_share(emotional),
        kept_agreement=_share(equal),
        kept_emotional=sum(emotional),
        kept_equal=sum(equal),
    )


def _voter_quality(voter: str, pairs: Sequence[tuple[str | None, str]], compared: int) -> VoterQuality:
    labelled = [(label, said) for label, said in pairs if label is not None]
    return VoterQuality(
        voter,
        len(labelled),
        len(labelled) / compared if compared else None,
        _share([label == said for label, said in labelled]),
    )


def labels_of_segments(segments: pa.Table, labels: pa.Table, *, speaker: str) -> tuple[dict[str, str], int]:
    """Human label of each of a speaker's segments that has one, and how many have two; as `prescreen_quality` says."""
    names = ("recording_id", "start_s", "end_s", "emotion")
    given: dict[tuple[str, int, int], set[str]] = {}
    for recording_id, start_s, end_s, emotion in zip(*(labels[name].to_pylist() for name in names), strict=True):
        if emotion is not None and start_s is not None and end_s is not None:
            at = (recording_id, milliseconds(start_s), milliseconds(end_s))
            given.setdefault(at, set()).add(emotion.strip().lower())
    columns = ("segment_id", "speaker", "recording_id", "start_s", "end_s")
    found: dict[str, str] = {}
    ambiguous = 0
    for segment_id, who, recording_id, start_s, end_s in zip(
        *(segments[name].to_pylist() for name in columns), strict=True
    ):
        if segment_id is None or who != speaker:
            continue
        said = given.get((recording_id, milliseconds(start_s), milliseconds(end_s)), set())
        if len(said) == 1:
            found[segment_id] = next(iter(said))
        ambiguous += len(said) > 1
    return found, ambiguous


def _would_be(row: Mapping[str, Any], speaker: str) -> bool:
    """Whether the vote would keep a segment of somebody else, were it the wearer's."""
    return speaker == "other" and row["dropped_reason"] == "other_speaker"


def _share(hits: Sequence[bool]) -> float | None:
    return sum(hits) / len(hits) if hits else None
