"""How a judge's scores compare with what people say of the same regions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from osmo.tasks.intervals import Share, share
from osmo.tasks.reviews import REVIEWED

SCORES = range(1, 11)
ASPECTS = ("category", "localization", "reasoning")
FEW = 30
"""Reviewed regions from which a threshold is recommended and a calibration error is given."""

Score = int | None
Judged = Mapping[str, bool | None]
"""What reviewers say of a region, by aspect and together (`right`); null: none of them judged it."""


@dataclass(frozen=True)
class ScoreRow:
    """One score.

    Attributes:
        score: 1 to 10.
        verdicts: Regions with this score.
        right: Of those that were reviewed: on which no reviewer found anything wrong.
        category: Of those whose emotions were judged: right.
        localization: So for the times.
        reasoning: So for the cause.
    """

    score: int
    verdicts: int
    right: Share
    category: Share
    localization: Share
    reasoning: Share


@dataclass(frozen=True)
class Threshold:
    """Accepting from one score on.

    Attributes:
        score: The lowest accepted score.
        verdicts: Regions that would be accepted, reviewed or not.
        precision: Of the reviewed ones that would be accepted: right.
        recall: Of the reviewed ones that are right: accepted.
    """

    score: int
    verdicts: int
    precision: Share
    recall: Share


@dataclass(frozen=True)
class Confusion:
    """Judge and reviewers at one threshold; counts of reviewed regions that have a score."""

    accept_score: int
    accepted_right: int
    accepted_wrong: int
    rejected_right: int
    rejected_wrong: int
    agreement: Share


@dataclass(frozen=True)
class Bin:
    """Neighbouring scores together.

    Attributes:
        scores: Which.
        confidence: Mean of (score − 1) / 9 of the reviewed regions; null: there are none.
        right: Of the reviewed ones: right.
    """

    scores: tuple[int, ...]
    confidence: float | None
    right: Share


@dataclass(frozen=True)
class Calibration:
    """What the reviews say of a judge.

    Attributes:
        verdicts: Regions that the judge was asked about.
        abstained: Of these without a score.
        reviewed: Scored regions that a reviewer judged.
        unreviewed: Scored regions that none judged.
        without_score: Reviewed regions without a score: the judge abstained, a rule refused them, or they were edited.
        scores: One row per score, 1 to 10.
        thresholds: One row per score, 1 to 10.
        confusion: At the configured `accept_score`.
        bins: What the calibration error is made of.
        calibration_error: Expected calibration error, 0–1: mean distance of confidence and share right, weighted by
            reviewed regions (Guo et al., 2017, ICML); null: fewer than `FEW` were reviewed.
        precision: The precision that was asked for, 0–1.
        cautious: Whether the interval's lower end must reach it.
        threshold: The lowest score whose precision reaches it, among at least `FEW` accepted; null: none.
        reason: Why threshold is null; null where there is one.
    """

    verdicts: int
    abstained: int
    reviewed: int
    unreviewed: int
    without_score: int
    scores: tuple[ScoreRow, ...]
    thresholds: tuple[Threshold, ...]
    confusion: Confusion
    bins: tuple[Bin, ...]
    calibration_error: float | None
    precision: float
    cautious: bool
    threshold: int | None
    reason: str | None


def calibrate(
    verdicts: pa.Table,
    reviews: pa.Table,
    *,
    accept_score: int,
    precision: float = 0.9,
    cautious: bool = False,
    bins: int = 10,
) -> Calibration:
    """Compare a judge with the reviews.

    A region is right where no reviewer's latest review finds emotions, times or cause wrong, and one judged any of
    them: the rule by which reviews reject (`tasks/reviews.py`). What was said of an older state of a region counts for
    nothing.

    Args:
        verdicts: `VERDICTS` body of one judge.
        reviews: `REVIEWS` body.
        accept_score: The configured threshold, 1–10.
        precision: The precision that is wanted, 0–1.
        cautious: Whether the lower end of its 95 % interval must reach it.
        bins: Bins of equal width of the calibration error, 1–10; ten: a score each.
    """
    counts = _counts(verdicts)
    judged = _judged(reviews)
    by_key = _scores(verdicts, [key for *_, key in judged])
    pairs = [(by_key.get(key), said) for (*_, key), said in judged.items() if said["right"] is not None]
    scored = [(score, said) for score, said in pairs if score is not None]
    rights = [(score, bool(said["right"])) for score, said in scored]
    thresholds = tuple(_threshold(score, counts, rights) for score in SCORES)
    found, reason = _recommended(thresholds, precision, cautious, len(scored))
    made = _bins(rights, bins)
    return Calibration(
        verdicts=verdicts.num_rows,
        abstained=verdicts["score"].null_count,
        reviewed=len(scored),
        unreviewed=sum(counts) - len(scored),
        without_score=len(pairs) - len(scored),
        scores=tuple(_row(score, counts[score], scored) for score in SCORES),
        thresholds=thresholds,
        confusion=_confusion(accept_score, rights),
        bins=made,
        calibration_error=_error(made) if len(scored) >= FEW else None,
        precision=precision,
        cautious=cautious,
        threshold=found,
        reason=reason,
    )


def _counts(verdicts: pa.Table) -> list[int]:
    """Verdicts by score, from 0 on."""
    scores = verdicts["score"].drop_null().to_numpy()
    return [int(count) for count in np.bincount(scores, minlength=SCORES.stop)]


def _scores(verdicts: pa.Table, keys: Sequence[str]) -> dict[str, Score]:
    """Score by content key; of several verdicts the lowest counts, and an abstention before all, as in acceptance."""
    rows = verdicts.filter(pc.is_in(verdicts["content_key"], value_set=pa.array(keys, pa.string())))
    found: dict[str, Score] = {}
    for key, score in zip(rows["content_key"].to_pylist(), rows["score"].to_pylist(), strict=True):
        assert key is not None, "the schema lets no key be null"
        earlier = found.get(key, score)
        found[key] = None if earlier is None or score is None else min(earlier, score)
    return found


def _judged(reviews: pa.Table) -> dict[tuple[str, str | None, str], Judged]:
    """What the latest review of each reviewer says of each region; of the same instant all count."""
    columns = [reviews[name].to_pylist() for name in (*REVIEWED, "reviewer_id", "reviewed_at", *ASPECTS)]
    latest: dict[tuple[str, str | None, str], dict[str, tuple[datetime, list[tuple[bool | None, ...]]]]] = defaultdict(
        dict
    )
    for annotation_id, region_id, key, reviewer, at, *said in zip(*columns, strict=True):
        theirs = latest[annotation_id, region_id, key]
        since, rows = theirs.get(reviewer, (at, []))
        if at >= since:
            theirs[reviewer] = (at, [*rows, tuple(said)] if at == since else [tuple(said)])
    return {
        region: _together([one for _, rows in theirs.values() for one in rows]) for region, theirs in latest.items()
    }


def _together(said: Sequence[tuple[bool | None, ...]]) -> Judged:
    aspects = {name: _all([one[place] for one in said]) for place, name in enumerate(ASPECTS)}
    return {**aspects, "right": _all(list(aspects.values()))}


def _all(said: Sequence[bool | None]) -> bool | None:
    """False where one is, else true where one is; null: none says anything."""
    given = [one for one in said if one is not None]
    return all(given) if given else None


def _row(score: int, verdicts: int, scored: Sequence[tuple[int, Judged]]) -> ScoreRow:
    theirs = [said for one, said in scored if one == score]
    shares = {}
    for name in ("right", *ASPECTS):
        given = [one[name] for one in theirs if one[name] is not None]
        shares[name] = share(sum(map(bool, given)), len(given))
    return ScoreRow(score, verdicts, **shares)


def _threshold(score: int, counts: Sequence[int], rights: Sequence[tuple[int, bool]]) -> Threshold:
    accepted = [right for one, right in rights if one >= score]
    every = sum(right for _, right in rights)
    return Threshold(score, sum(counts[score:]), share(sum(accepted), len(accepted)), share(sum(accepted), every))


def _recommended(
    thresholds: Sequence[Threshold], wanted: float, cautious: bool, reviewed: int
) -> tuple[int | None, str | None]:
    if reviewed < FEW:
        return None, f"only {reviewed} scored regions are reviewed; {FEW} are needed"
    known = [one for one in thresholds if one.precision.of >= FEW]
    reached = {one.score: (one.precision.low if cautious else one.precision.share) or 0.0 for one in known}
    for score, value in reached.items():
        if value >= wanted:
            return score, None
    best = max(reached, key=lambda score: (reached[score], -score))
    what = "lower end of the precision" if cautious else "precision"
    return (
        None,
        f"no score with {FEW} accepted reviews reaches {wanted:.2f}; the best {what} is {reached[best]:.2f}, at {best}",
    )


def _confusion(accept_score: int, rights: Sequence[tuple[int, bool]]) -> Confusion:
    counted = {
        (accepted, right): sum((score >= accept_score, said) == (accepted, right) for score, said in rights)
        for accepted in (True, False)
        for right in (True, False)
    }
    agreed = counted[True, True] + counted[False, False]
    return Confusion(
        accept_score=accept_score,
        accepted_right=counted[True, True],
        accepted_wrong=counted[True, False],
        rejected_right=counted[False, True],
        rejected_wrong=counted[False, False],
        agreement=share(agreed, len(rights)),
    )


def _bins(rights: Sequence[tuple[int, bool]], bins: int) -> tuple[Bin, ...]:
    width = SCORES.stop - 1 - SCORES.start
    places: dict[int, list[int]] = defaultdict(list)
    for score in SCORES:
        places[min((score - SCORES.start) * bins // width, bins - 1)].append(score)
    made = []
    for scores in places.values():
        theirs = [(score, right) for score, right in rights if score in scores]
        sure = sum((score - SCORES.start) / width for score, _ in theirs) / len(theirs) if theirs else None
        made.append(Bin(tuple(scores), sure, share(sum(right for _, right in theirs), len(theirs))))
    return tuple(made)


def _error(bins: Sequence[Bin]) -> float:
    filled = [one for one in bins if one.confidence is not None and one.right.share is not None]
    apart = sum(one.right.of * abs((one.confidence or 0.0) - (one.right.share or 0.0)) for one in filled)
    return apart / sum(one.right.of for one in filled)
