"""A judge's scores beside reviews, against figures that were counted by hand."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from osmo.schemas.tables import REVIEWS, VERDICTS
from osmo.tasks.intervals import share
from osmo.tasks.qa.calibration import FEW, SCORES, Calibration, calibrate
from osmo.tasks.reviews import rejected


def identity(place: int) -> dict[str, object]:
    return {
        "annotation_id": f"a{place}",
        "region_id": f"r{place}",
        "revision": 1,
        "content_key": f"k{place}",
        "clip_id": "c1",
        "recording_id": "r1",
    }


def verdict(place: int, score: int | None) -> dict[str, object]:
    reason = "unreadable: the answer is empty" if score is None else None
    return {**identity(place), "judge": "j", "judge_revision": "1", "score": score, "abstain_reason": reason}


def review(place: int, reviewer: str = "p", minute: int = 0, **said: bool | None) -> dict[str, object]:
    at = datetime(2026, 11, 1, 0, minute, tzinfo=UTC)
    right = {"category": True, "localization": True, "reasoning": True}
    return {**identity(place), "reviewer_id": reviewer, "reviewed_at": at, **right, **said}


def calibrated(*pairs: tuple[int | None, bool | None], **options: object) -> Calibration:
    """Regions with a score, and whether a review finds them right; null: not reviewed."""
    verdicts = VERDICTS.rows(verdict(place, score) for place, (score, _) in enumerate(pairs))
    reviews = REVIEWS.rows(review(place, category=right) for place, (_, right) in enumerate(pairs) if right is not None)
    return calibrate(verdicts, reviews, **{"accept_score": 8, **options})  # type: ignore[arg-type]  # any of them


def test_counts_by_hand() -> None:
    found = calibrated((9, True), (9, True), (8, False), (7, True), (3, False), (3, None), (10, None), (None, True))
    assert (found.verdicts, found.abstained, found.reviewed, found.unreviewed, found.without_score) == (8, 1, 5, 2, 1)
    by_score = {row.score: row for row in found.scores}
    assert list(by_score) == list(SCORES)
    assert [by_score[score].verdicts for score in SCORES] == [0, 0, 2, 0, 0, 0, 1, 1, 2, 1]
    assert by_score[9].right == share(2, 2)
    assert by_score[3].right == share(0, 1)
    assert by_score[10].right == share(0, 0)
    at = found.confusion
    assert (at.accepted_right, at.accepted_wrong, at.rejected_right, at.rejected_wrong) == (2, 1, 1, 1)
    assert at.agreement == share(3, 5)


def test_precision_and_recall_of_each_threshold_by_hand() -> None:
    found = calibrated((9, True), (9, True), (8, False), (7, True), (3, False), (10, None))
    by_score = {one.score: one for one in found.thresholds}
    assert by_score[1].precision == share(3, 5)
    assert by_score[1].recall == share(3, 3)
    assert by_score[8].precision == share(2, 3)
    assert by_score[8].recall == share(2, 3)
    assert by_score[9].precision == share(2, 2)
    assert by_score[9].verdicts == 3
    assert by_score[10].precision == share(0, 0)
    assert by_score[10].recall == share(0, 3)


ENOUGH = [(9, True)] * 36 + [(8, True)] * 30 + [(8, False)] * 6 + [(4, False)] * 20


def test_the_lowest_score_that_reaches_the_precision_is_recommended() -> None:
    assert calibrated(*ENOUGH, precision=0.9).threshold == 5  # 66 of 72 right from 5 on, of 92 below
    assert calibrated(*ENOUGH, precision=0.95).threshold == 9
    assert calibrated(*ENOUGH, precision=0.5).threshold == 1


def test_a_cautious_recommendation_needs_the_interval_above() -> None:
    assert calibrated(*ENOUGH, precision=0.9, cautious=True).threshold == 9  # 36 of 36: 0.904 to 1
    found = calibrated(*ENOUGH, precision=0.95, cautious=True)
    assert found.threshold is None
    assert found.reason is not None
    assert "the best lower end of the precision is 0.90, at 9" in found.reason


def test_few_reviews_recommend_nothing() -> None:
    found = calibrated(*[(9, True)] * (FEW - 1))
    assert (found.threshold, found.calibration_error) == (None, None)
    assert found.reason == f"only {FEW - 1} scored regions are reviewed; {FEW} are needed"
    assert calibrated(*[(9, True)] * FEW).threshold == 1


def test_a_threshold_that_accepts_few_is_not_recommended() -> None:
    found = calibrated(*[(10, True)] * 5, *[(5, False)] * 40)
    assert found.threshold is None
    assert found.reason == f"no score with {FEW} accepted reviews reaches 0.90; the best precision is 0.11, at 1"


def test_nothing_at_all_gives_nulls() -> None:
    found = calibrate(VERDICTS.empty(), REVIEWS.empty(), accept_score=8)
    assert (found.verdicts, found.reviewed, found.calibration_error, found.threshold) == (0, 0, None, None)
    assert found.confusion.agreement.share is None
    assert all(one.confidence is None for one in found.bins)


def test_the_calibration_error_by_hand() -> None:
    # 10: confidence 1, 15 of 20 right, apart 0.25; 1: confidence 0, 2 of 20, apart 0.1.
    found = calibrated(*[(10, True)] * 15, *[(10, False)] * 5, *[(1, True)] * 2, *[(1, False)] * 18)
    assert found.calibration_error == pytest.approx((20 * 0.25 + 20 * 0.1) / 40)
    perfect = calibrated(*[(10, True)] * 20, *[(1, False)] * 20)
    assert perfect.calibration_error == 0.0


@pytest.mark.parametrize(
    ("bins", "scores"),
    [
        (10, [(score,) for score in SCORES]),
        (3, [(1, 2, 3), (4, 5, 6), (7, 8, 9, 10)]),
        (1, [tuple(SCORES)]),
    ],
)
def test_bins_are_of_equal_width_and_hold_every_score_once(bins: int, scores: list[tuple[int, ...]]) -> None:
    assert [one.scores for one in calibrated(*ENOUGH, bins=bins).bins] == scores


def test_one_bin_compares_the_means() -> None:
    found = calibrated(*[(10, True)] * 20, *[(1, True)] * 20, bins=1)
    assert found.calibration_error == pytest.approx(0.5)


REVIEWED = {
    "right": ([review(0)], (1, 1)),
    "wrong-times": ([review(0, localization=False)], (0, 1)),
    "nothing-judged": ([review(0, category=None, localization=None, reasoning=None)], (0, 0)),
    "category-alone": ([review(0, localization=None, reasoning=None)], (1, 1)),
    "changed": ([review(0, minute=5), review(0, reasoning=False)], (1, 1)),
    "same-instant": ([review(0), review(0, reasoning=False)], (0, 1)),
    "two-reviewers": ([review(0), review(0, "q", category=False)], (0, 1)),
    "an-older-state": ([{**review(0), "content_key": "older"}], (0, 0)),
}


@pytest.mark.parametrize(("reviews", "expected"), REVIEWED.values(), ids=REVIEWED)
def test_who_is_right(reviews: list[dict[str, object]], expected: tuple[int, int]) -> None:
    found = calibrate(VERDICTS.rows([verdict(0, 9)]), REVIEWS.rows(reviews), accept_score=8)
    assert (found.scores[8].right.hits, found.scores[8].right.of) == expected
    assert (found.reviewed, found.unreviewed) == (expected[1], 1 - expected[1])


def test_each_aspect_counts_where_it_was_judged() -> None:
    said = REVIEWS.rows([review(0, reasoning=None), review(1, category=False), review(2, category=None)])
    row = calibrate(VERDICTS.rows(verdict(place, 9) for place in range(3)), said, accept_score=8).scores[8]
    assert (row.category, row.localization, row.reasoning) == (share(1, 2), share(3, 3), share(2, 2))


def test_a_second_verdict_on_one_content_counts_as_in_acceptance() -> None:
    said = REVIEWS.rows([review(0), review(1)])
    both = [verdict(0, 9), verdict(0, 4), verdict(1, 9), verdict(1, None)]
    found = calibrate(VERDICTS.rows(both), said, accept_score=8)
    assert found.scores[3].right == share(1, 1)
    assert (found.scores[8].right.of, found.without_score) == (0, 1)


def test_what_reviews_reject_is_wrong_here_too() -> None:
    numbers = random.Random(3)
    said = [
        review(
            numbers.randrange(40),
            numbers.choice("pq"),
            numbers.randrange(3),
            **{name: numbers.choice((True, True, False, None)) for name in ("category", "localization", "reasoning")},
        )
        for _ in range(200)
    ]
    reviews: pa.Table = REVIEWS.rows(said)
    wrong = set(rejected(reviews)["content_key"].to_pylist())
    found = calibrate(VERDICTS.rows(verdict(place, 9) for place in range(40)), reviews, accept_score=8)
    assert found.scores[8].right.of - found.scores[8].right.hits == len(wrong)
    assert 5 < len(wrong) < 40
