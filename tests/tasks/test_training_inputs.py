"""What a model gets of an event, and that nothing of its label, cues and boundaries is in it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from releases_fixture import Release, World

from osmo.annotators.prompt import prompt
from osmo.schemas.tables import EVENTS, MEDIA, RECORDINGS, SEGMENTS, TRAINING_INPUTS
from osmo.schemas.vocabulary import vocabulary
from osmo.storage import releases
from osmo.tasks.training_inputs import DIALOGUE_TURNS, HISTORY_EVENTS, WINDOW_S, training_inputs

Row = dict[str, Any]


def event(event_id: str, start_s: float, length_s: float = 4.0, **changes: object) -> Row:
    return {
        "event_id": event_id, "subject_id": "s", "recording_id": "r", "clip_id": "c", "dataset": "d", "language": "en",
        "start_s": start_s, "end_s": start_s + length_s, "t_s": start_s, "emotions": ["joy/joy"], "own_words": ["glad"],
        "label_distribution": [], "polarity": "positive", "intensity": 2, "cause": "A friend came.", "causes": [],
        "annotators": 1, "finished": 1, "needs_adjudication": False, "sources": ["person"], "annotation_ids": ["a"],
        "event_key": "k", **changes,
    }  # fmt: skip


def recording(recording_id: str = "r", duration_s: float = 600.0) -> Row:
    return {
        "recording_id": recording_id, "dataset": "d", "duration_s": duration_s, "time_domain": "utc",
        "synthetic": True, "metadata": "{}", "source": "folder", "source_uri": "r", "recording_key": "k",
    }  # fmt: skip


def segment(segment_id: str, start_s: float, text: str = "So it is.", **changes: object) -> Row:
    return {
        "recording_id": "r", "segment_id": segment_id, "start_s": start_s, "end_s": start_s + 1.0, "text": text,
        "speaker": "wearer", "in_media": True, **changes,
    }  # fmt: skip


def medium(kind: str, sha256: str, **changes: object) -> Row:
    return {
        "recording_id": "r", "kind": kind, "source_sha256": "s", "uri": "u", "sha256": sha256, "bytes": 1,
        "start_s": 0.0, "duration_s": 600.0, "captioned": False, "silent": False, "encoder": "e", **changes,
    }  # fmt: skip


def inputs(
    events: Iterable[Row],
    *,
    recordings: Iterable[Row] | None = None,
    segments: Iterable[Row] = (),
    media: Iterable[Row] = (),
    seed: int = 0,
) -> dict[str, Row]:
    made = training_inputs(
        EVENTS.rows(events),
        RECORDINGS.rows([recording()] if recordings is None else recordings),
        SEGMENTS.rows(segments),
        MEDIA.rows(media),
        seed=seed,
    )
    return {row["event_id"]: row for row in TRAINING_INPUTS.check(made).to_pylist()}


def window(row: Row) -> tuple[float, float]:
    return row["window_start_s"], row["window_end_s"]


@pytest.mark.parametrize(
    ("start_s", "length_s", "duration_s"),
    [(100, 4, 600), (0, 4, 600), (1, 2, 600), (596, 4, 600), (590, 15, 600), (100, 45, 600), (3, 4, 12), (3, 4, 30)],
    ids=["inside", "first", "near-start", "last", "past-the-end", "longer", "short-recording", "just-a-window"],
)
def test_a_window_holds_its_event_and_lies_in_the_recording(start_s: float, length_s: float, duration_s: float) -> None:
    for seed in range(50):
        rows = inputs([event("e", start_s, length_s)], recordings=[recording(duration_s=duration_s)], seed=seed)
        begins, ends = window(rows["e"])
        last = max(duration_s, start_s + length_s)
        assert 0 <= begins < ends <= last and ends - begins == pytest.approx(min(WINDOW_S, last))
        inner, outer = sorted(((begins, ends), (start_s, start_s + length_s)), key=lambda one: one[1] - one[0])
        assert outer[0] <= inner[0] and inner[1] <= outer[1]


def test_an_event_lies_anywhere_in_its_window_by_seed_alone() -> None:
    events = [event(f"e{n}", 100.0 + 50 * n, 5.0) for n in range(2_000)]
    rows = inputs(events, recordings=[recording(duration_s=200_000)], seed=3)
    places = np.sort([one["start_s"] - rows[one["event_id"]]["window_start_s"] for one in events]) / 25.0
    uniform = np.arange(1, 2_001) / 2_000
    assert np.abs(places - uniform).max() < 1.63 / np.sqrt(2_000), "Kolmogorov-Smirnov at 1 %"
    assert rows == inputs(reversed(events), recordings=[recording(duration_s=200_000)], seed=3)
    again = inputs(events[:50], recordings=[recording(duration_s=200_000)], seed=4)
    assert all(window(again[name]) != window(rows[name]) for name in again)


def test_a_constant_guess_gains_nothing_from_the_window() -> None:
    events = [event(f"e{n}", 100.0 + 50 * n, 3.0) for n in range(2_000)]
    rows = inputs(events, recordings=[recording(duration_s=200_000)])
    starts = np.array([one["start_s"] - rows[one["event_id"]]["window_start_s"] for one in events])
    shared = np.clip(np.minimum(starts + 3, 16.5) - np.maximum(starts, 13.5), 0, None)
    assert 8 <= 100 * np.mean(shared / (6 - shared)) <= 12, "as the benchmark says of a central 3 s"


def test_history_ended_before_the_window_began_and_is_the_latest() -> None:
    events = [event(f"e{n}", 20.0 * n) for n in range(12)]
    rows = inputs(events)
    for one in events:
        begins = rows[one["event_id"]]["window_start_s"]
        ended = [other for other in events if other["end_s"] <= begins]
        expected = [other["event_id"] for other in ended[-HISTORY_EVENTS:]]
        history = rows[one["event_id"]]["history"]
        assert [earlier["event_id"] for earlier in history] == expected
        for earlier in history:
            known = next(other for other in events if other["event_id"] == earlier["event_id"])
            assert earlier["gap_s"] == pytest.approx(begins - known["end_s"])
            assert earlier["duration_s"] == 4.0 and earlier["emotions"] == ["joy/joy"]
    assert rows["e0"]["history"] == [] and len(rows["e11"]["history"]) == HISTORY_EVENTS


def test_history_spans_a_subjects_recordings_and_no_other_subjects() -> None:
    events = [
        event("other", 10, subject_id="t", t_s=10.0),
        event("first", 10, t_s=10.0),
        event("next", 100, recording_id="q", t_s=10_100.0),
        event("nobody", 500, subject_id=None, t_s=None),
        event("nobody-before", 40, subject_id=None, t_s=None),
        event("no-clock", 550, t_s=None),
    ]
    rows = inputs(events, recordings=[recording(), recording("q")])
    history = {name: [earlier["event_id"] for earlier in row["history"]] for name, row in rows.items()}
    assert history["next"] == ["first"] and history["other"] == history["first"] == []
    assert rows["next"]["history"][0]["gap_s"] == pytest.approx(rows["next"]["window_start_s"] + 10_000 - 14)
    assert history["nobody"] == ["nobody-before"]
    assert history["no-clock"] == ["nobody-before", "nobody"], "its own recording, whoever wore the glasses"


def test_dialogue_is_what_is_said_in_the_window() -> None:
    said = [segment(f"s{n:03}", 2.0 * n) for n in range(300)]
    said += [segment("empty", 105.0, "  "), segment("outside", 105.0, in_media=False), segment("they", 105.2)]
    said += [segment("elsewhere", 105.0, recording_id="q"), segment("unknown", 106.0, speaker=None)]
    row = inputs([event("e", 105.0)], segments=said)["e"]
    begins, ends = window(row)
    assert len(row["dialogue"]) == DIALOGUE_TURNS
    assert all(turn["start_s"] < ends and turn["end_s"] > begins for turn in row["dialogue"])
    times = [turn["start_s"] for turn in row["dialogue"]]
    assert times == sorted(times) and ends - times[-1] <= 2.0, "the latest ones, oldest first"
    few = inputs([event("e", 105.0)], segments=[one for one in said if not one["segment_id"].startswith("s")])["e"]
    assert [(turn["segment_id"], turn["speaker"]) for turn in few["dialogue"]] == [
        ("they", "wearer"), ("unknown", "unknown"),
    ]  # fmt: skip


def test_media_are_the_recordings_own() -> None:
    media = [
        medium("eye", "e"), medium("audio", "a"), medium("proxy", "p"), medium("clip", "c", clip_id="c1"),
        medium("visual_track", "t"), medium("proxy", "x", recording_id="q", captioned=True),
    ]  # fmt: skip
    rows = inputs(
        [event("e", 50), event("f", 50, recording_id="q")], recordings=[recording(), recording("q")], media=media
    )
    assert [(one["kind"], one["sha256"]) for one in rows["e"]["media"]] == [
        ("proxy", "p"),
        ("audio", "a"),
        ("eye", "e"),
    ]
    assert rows["f"]["media"] == []


def test_the_instruction_is_the_prompt_file() -> None:
    assert inputs([event("e", 50)])["e"]["instruction"] == f"osiris@{prompt('osiris').sha}"
    for step in ("visual", "audio", "dialogue", "ocular", "previous_emotion", "inference"):
        assert f"<{step}>" in prompt("osiris").user


# --- nothing of the target is in it ----------------------------------------------------------------------------------

LABELS = [concept.id for concept in vocabulary().concepts]
SECRET = st.text(alphabet="ghijklmnopqrstuvwxyz", min_size=8, max_size=14)


def told(row: Row) -> str:
    """All that a model is told of an event but its ids, as one text."""
    return json.dumps({name: value for name, value in row.items() if name != "instruction"}, ensure_ascii=False)


def forbidden(target: Row) -> list[str]:
    """Everything that says what a target's label is."""
    known = [vocabulary().get(concept) for concept in target["emotions"] if concept in LABELS]
    words = [word for one in known for word in (one.id, one.en, one.zh)]
    return [*words, *target["own_words"], *filter(None, (target["cause"], target["polarity"])), *target["causes"]]


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Row], list[Row]]:
    """Events whose labels are all different, and what was said."""
    count = draw(st.integers(1, 8))
    labels = draw(st.permutations(LABELS))
    events = [
        event(
            f"{n:02}", draw(st.floats(0, 500)), draw(st.floats(0, 40)), emotions=[labels[n]],
            own_words=[draw(SECRET)], cause=draw(SECRET), causes=[draw(SECRET)],
            subject_id=draw(st.sampled_from(["00", None])), polarity=draw(st.sampled_from(["positive", "negative"])),
        )
        for n in range(count)
    ]  # fmt: skip
    said = [segment(f"{n:02}", draw(st.floats(0, 540)), draw(SECRET)) for n in range(draw(st.integers(0, 6)))]
    return events, said


