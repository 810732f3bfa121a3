"""What the votes say beside their majority: patterns, coverage, agreement, people's labels, and a second opinion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from osmo.schemas.vocabulary import EKMAN_LABELS
from osmo.tasks.dawid_skene import SecondOpinion, dawid_skene
from osmo.tasks.human_figures import HumanFigure, figures_of_events, figures_of_labels
from osmo.tasks.pipeline import Pipeline
from osmo.tasks.pivot import NO_ROW, Ballots, pivot
from osmo.tasks.quality_report import LABEL_PREFIX, labels_of_segments, prescreen_quality
from osmo.tasks.vote_patterns import VotePattern, vote_patterns
from osmo.tasks.voter_agreement import Pair, krippendorff_alpha, voter_pairs

Codes = npt.NDArray[np.int8]


@dataclass(frozen=True)
class VoterCoverage:
    """What one voter answered on the segments that were voted on.

    Attributes:
        voter: Its name.
        answered: Segments on which it has a row.
        labelled: Those to which it gave a label.
        coverage: labelled ÷ segments that were voted on; null: there are none.
        abstained: Why it abstained, and how often, most frequent first; a reason is what stands before a colon.
    """

    voter: str
    answered: int
    labelled: int
    coverage: float | None
    abstained: dict[str, int]


@dataclass(frozen=True)
class SecondVote:
    """The second opinion beside the majority. It ranks and never decides.

    Attributes:
        iterations: Of the estimation.
        converged: Whether it came to an end.
        majorities: Segments with a majority label.
        same: Those whose likeliest label is the majority's.
        kept: Candidates.
        kept_same: Those whose likeliest label is the majority's.
        below_quorum: Segments without a majority.
        sure: Those to which it gives an emotion with a probability of 0.9 or more.
    """

    iterations: int
    converged: bool
    majorities: int
    same: int
    kept: int
    kept_same: int
    below_quorum: int
    sure: int


@dataclass(frozen=True)
class VoteReport:
    """The report; `segments` are those that were voted on, whoever speaks."""

    voters: tuple[str, ...]
    segments: int
    patterns: list[VotePattern]
    coverage: list[VoterCoverage]
    pairs: list[Pair]
    alpha: float | None
    human: list[HumanFigure]
    second: SecondVote


SURE = 0.9


@dataclass(frozen=True)
class Counted:
    """The votes that are counted, in order of `candidates`.

    Attributes:
        candidates: `CANDIDATES` with its label_<voter> columns.
        codes: Shape (voters, segments): a label's place in `labels`, -1: abstained, -2: no row.
        labels: Ekman's and neutral, then what else voters said.
    """

    candidates: pa.Table
    codes: Codes
    labels: tuple[str, ...]

    def codes_of(self, labels: Sequence[str | None] | pa.ChunkedArray[Any]) -> Codes:
        """Code of each label; -1: null, or one that no voter ever said."""
        column = labels if isinstance(labels, pa.ChunkedArray) else pa.chunked_array([pa.array(labels, pa.string())])
        encoded = column.combine_chunks().dictionary_encode()
        assert isinstance(encoded, pa.DictionaryArray)
        known = {label: code for code, label in enumerate(self.labels)}
        place = np.array([*(known.get(str(label), -1) for label in encoded.dictionary.to_pylist()), -1], np.int8)
        return np.asarray(place[encoded.indices.fill_null(pa.scalar(-1, pa.int32())).to_numpy()])


def counted(pipeline: Pipeline) -> Counted:
    """The votes of the active voters on every segment that enough of them voted on."""
    views = pipeline.views
    candidates = views.everywhere(views.candidates).combine_chunks()
    ids = candidates["segment_id"].combine_chunks()
    found = pivot(ids, views.everywhere(views.ballots), voters=pipeline.config.prescreen.voters)
    codes, labels = _in_order(found)
    return Counted(candidates, codes, labels)


def _in_order(ballots: Ballots) -> tuple[Codes, tuple[str, ...]]:
    """The same codes whatever was said first."""
    said = [str(label) for label in ballots.labels.to_pylist()]
    labels = (*EKMAN_LABELS, *sorted(set(said) - set(EKMAN_LABELS)))
    place = np.array([*(labels.index(label) for label in said), NO_ROW, -1], np.int8)  # [-1] and [-2] are themselves
    return np.asarray(place[ballots.codes], np.int8), labels


def second_opinion(votes: Counted) -> SecondOpinion:
    """Dawid and Skene's model of the votes that are counted."""
    return dawid_skene(votes.codes, labels=len(votes.labels))


