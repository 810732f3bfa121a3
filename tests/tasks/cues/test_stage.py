"""The stage of cues: keys that follow the media, evidence that never follows the label."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from osmo.schemas.tables import CUES, EVENTS, RECORDINGS
from osmo.tasks.cues.registry import extractor
from osmo.tasks.cues.stage import CueStage

EVENT: dict[str, object] = {
    "event_id": "e1", "subject_id": "s", "recording_id": "r", "clip_id": "c", "dataset": "d", "language": "en",
    "start_s": 2.0, "end_s": 4.0, "t_s": 2.0, "emotions": ["joy/joy"], "own_words": [], "label_distribution": [],
    "polarity": "positive", "intensity": 2, "cause": "A friend came.", "causes": ["A friend came."], "annotators": 1,
    "finished": 1, "needs_adjudication": False, "sources": ["person"], "annotation_ids": ["a"], "event_key": "k1",
}  # fmt: skip


def events(*changes: dict[str, object]) -> pa.Table:
    return EVENTS.rows([{**EVENT, **change} for change in changes])


def stage(name: str, found: pa.Table, rows: pa.Table, **more: Callable[[int], pa.Table]) -> CueStage:
    return CueStage(extractor(name), events=lambda _: found, media_rows=lambda _: rows, **more)


def sound(studio: Any) -> dict[str, object]:
    return studio.row("audio", studio.sound(studio.tone(200, 0.1, 3), studio.tone(250, 0.2, 3)))  # type: ignore[no-any-return]


def test_evidence_is_byte_identical_whatever_the_labels(studio: Any) -> None:
    row = sound(studio)
    outcomes = []
    for change in ({}, {"emotions": ["fear/terror"], "polarity": "negative", "cause": "A dog.", "event_key": "k2"}):
        made = stage("acoustic", events(change), studio.rows(row))
        outcomes.append((made.needs(0), made.compute(made.needs(0), studio.media(row)).rows))
    assert outcomes[0][0].equals(outcomes[1][0])
    assert outcomes[0][1].equals(outcomes[1][1])


def test_a_cue_has_a_row_of_the_log_under_its_key(studio: Any) -> None:
    row = sound(studio)
    made = stage("acoustic", events({}, {"event_id": "e2", "start_s": 0.0}), studio.rows(row))
    needs = made.needs(0)
    outcome = made.compute(needs, studio.media(row))
    CUES.check(outcome.rows, body=True)
    assert made.name == "cues:acoustic" and made.writes is CUES
    assert list(outcome.input_keys) == needs["input_key"].to_pylist()
    assert outcome.rows["event_id"].to_pylist() == ["e1", "e2"]
    assert outcome.problems == []


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"emotions": [], "cause": None, "event_key": "other"}, True),
        ({"start_s": 2.001}, False),
        ({"end_s": 4.5}, False),
        ({"language": "zh"}, False),
    ],
    ids=["label", "start", "end", "language"],
)
def test_the_key_follows_place_and_language_only(studio: Any, change: dict[str, object], same: bool) -> None:
    rows = studio.rows(sound(studio))
    keys = [stage("acoustic", events(c), rows).needs(0)["input_key"][0].as_py() for c in ({}, change)]
    assert (keys[0] == keys[1]) is same


def test_the_key_follows_the_media_that_is_looked_at_and_no_other(studio: Any) -> None:
    row = sound(studio)
    other = studio.row("audio", studio.sound(np.zeros(16_000), name="other.wav"))
    video = studio.row("proxy", studio.video([np.full((36, 64), 60, np.uint8)] * 9))
    tables = [studio.rows(row), studio.rows(row, video), studio.rows(other), studio.rows()]
    keys = [stage("acoustic", events({}), table).needs(0)["input_key"][0].as_py() for table in tables]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def test_an_absent_modality_has_a_row_with_the_recordings_reason(studio: Any) -> None:
    recording: dict[str, object] = {
        "recording_id": "r", "dataset": "d", "duration_s": 9.0, "eye_reason": "not in recording.json",
        "time_domain": "unknown", "synthetic": False, "metadata": "{}", "source": "folder", "source_uri": "r",
        "recording_key": "k",
    }  # fmt: skip
    made = stage("ocular", events({}), studio.rows(), recordings=lambda _: RECORDINGS.rows([recording]))
    [row] = made.compute(made.needs(0), studio.media()).rows.to_pylist()
    assert row["text"] is None and row["confidence"] is None and row["evidence"] == []
    assert row["absent_reason"] == "recording has no eye video: not in recording.json"


@pytest.mark.parametrize(
    ("content", "permanent"), [(b"no video", True), (None, False)], ids=["undecodable", "cached-file-gone"]
)
def test_media_that_cannot_be_read_is_a_problem_and_the_rest_goes_on(
    studio: Any, content: bytes | None, permanent: bool
) -> None:
    broken = studio.folder / "broken.mp4"
    broken.write_bytes(content or b"soon gone")
    row = studio.row("proxy", broken)
    if content is None:
        (studio.folder / "store" / str(row["uri"])).unlink()
    made = stage("visual", events({}, {"event_id": "e2", "recording_id": "q"}), studio.rows(row))
    needs = made.needs(0)
    outcome = made.compute(needs, studio.media(row))
    assert outcome.rows["event_id"].to_pylist() == ["e2"]
    [problem] = outcome.problems
    assert problem.permanent is permanent
    assert problem.key == needs["input_key"][0].as_py()
    assert str(row["sha256"]) in problem.where
    assert "\n" not in problem.what