@settings(max_examples=150, deadline=None)
@given(worlds(), st.integers(0, 5))
def test_nothing_of_the_target_can_be_found_in_its_input(world: tuple[list[Row], list[Row]], seed: int) -> None:
    events, said = world
    rows = inputs(events, recordings=[recording(duration_s=540.0)], segments=said, seed=seed)
    for target in events:
        row = rows[target["event_id"]]
        assert target["event_id"] not in [earlier["event_id"] for earlier in row["history"]]
        text = told(row)
        allowed = " ".join([*(turn["text"] for turn in row["dialogue"]), json.dumps(row["history"])])
        assert [word for word in forbidden(target) if word in text and word not in allowed] == []


def test_the_search_finds_what_it_looks_for() -> None:
    said = [segment("s", 100.0, "I am glad: a friend came.")]
    text = told(inputs([event("e", 100.0, own_words=["glad"], cause="a friend came")], segments=said)["e"])
    assert [word for word in ("glad", "a friend came") if word in text] == ["glad", "a friend came"]


@settings(max_examples=100, deadline=None)
@given(worlds(), st.integers(0, 5))
def test_another_label_of_the_target_changes_nothing(world: tuple[list[Row], list[Row]], seed: int) -> None:
    events, said = world
    target = events[0]
    changed = {
        **target,
        "emotions": ["anger/rage"],
        "own_words": ["x"],
        "cause": "y",
        "causes": [],
        "polarity": "mixed",
    }
    options: dict[str, Any] = {"recordings": [recording(duration_s=540.0)], "segments": said, "seed": seed}
    before, after = inputs(events, **options), inputs([changed, *events[1:]], **options)
    assert before[target["event_id"]] == after[target["event_id"]]


