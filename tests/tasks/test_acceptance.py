from __future__ import annotations

from datetime import UTC, datetime

import pytest

from osmo.schemas.tables import FINDINGS, REVIEWS, VERDICTS
from osmo.tasks.acceptance import accepted_regions

IDENTITY = ("annotation_id", "region_id", "revision", "content_key", "clip_id", "recording_id")


def identity(row: dict[str, object]) -> dict[str, object]:
    return {name: row[name] for name in IDENTITY}


def finding(row, severity="error"):
    return {**identity(row), "rule": "too_short", "severity": severity, "detail": "0.5 s"}


def verdict(row, score):
    return {
        **identity(row),
        "judge": "rubric",
        "judge_revision": "1",
        "score": score,
        "abstain_reason": None if score else "unreadable",
    }


def review(row, category):
    at = datetime(2026, 11, 1, tzinfo=UTC)
    said = {"category": category, "localization": True, "reasoning": True}
    return {**identity(row), "reviewer_id": "r", "reviewed_at": at, **said}


CASES = {
    "good": ([], [8], [], True),
    "score-below-eight": ([], [7], [], False),
    "no-verdict": ([], [], [], False),
    "judge-abstained": ([], [None], [], False),
    "two-judges-one-below": ([], [9, 3], [], False),
    "error": (["error"], [10], [], False),
    "warning-does-not-block": (["warning"], [10], [], True),
    "approved": ([], [9], [True], True),
    "rejected": ([], [9], [False], False),
}


@pytest.mark.parametrize(("severities", "scores", "reviews", "expected"), CASES.values(), ids=CASES)
def test_accepted_regions(annotations, severities, scores, reviews, expected):
    said = annotations({"region_id": None}, {"region_id": "x"})
    row = said.to_pylist()[1]
    found = accepted_regions(
        said,
        FINDINGS.rows(finding(row, severity) for severity in severities),
        VERDICTS.rows(verdict(row, score) for score in scores),
        REVIEWS.rows(review(row, category) for category in reviews),
        accept_score=8,
    )
    assert found["region_id"].to_pylist() == (["x"] if expected else [])


def test_an_edit_needs_a_verdict_of_its_own_and_outlives_a_review(annotations):
    old = annotations({"region_id": "x", "cause": "the old reason given"}).to_pylist()[0]
    new = annotations({"region_id": "x", "cause": "another reason now", "revision": 2})
    nothing = FINDINGS.rows([finding({**old, "revision": 1})])
    reviews = REVIEWS.rows([review(old, False)])
    judged = VERDICTS.rows([verdict(old, 10)])
    assert accepted_regions(new, nothing, judged, reviews, accept_score=8).num_rows == 0
    again = VERDICTS.rows([verdict(old, 10), verdict(new.to_pylist()[0], 9)])
    assert accepted_regions(new, nothing, again, reviews, accept_score=8).num_rows == 1


def test_an_error_on_the_clip_is_none_of_its_regions(annotations):
    said = annotations({"region_id": None}, {"region_id": "x"}, {"region_id": "y"})
    clip, x, y = said.to_pylist()
    findings = FINDINGS.rows([finding(clip), finding(y)])
    verdicts = VERDICTS.rows([verdict(x, 9), verdict(y, 9)])
    found = accepted_regions(said, findings, verdicts, REVIEWS.rows([]), accept_score=8)
    assert found["region_id"].to_pylist() == ["x"]
