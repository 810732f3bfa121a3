"""The stage of SENSE: which events it takes up, what it gives the writer, what it stores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from osmo.annotators.llm.composer import create_writer
from osmo.annotators.writer import Bundle, Step
from osmo.schemas.tables import CUES, EVENTS, MEDIA, REASONING, SEGMENTS
from osmo.storage.media import Media, MediaCache
from osmo.storage.objects import Objects
from osmo.tasks.sense import SenseStage

MODALITIES = ("visual", "acoustic", "ocular")


def event(event_id: str, start_s: float, **changes: object) -> dict[str, object]:
    return {
        "event_id": event_id, "subject_id": "s", "recording_id": "r", "clip_id": "c", "dataset": "d",
        "language": "en", "start_s": start_s, "end_s": start_s + 4, "t_s": start_s, "emotions": ["joy/joy"],
        "own_words": [], "label_distribution": [], "polarity_reason": "not_collected",
        "intensity_reason": "not_collected", "cause": "A friend came.", "causes": ["A friend came."],
        "annotators": 1, "finished": 1, "needs_adjudication": False, "sources": ["person"],
        "annotation_ids": ["a"], "event_key": f"key of {event_id}", **changes,
    }  # fmt: skip


def cue(event_id: str, modality: str, text: str | None = "Some change is seen.") -> dict[str, object]:
    absent = None if text else "not there"
    return {
        "event_id": event_id, "recording_id": "r", "modality": modality, "extractor": modality, "text": text,
        "absent_reason": absent, "evidence": [],
    }  # fmt: skip


def segment(segment_id: str, start_s: float, text: str = "So it is.", **changes: object) -> dict[str, object]:
    return {
        "recording_id": "r", "segment_id": segment_id, "start_s": start_s, "end_s": start_s + 1, "text": text,
        "speaker": "wearer", "in_media": True, "text_key": f"key of {text}", **changes,
    }  # fmt: skip


EVENTS_3 = [event("e1", 0), event("e2", 20), event("e3", 40)]
CUES_3 = [cue(str(e["event_id"]), modality) for e in EVENTS_3 for modality in MODALITIES]


def stage(
    events: Sequence[dict[str, object]] = EVENTS_3,
    cues: Sequence[dict[str, object]] = CUES_3,
    segments: Sequence[dict[str, object]] = (),
    **more: Any,
) -> SenseStage:
    table = EVENTS.rows(events)
    return SenseStage(
        more.pop("writer", None) or create_writer(),
        events_all=lambda: table,
        events=lambda _: table,
        cues=lambda _: CUES.rows(cues),
        segments=lambda _: SEGMENTS.rows(segments),
        **more,
    )


def keys(made: SenseStage) -> dict[str, str]:
    needs = made.needs(0)
    return dict(zip(needs["event_id"].to_pylist(), needs["input_key"].to_pylist(), strict=True))


def changed(before: SenseStage, after: SenseStage) -> set[str]:
    old, new = keys(before), keys(after)
    return {name for name in old if old[name] != new.get(name)}


@pytest.fixture
def nothing_to_see(tmp_path: Path) -> Media:
    return Media(MediaCache(Objects(str(tmp_path))), MEDIA.rows([]))


def test_an_event_gets_six_rows_under_one_key(nothing_to_see: Media) -> None:
    made = stage(segments=[segment("s1", 21)])
    needs = made.needs(0)
    outcome = made.compute(needs, nothing_to_see)
    rows = REASONING.check(outcome.rows, body=True).to_pylist()
    assert outcome.problems == []
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5, 6] * 3
    assert list(outcome.input_keys) == [key for key in needs["input_key"].to_pylist() for _ in range(6)]
    second = rows[6:12]
    assert [row["name"] for row in second] == ["visual", "audio", "dialogue", "ocular", "previous_emotion", "inference"]
    assert second[2]["text"] == "The wearer says: “So it is.”" and second[2]["cited"] == ["segment:s1"]
    assert second[4]["text"] == "16 s before this event, the wearer felt: joy." and second[4]["cited"] == ["event:e1"]
    assert second[5]["cited"] == ["annotation:a"] * 4
    assert second[0]["model"].startswith("composer@") and second[0]["prompt_sha"] is None
    assert [row["history"] for row in rows[::6]] == [[], ["e1"], ["e1", "e2"]]
    assert made.name == "sense:composer" and made.writes is REASONING


def test_mandarin_sentences_are_joined_without_a_space(nothing_to_see: Media) -> None:
    made = stage(events=[event("e1", 0, language="zh")], cues=CUES_3[:3])
    text = made.compute(made.needs(0), nothing_to_see).rows["text"].to_pylist()[5]
    assert " " not in text.replace("A friend came.", "")


def test_an_event_waits_for_all_its_cues() -> None:
    assert set(keys(stage(cues=CUES_3[:-1]))) == {"e1", "e2"}
    assert set(keys(stage(cues=CUES_3[:-1], modalities=("visual", "acoustic")))) == {"e1", "e2", "e3"}


def test_a_modality_without_extractor_is_said_to_be_absent(nothing_to_see: Media) -> None:
    made = stage(modalities=("visual", "acoustic"))
    text = made.compute(made.needs(0), nothing_to_see).rows["text"].to_pylist()[3]
    assert text == "There is no ocular cue: no extractor is configured."


def test_history_spans_buckets() -> None:
    everyone = EVENTS.rows(EVENTS_3)
    made = SenseStage(
        create_writer(),
        events_all=lambda: everyone,
        events=lambda _: everyone.slice(2, 1),
        cues=lambda _: CUES.rows(CUES_3),
        segments=lambda _: SEGMENTS.rows([]),
        previous=1,
    )
    [row] = made.needs(0).to_pylist()
    assert [(e["event_id"], e["gap_s"], e["duration_s"]) for e in row["history"]] == [("e2", 16.0, 4.0)]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ({"events": [event("e1", 0, event_key="new"), *EVENTS_3[1:]], "previous": 1}, {"e1", "e2"}),
        ({"events": [event("e1", 0, subject_id="t"), *EVENTS_3[1:]], "previous": 1}, {"e2"}),
        ({"cues": [*CUES_3[:3], cue("e2", "visual", "Less change."), *CUES_3[4:]], "previous": 1}, {"e2"}),
        ({"cues": [*CUES_3[:3], cue("e2", "visual", None), *CUES_3[4:]], "previous": 1}, {"e2"}),
        ({"segments": [segment("s1", 30)], "previous": 1}, {"e3"}),
        ({"segments": [segment("s1", 70)], "previous": 1}, set()),
        ({"events": [*EVENTS_3, event("e4", 60)], "previous": 1}, set()),
    ],
    ids=["event", "subject", "cue", "cue-gone", "dialogue", "words-elsewhere", "later-event"],
)
def test_only_what_changes_is_written_anew(after: dict[str, Any], expected: set[str]) -> None:
    assert changed(stage(previous=1), stage(**after)) == expected


def test_the_fingerprint_follows_writer_and_history() -> None:
    prints = {stage().fingerprint, stage(previous=2).fingerprint, stage(modalities=("visual",)).fingerprint}
    assert len(prints) == 3 and stage().fingerprint in prints


class Inventor:
    """A writer that describes what it was not given; a real one of the contract, not of ours."""

    name = "inventor"
    revision = "1"
    prompt_sha = None

    def write(self, bundles: Sequence[Bundle]) -> list[tuple[Step, ...]]:
        chains = create_writer().write(bundles)
        return [
            (Step(1, ("The wearer clenches both fists 7 times.",), ("cue:visual",)), *chain[1:])
            if bundle.event_id == "e2"
            else chain
            for bundle, chain in zip(bundles, chains, strict=True)
        ]


def test_a_chain_that_fails_the_check_is_a_problem_and_never_stored(nothing_to_see: Media) -> None:
    made = stage(writer=Inventor())
    needs = made.needs(0)
    outcome = made.compute(needs, nothing_to_see)
    assert set(outcome.rows["event_id"].to_pylist()) == {"e1", "e3"}
    [problem] = outcome.problems
    assert problem.permanent and problem.where == "event e2" and problem.key == needs["input_key"][1].as_py()
    assert "says 7, which cue:visual does not" in problem.what


def test_a_bucket_without_events_needs_nothing() -> None:
    assert stage(events=[]).needs(0).num_rows == 0
    assert isinstance(stage(events=[]).needs(0), pa.Table)