def test_a_release_holds_inputs_in_which_no_target_can_be_found(world: World, release: Release) -> None:
    tables = world.tables
    events = tables["events"].to_pylist()
    for place, row in enumerate(events):
        row |= {"own_words": [f"gladness{place}x"], "cause": f"tea number {place}x came", "causes": []}
    cues = [{**row, "text": f"The view moves {place}x."} for place, row in enumerate(tables["cues"].to_pylist())]
    shown = replace(world, tables={**tables, "events": EVENTS.rows(events), "cues": tables["cues"].from_pylist(cues)})
    manifest = release(shown)
    opened = releases.open("toy", store=world.store)
    rows = opened.table("training_inputs").to_pylist()
    assert manifest.tables["training_inputs"] == len(rows) == len(events) == 24
    targets = {row["event_id"]: row for row in events}
    texts = {row["event_id"]: row["text"] for row in opened.table("cues").to_pylist()}
    earlier = 0
    for row in rows:
        text, target = told(row), targets[row["event_id"]]
        earlier += len(row["history"])
        secret = [*target["own_words"], target["cause"], texts[row["event_id"]], target["polarity"]]
        assert [word for word in secret if word in text] == []
        assert "ann@example.org" not in text
        assert row["window_start_s"] <= target["start_s"] and target["end_s"] <= row["window_end_s"]
    assert earlier > 20, "there is history to be found in them"


def test_the_table_has_no_column_for_a_label() -> None:
    names = TRAINING_INPUTS.schema.names
    of_labels = {"emotions", "own_words", "polarity", "intensity", "cause", "start_s", "end_s", "t_s", "cues", "text"}
    assert not of_labels & set(names)
    assert isinstance(TRAINING_INPUTS.schema.field("history").type, pa.ListType)
