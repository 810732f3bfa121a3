"""The majority vote as a view: which segments people shall be asked about, and why the others not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from osmo.schemas.tables import CANDIDATES
from osmo.tasks.pivot import NO_ROW, pivot
from osmo.tasks.strings import string_order, take_strings
from osmo.tasks.vote import majority_vote

NEUTRAL = "neutral"
BELOW_QUORUM, OTHER_SPEAKER, OUTSIDE_MEDIA = "below_quorum", "other_speaker", "outside_media"
_REASONS = (BELOW_QUORUM, NEUTRAL, OTHER_SPEAKER, OUTSIDE_MEDIA)


@dataclass(frozen=True)
class VoteSummary:
    """What became of the segments; the counts after `complete` add up to it.

    Attributes:
        segments: All segments.
        complete: Those on which enough of the active voters have a row: all, unless the configuration says fewer.
        kept: Candidates.
        neutral: The majority says neutral, whoever speaks.
        other_speaker: A majority for an emotion, on another person's words.
        below_quorum: No label has enough votes.
        outside_media: A majority for an emotion, at a time that the recording's media do not cover.
    """

    segments: int
    complete: int
    kept: int
    neutral: int
    other_speaker: int
    below_quorum: int
    outside_media: int


def candidates(
    segments: pa.Table, votes: pa.Table, *, voters: Sequence[str], quorum: int, min_voters: int | None = None
) -> pa.Table:
    """Label each segment on which at least `quorum` annotators agree, and keep the wearer's emotional ones.

    Args:
        segments: `SEGMENTS`: segment_id, recording_id, start_s, end_s, speaker, in_media. Rows without segment_id and
            duplicates of none: a recording without speech is passed over.
        votes: `VOTES` of the active configuration: segment_id, annotator, label; a null label is an abstention.
        voters: The active voters.
        quorum: Fewest equal votes that make a label (the paper's 3 of 4).
        min_voters: Voters that must have a row on a segment, abstained or not; null: all of them. A voter without a row
            has no vote, and the quorum stays as it is.

    Returns:
        `CANDIDATES` with a column `label_<voter>` for each active voter (null: abstained, or no row), in order of
        `segment_id`; segments that lack more rows than allowed are absent. `dropped_reason` is the first that holds of
        below_quorum, neutral, other_speaker and outside_media.

    Raises:
        DuplicateRowError: A segment or a vote stands there twice.
    """
    if segments["segment_id"].null_count:
        segments = segments.filter(pc.is_valid(segments["segment_id"]))
    ids = segments["segment_id"].combine_chunks()
    ballots = pivot(ids, votes, voters=voters)
    complete = (ballots.codes != NO_ROW).sum(axis=0) >= min(min_voters or len(voters), len(voters))
    order = string_order(ids)
    order = order[complete[order]]
    columns = [np.take(column, order) for column in ballots.codes]
    majority = majority_vote(columns, quorum=quorum)
    speaker = take_strings(segments["speaker"].combine_chunks(), order)
    taken = segments.select(["start_s", "end_s", "in_media"]).take(pa.array(order))
    reason = _dropped(majority.label, ballots.labels, speaker, taken["in_media"])
    columns_of: dict[str, pa.Array[Any] | pa.ChunkedArray[Any]] = {
        "segment_id": take_strings(ids, order),
        "recording_id": take_strings(segments["recording_id"].combine_chunks(), order),
        "start_s": taken["start_s"],
        "end_s": taken["end_s"],
        "speaker": speaker,
        "label": take_strings(ballots.labels, majority.label),
        "votes_for": pa.array(majority.votes_for),
        "votes_cast": pa.array(majority.votes_cast),
        "kept": pa.array(reason < 0),
        "dropped_reason": take_strings(pa.array(_REASONS), reason),
    }
    table = CANDIDATES.check(pa.Table.from_arrays(list(columns_of.values()), names=list(columns_of)))
    for voter, column in zip(voters, columns, strict=True):
        table = table.append_column(f"label_{voter}", take_strings(ballots.labels, column))
    return table


def vote_summary(segments: pa.Table, candidates: pa.Table) -> VoteSummary:
    """Count what became of the segments.

    Args:
        segments: `SEGMENTS`, as given to `candidates`.
        candidates: What it gave.
    """
    counted = Counter(candidates["dropped_reason"].to_pylist())
    return VoteSummary(
        segments=len(segments) - segments["segment_id"].null_count,
        complete=len(candidates),
        kept=counted[None],
        neutral=counted[NEUTRAL],
        other_speaker=counted[OTHER_SPEAKER],
        below_quorum=counted[BELOW_QUORUM],
        outside_media=counted[OUTSIDE_MEDIA],
    )


def _dropped(
    label: npt.NDArray[np.int8], labels: pa.Array[Any], speaker: pa.Array[Any], in_media: pa.ChunkedArray[Any]
) -> npt.NDArray[np.int8]:
    """Index into `_REASONS` of the first that holds; -1: kept."""
    neutral = labels.index(NEUTRAL).as_py() if NEUTRAL in labels.to_pylist() else 127
    other = np.asarray(pc.equal(speaker, pa.scalar("other")).to_numpy(zero_copy_only=False), np.bool_)
    outside = ~np.asarray(in_media.fill_null(pa.scalar(True)).to_numpy(), np.bool_)
    reason = np.full(len(label), -1, np.int8)
    # The last to write wins, so the first of the stated order comes last.
    for code, holds in ((3, outside), (2, other), (1, label == neutral), (0, label < 0)):
        reason[holds] = code
    return reason