def vote_report(pipeline: Pipeline, labels: pa.Table, *, speaker: str = "wearer") -> VoteReport:
    """Make the report.

    Args:
        pipeline: Whose votes.
        labels: Human labels that came with recordings, as `human_labels` gives them.
        speaker: Whose segments are compared with those labels: wearer, other or unknown.
    """
    views, voters = pipeline.views, pipeline.config.prescreen.voters
    votes = counted(pipeline)
    spoken = views.everywhere(views.spoken)
    human, _ = labels_of_segments(spoken, labels, speaker=speaker)
    of_human = votes.codes_of([human.get(str(one)) for one in votes.candidates["segment_id"].to_pylist()])
    quality = prescreen_quality(spoken, votes.candidates, labels, speaker=speaker)
    return VoteReport(
        voters=voters,
        segments=votes.candidates.num_rows,
        patterns=vote_patterns(votes.codes, votes.candidates["dropped_reason"].combine_chunks()),
        coverage=[_coverage(pipeline, votes, place) for place in range(len(voters))],
        pairs=voter_pairs(votes.codes, voters, labels=len(votes.labels), human=of_human),
        alpha=krippendorff_alpha(votes.codes, labels=len(votes.labels)),
        human=[
            *figures_of_labels(quality),
            *figures_of_events(
                votes.candidates,
                views.everywhere(views.publications),
                views.everywhere(views.annotations),
                views.all_events(),
            ),
        ],
        second=_second(votes, second_opinion(votes)),
    )


def _coverage(pipeline: Pipeline, votes: Counted, place: int) -> VoterCoverage:
    voter, mine, views = pipeline.config.prescreen.voters[place], votes.codes[place], pipeline.views
    reasons: Counter[str] = Counter()
    for bucket in views.buckets:
        rows = views.rows_of(f"prescreen:{voter}", bucket, ["abstain_reason"])
        counts = pc.value_counts(rows["abstain_reason"])
        for reason, count in zip(counts.field(0).to_pylist(), counts.field(1).to_pylist(), strict=True):
            if reason is not None:
                reasons[str(reason).partition(":")[0]] += int(count or 0)
    labelled = int((mine >= 0).sum())
    return VoterCoverage(
        voter,
        int((mine != NO_ROW).sum()),
        labelled,
        labelled / len(mine) if len(mine) else None,
        dict(sorted(reasons.items(), key=lambda one: (-one[1], one[0]))),
    )


def _second(votes: Counted, opinion: SecondOpinion) -> SecondVote:
    majority = votes.codes_of(votes.candidates["label"])
    kept = np.asarray(votes.candidates["kept"].to_numpy(), np.bool_)
    same = (opinion.label == majority) & (majority >= 0)
    emotional = opinion.label != votes.labels.index("neutral")
    sure = (opinion.posterior.max(axis=1, initial=0) >= SURE) & emotional & (majority < 0)
    return SecondVote(
        iterations=len(opinion.history),
        converged=opinion.converged,
        majorities=int((majority >= 0).sum()),
        same=int(same.sum()),
        kept=int(kept.sum()),
        kept_same=int((same & kept).sum()),
        below_quorum=int((majority < 0).sum()),
        sure=int(sure.sum()),
    )


def ranking(votes: Counted, opinion: SecondOpinion, *, kept_only: bool = True) -> pa.Table:
    """Segments with the second opinion on each, the surest of the majority's label first.

    Args:
        votes: What was counted.
        opinion: What the model makes of it.
        kept_only: Whether to leave out segments that the vote does not keep.

    Returns:
        Columns of `CANDIDATES`, then `posterior` (of the majority's label; null without one), `second_label` (the
        likeliest), `entropy_bits`, and `p_<label>` for each label; by posterior, then segment_id.
    """
    majority = votes.codes_of(votes.candidates["label"])
    rows = np.arange(len(majority))
    of_majority = np.where(majority >= 0, opinion.posterior[rows, np.maximum(majority, 0)], np.nan)
    columns = [name for name in votes.candidates.column_names if not name.startswith(LABEL_PREFIX)]
    table = votes.candidates.select(columns)
    table = table.append_column("posterior", pa.array(of_majority, from_pandas=True))
    table = table.append_column("second_label", pa.array(np.array(votes.labels, object)[opinion.label], pa.string()))
    table = table.append_column("entropy_bits", pa.array(opinion.entropy))
    for code, label in enumerate(votes.labels):
        table = table.append_column(f"p_{label}", pa.array(opinion.posterior[:, code]))
    table = table.filter(table["kept"]) if kept_only else table
    return table.sort_by([("posterior", "descending"), ("segment_id", "ascending")])
