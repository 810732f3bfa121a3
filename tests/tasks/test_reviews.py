from __future__ import annotations

from datetime import UTC, datetime

import pytest

from osmo.schemas.tables import REVIEWS
from osmo.tasks.reviews import rejected


def review(minute: int, reviewer: str = "r", region: str = "x", **said: bool | None) -> dict[str, object]:
    return {
        "annotation_id": "a1",
        "region_id": region,
        "revision": 1,
        "content_key": f"key-{region}",
        "clip_id": "c1",
        "recording_id": "r1",
        "reviewer_id": reviewer,
        "category": True,
        "localization": True,
        "reasoning": True,
        "reviewed_at": datetime(2026, 11, 1, 0, minute, tzinfo=UTC),
        **said,
    }


CASES = {
    "none": ([], []),
    "all-right": ([review(0)], []),
    "wrong-category": ([review(0, category=False)], ["x"]),
    "wrong-times": ([review(0, localization=False)], ["x"]),
    "wrong-cause": ([review(0, reasoning=False)], ["x"]),
    "not-judged-rejects-nothing": ([review(0, category=None, localization=None, reasoning=None)], []),
    "not-judged-beside-wrong": ([review(0, category=None, localization=False)], ["x"]),
    "taken-back": ([review(1), review(0, category=False)], []),
    "changed-to-wrong": ([review(0), review(1, category=False)], ["x"]),
    "same-instant": ([review(0), review(0, category=False)], ["x"]),
    "one-reviewer-of-two": ([review(5), review(0, "s", category=False)], ["x"]),
    "another-region": ([review(0, category=False), review(0, region="y")], ["x"]),
}


@pytest.mark.parametrize(("reviews", "expected"), CASES.values(), ids=CASES)
def test_rejected(reviews, expected):
    found = rejected(REVIEWS.rows(reviews))
    assert found["region_id"].to_pylist() == expected
    assert found.column_names == ["annotation_id", "region_id", "content_key"]
