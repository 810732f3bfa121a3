"""The reliability diagram shows what the figures say."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image

from osmo.schemas.tables import REVIEWS, VERDICTS
from osmo.tasks.qa.calibration import Calibration, calibrate
from osmo.tasks.qa.reliability_plot import draw_reliability

ACCEPTED, REJECTED, UNREVIEWED = (11, 83, 148), (173, 181, 189), (222, 226, 230)


def calibrated(*pairs: tuple[int, bool | None]) -> Calibration:
    """Regions with a score, and whether a review finds them right; null: not reviewed."""
    ids = ("annotation_id", "region_id", "content_key", "clip_id", "recording_id")
    named = [{**{name: str(place) for name in ids}, "revision": 1} for place in range(len(pairs))]
    verdicts = [
        {**one, "judge": "j", "judge_revision": "1", "score": score}
        for one, (score, _) in zip(named, pairs, strict=True)
    ]
    reviews = [
        {**one, "reviewer_id": "p", "reviewed_at": datetime(2026, 11, 1, tzinfo=UTC), "category": right}
        for one, (_, right) in zip(named, pairs, strict=True)
        if right is not None
    ]
    return calibrate(VERDICTS.rows(verdicts), REVIEWS.rows(reviews), accept_score=8)


def drawn(found: Calibration, tmp_path: Path) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    file = tmp_path / "plot.png"
    draw_reliability(found, file, judge="llama3")
    with Image.open(file) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB"))


def area(picture: np.ndarray[tuple[int, int, int], np.dtype[np.uint8]], colour: tuple[int, int, int]) -> int:
    return int((picture == np.array(colour)).all(axis=2).sum())


def test_what_is_right_more_often_stands_higher(tmp_path: Path) -> None:
    often = drawn(calibrated(*[(9, True)] * 90, *[(9, False)] * 10), tmp_path)
    seldom = drawn(calibrated(*[(9, True)] * 20, *[(9, False)] * 80), tmp_path)
    assert area(often, ACCEPTED) > 1.5 * area(seldom, ACCEPTED)


def test_colours_tell_accepted_rejected_and_not_reviewed(tmp_path: Path) -> None:
    empty = drawn(calibrate(VERDICTS.empty(), REVIEWS.empty(), accept_score=8), tmp_path)
    keys = {colour: area(empty, colour) for colour in (ACCEPTED, REJECTED, UNREVIEWED)}
    assert all(keys.values()), "the legend"
    rejected = drawn(calibrated(*[(7, True)] * 10), tmp_path)
    assert area(rejected, ACCEPTED) == keys[ACCEPTED]
    assert area(rejected, REJECTED) > 10 * keys[REJECTED]
    alone = drawn(calibrated(*[(9, None)] * 10), tmp_path)
    assert area(alone, ACCEPTED) == keys[ACCEPTED]
    assert area(alone, UNREVIEWED) > 10 * keys[UNREVIEWED]


def test_equal_figures_give_equal_bytes(tmp_path: Path) -> None:
    found = calibrated((9, True), (3, False), (5, None))
    for name in ("one.png", "two.png"):
        draw_reliability(found, tmp_path / name, judge="llama3")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
