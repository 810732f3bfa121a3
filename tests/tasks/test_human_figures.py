"""The paper's figures beside ours: hand tables."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest

from osmo.schemas.tables import CANDIDATES, EVENTS, PUBLICATIONS
from osmo.tasks.human_figures import PAPER_KEPT, PAPER_OVERLAP, figures_of_events, figures_of_labels
from osmo.tasks.quality_report import PrescreenQuality

Build = Callable[..., pa.Table]


def candidates(*rows: tuple[str, float, float, str | None, bool]) -> pa.Table:
    return CANDIDATES.rows(
        {
            "segment_id": f"s{place}", "recording_id": recording, "start_s": start_s, "end_s": end_s,
            "speaker": "wearer", "label": label, "votes_for": 3, "votes_cast": 4, "kept": kept,
        }
        for place, (recording, start_s, end_s, label, kept) in enumerate(rows)
    )  # fmt: skip


def events(*rows: tuple[str, float, float, list[str]]) -> pa.Table:
    return EVENTS.rows(
        {
            "event_id": f"e{place}", "recording_id": "r1", "clip_id": clip, "dataset": "d", "start_s": start_s,
            "end_s": end_s, "emotions": emotions, "own_words": [], "label_distribution": [], "causes": [],
            "annotators": 1, "finished": 1, "needs_adjudication": False, "sources": ["person"], "annotation_ids": [],
            "event_key": f"k{place}",
        }
        for place, (clip, start_s, end_s, emotions) in enumerate(rows)
    )  # fmt: skip


def published(*clips: str) -> pa.Table:
    return PUBLICATIONS.rows(
        {"clip_id": clip, "recording_id": "r1", "instance": "i", "project_id": 1, "task_id": 1, "media_sha256": "m"}
        for clip in clips
    )


def test_from_labels_that_came_with_recordings() -> None:
    quality = PrescreenQuality(9, 0, 0.5, 0.5, (), 4, 0.75, 0.5, 3, 2)
    kept, overlap = figures_of_labels(quality)
    assert (kept.ours.hits, kept.ours.of, kept.paper, kept.source) == (3, 4, PAPER_KEPT, "labels.csv")
    assert (overlap.ours.hits, overlap.ours.of, overlap.paper) == (2, 4, PAPER_OVERLAP)


def test_from_our_own_annotations(annotations: Build) -> None:
    answers = [
        {"clip_id": clip, "region_id": None, "clip_status": status}
        for clip, status in (("c1", "has_emotion"), ("c2", "no_emotion"), ("c3", "has_emotion"), ("c4", "unusable"))
    ]
    kept, overlap = figures_of_events(
        candidates(
            ("r1", 0.0, 5.0, "joy", True), ("r1", 10.0, 15.0, "anger", True), ("r1", 10.0, 15.0, "fear", False),
            ("r2", 20.0, 30.0, "sadness", True),
        ),
        published("c1", "c2", "c3", "c4", "nobody-answered"),
        annotations(*answers),
        events(
            ("c1", 1.0, 3.0, ["joy/serenity"]),  # shared
            ("c1", 12.0, 13.0, ["fear/fear"]),  # the segment that it touches says anger; the other is not kept
            ("c3", 20.0, 25.0, ["sadness/sadness"]),  # the kept segment of that time is of another recording
            ("c3", 5.0, 10.0, ["joy/joy"]),  # touches neither: ends do not overlap
            ("c3", 2.0, 3.0, ["trust/trust"]),  # implies no Ekman label
        ),
    )  # fmt: skip
    assert (kept.ours.hits, kept.ours.of, kept.source) == (2, 4, "annotations (person)")
    assert (overlap.ours.hits, overlap.ours.of) == (1, 2)


@pytest.mark.parametrize("publications", [published(), published("c1")], ids=["none-published", "none-answered"])
def test_without_answers_nothing_is_claimed(publications: pa.Table, annotations: Build) -> None:
    kept, overlap = figures_of_events(CANDIDATES.empty(), publications, annotations(), EVENTS.empty())
    assert (kept.ours.of, kept.ours.share, kept.source) == (0, None, "annotations")
    assert overlap.ours.share is None
