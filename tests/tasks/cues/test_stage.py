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


def heard(studio: Any, hz: float = 200) -> list[dict[str, object]]:
    """Sound and its track."""
    row = studio.row("audio", studio.sound(studio.tone(hz, 0.1, 3), studio.tone(250, 0.2, 3)))
    return studio.tracked("acoustic", row)  # type: ignore[no-any-return]


def test_evidence_is_byte_identical_whatever_the_labels(studio: Any) -> None:
    rows = heard(studio)
    outcomes = []
    for change in ({}, {"emotions": ["fear/terror"], "polarity": "negative", "cause": "A dog.", "event_key": "k2"}):
        made = stage("acoustic", events(change), studio.rows(*rows))
        outcomes.append((made.needs(0), made.compute(made.needs(0), studio.media(*rows)).rows))
    assert outcomes[0][0].equals(outcomes[1][0])
    assert outcomes[0][1].equals(outcomes[1][1])


def test_a_cue_has_a_row_of_the_log_under_its_key(studio: Any) -> None:
    rows = heard(studio)
    made = stage("acoustic", events({}, {"event_id": "e2", "start_s": 0.0}), studio.rows(*rows))
    needs = made.needs(0)
    outcome = made.compute(needs, studio.media(*rows))
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
    rows = studio.rows(*heard(studio))
    keys = [stage("acoustic", events(c), rows).needs(0)["input_key"][0].as_py() for c in ({}, change)]
    assert (keys[0] == keys[1]) is same


def test_the_key_follows_what_is_looked_at_and_nothing_else(studio: Any) -> None:
    audio, track = heard(studio)
    _, other_track = heard(studio, hz=210)
    other_audio = studio.row("audio", studio.sound(np.zeros(16_000), name="other.wav"))
    video = studio.row("proxy", studio.video([np.full((36, 64), 60, np.uint8)] * 9))
    media = [(audio, track), (audio, track, video), (audio, other_track), (other_audio, track), (audio,), (video,), ()]
    keys = [stage("acoustic", events({}), studio.rows(*rows)).needs(0)["input_key"][0].as_py() for rows in media]
    assert keys[0] == keys[1], "the picture is nothing to the ear"
    assert keys[5] == keys[6]
    assert len(set(keys)) == 5


@pytest.mark.parametrize(
    ("extractor", "expected"),
    [
        ("acoustic", "recording has no sound: no microphone"),
        ("visual", "recording has no video: not in recording.json"),
        ("ocular", "recording has no eye video: not in recording.json"),
    ],
)
def test_an_absent_modality_has_a_row_with_the_recordings_reason(studio: Any, extractor: str, expected: str) -> None:
    recording: dict[str, object] = {
        "recording_id": "r", "dataset": "d", "duration_s": 9.0, "eye_reason": "not in recording.json",
        "audio_reason": "no microphone", "video_reason": "not in recording.json",
        "time_domain": "unknown", "synthetic": False, "metadata": "{}", "source": "folder", "source_uri": "r",
        "recording_key": "k",
    }  # fmt: skip
    made = stage(extractor, events({}), studio.rows(), recordings=lambda _: RECORDINGS.rows([recording]))
    [row] = made.compute(made.needs(0), studio.media()).rows.to_pylist()
    assert row["text"] is None and row["confidence"] is None and row["evidence"] == []
    assert row["absent_reason"] == expected


def test_what_was_not_measured_yet_is_absent_until_it_is(studio: Any) -> None:
    audio, track = heard(studio)
    found = []
    for rows in ((audio,), (audio, track)):
        made = stage("acoustic", events({}), studio.rows(*rows))
        needs = made.needs(0)
        [cue] = made.compute(needs, studio.media(*rows)).rows.to_pylist()
        found.append((needs["input_key"][0].as_py(), cue["absent_reason"]))
    assert [reason for _, reason in found] == ["the recording's sound has not been measured", None]
    assert found[0][0] != found[1][0]


@pytest.mark.parametrize("damage", ["cut-short", "gone"])
def test_a_track_that_cannot_be_read_is_a_problem_and_the_rest_goes_on(studio: Any, damage: str) -> None:
    rows = heard(studio)
    file = studio.folder / "store" / str(rows[1]["uri"])
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:200])
    made = stage("acoustic", events({}, {"event_id": "e2", "recording_id": "q"}), studio.rows(*rows))
    needs = made.needs(0)
    outcome = made.compute(needs, studio.media(*rows))
    assert outcome.rows["event_id"].to_pylist() == ["e2"]
    [problem] = outcome.problems
    assert not problem.permanent
    assert problem.key == needs["input_key"][0].as_py()
    assert str(rows[1]["sha256"]) in problem.where
    assert "\n" not in problem.what


def test_sound_that_cannot_be_decoded_is_a_problem_for_good(studio: Any) -> None:
    turns = [(0.0, 6.0, "wearer")]
    audio = studio.row("audio", studio.sound(studio.tone(200, 0.1, 6)))
    rows = studio.tracked("acoustic", audio, spoken=turns)
    (studio.folder / "store" / str(audio["uri"])).write_bytes(b"RIFF no sound at all")
    made = stage("acoustic", events({}), studio.rows(*rows))
    [problem] = made.compute(made.needs(0), studio.media(*rows)).problems
    assert problem.permanent and str(audio["sha256"]) in problem.where
