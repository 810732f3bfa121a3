"""The probe finds what a writer gives away, and nothing where chains say what the evidence says."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from osmo.annotators.llm.composer import create_writer
from osmo.annotators.writer import STEP_NAMES, Bundle, CueGiven, Said, Step
from osmo.schemas.tables import CUES, EVENTS, REASONING, SEGMENTS
from osmo.tasks.leakage import Leakage, leakage

FAMILIES = {"joy/joy": "amber", "sadness/sadness": "birch", "anger/anger": "cedar"}
"""Concepts, and the word by which a leaking writer betrays each."""
WORDS = ("cup", "door", "lamp", "road", "tree", "rain", "chair", "glass", "plate", "wall", "book", "coat")
Write = Callable[[Bundle, tuple[Step, ...]], tuple[Step, ...]]


def composed(_: Bundle, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return steps


def betrayed(bundle: Bundle, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """A code word in step 2 that no evidence has."""
    code = FAMILIES[bundle.emotions[0]]
    return (steps[0], replace(steps[1], sentences=(f"{steps[1].sentences[0]} {code}",)), *steps[2:])


def world(
    write: Write, *, events: int = 150, subjects: int = 15, telling_cues: bool = False, language: str = "en"
) -> tuple[pa.Table, pa.Table, pa.Table, pa.Table]:
    """Events of random labels, whose cues say nothing of them, unless they tell; chains as `write` writes them."""
    rng = random.Random(7)
    rows: dict[str, list[dict[str, Any]]] = {"events": [], "cues": [], "reasoning": [], "segments": []}
    for number in range(events):
        concept = rng.choice(list(FAMILIES))
        event_id, recording = f"e{number:04}", f"r{number % subjects:02}"
        cues = {m: f"A {rng.choice(WORDS)} by a {rng.choice(WORDS)}." for m in ("visual", "acoustic", "ocular")}
        if telling_cues and rng.random() < 0.8:
            cues["visual"] += f" {FAMILIES[concept]}"
        said = f"The {rng.choice(WORDS)} and the {rng.choice(WORDS)}."
        bundle = Bundle(
            event_id, language, (concept,), (), "positive", 2, "It was so.", ("a",),
            tuple(CueGiven(m, text, None) for m, text in cues.items()), (Said(f"s{number}", "wearer", said),), (),
        )  # fmt: skip
        chain = create_writer().write([bundle])[0].steps
        rows["events"].append(event(event_id, recording, concept))
        rows["segments"].append({"recording_id": recording, "segment_id": f"s{number}", "text": said})
        rows["cues"] += [
            {
                "event_id": event_id,
                "recording_id": recording,
                "modality": m,
                "extractor": m,
                "text": text,
                "evidence": [],
            }
            for m, text in cues.items()
        ]
        rows["reasoning"] += [
            {"event_id": event_id, "recording_id": recording, "step": step.number, "name": STEP_NAMES[step.number - 1],
             "text": " ".join(step.sentences), "cited": list(step.cited), "model": "m", "history": []}
            for step in write(bundle, chain)
        ]  # fmt: skip
    tables = (EVENTS, CUES, REASONING, SEGMENTS)
    made = [table.rows(rows[table.name]) for table in tables]
    return made[0], made[1], made[2], made[3]


def event(event_id: str, recording: str, concept: str) -> dict[str, Any]:
    return {
        "event_id": event_id, "subject_id": recording.replace("r", "s"), "recording_id": recording, "clip_id": "c",
        "dataset": "d", "language": "en", "start_s": 0.0, "end_s": 4.0, "t_s": 0.0, "emotions": [concept],
        "own_words": [], "label_distribution": [], "polarity": "positive" if concept == "joy/joy" else "negative",
        "causes": [], "annotators": 1, "finished": 1, "needs_adjudication": False, "sources": ["person"],
        "annotation_ids": ["a"], "event_key": "k",
    }  # fmt: skip


def probe(tables: tuple[pa.Table, ...]) -> Leakage:
    return leakage(*tables, permutations=20, resamples=200)


def test_a_code_word_that_betrays_the_label_is_found() -> None:
    found = probe(world(betrayed))
    assert found.target == "family" and found.grouped_by == "subject" and found.groups == 15
    assert found.leaks and found.chain and found.evidence and found.difference and found.chance_high
    assert found.chain.value > 0.9 and found.evidence.value < 0.5
    assert found.difference.low > 0.3 and found.chance_high < 0.6
    assert sum(found.classes.values()) == found.events == 150 and set(found.classes) == {"joy", "sadness", "anger"}


@pytest.mark.parametrize("telling", [False, True], ids=["cues-say-nothing", "cues-tell"])
def test_the_composer_says_no_more_than_the_evidence(telling: bool) -> None:
    found = probe(world(composed, telling_cues=telling))
    assert found.leaks is False and found.chain and found.evidence and found.difference
    assert found.difference.low <= 0 <= found.difference.high
    assert (found.evidence.value > 0.7) is telling


def test_the_same_seed_gives_the_same_figures_whatever_the_order() -> None:
    events, cues, reasoning, segments = world(betrayed, events=60)
    turned = tuple(table.take(list(reversed(range(table.num_rows)))) for table in (events, cues, reasoning, segments))
    assert probe((events, cues, reasoning, segments)) == probe(turned)


def test_where_families_are_few_the_polarity_is_predicted() -> None:
    events, cues, reasoning, segments = world(composed, events=60)
    rows = events.to_pylist()
    for place, row in enumerate(rows):
        row["emotions"] = [["joy/joy"], ["trust/trust"], ["fear/fear"], ["disgust/disgust"], ["surprise/surprise"],
                           ["anticipation/interest"], ["anger/anger"]][place % 7]  # fmt: skip
        row["polarity"] = ("positive", "negative")[place % 2]
    found = probe((EVENTS.rows(rows), cues, reasoning, segments))
    assert found.target == "polarity" and found.classes == {"negative": 30, "positive": 30}


def test_few_subjects_are_replaced_by_recordings_and_said() -> None:
    events, cues, reasoning, segments = world(composed, events=60, subjects=5)
    rows = [{**row, "subject_id": "one"} for row in events.to_pylist()]
    found = probe((EVENTS.rows(rows), cues, reasoning, segments))
    assert (found.grouped_by, found.groups) == ("recording", 5)
    assert found.notes == ("5 recordings are few: intervals that resample them are rough.",)


@pytest.mark.parametrize(
    ("events", "subjects", "why"),
    [
        (0, 5, "fewer than 40 events"),
        (20, 5, "fewer than 40 events"),
        (60, 2, "they lie in 2 recordings: folds need 3 subjects or recordings"),
    ],
)
def test_too_few_events_are_said_to_be_too_few(events: int, subjects: int, why: str) -> None:
    found = probe(world(composed, events=events, subjects=subjects))
    assert found.too_few is not None and why in found.too_few
    assert [found.chain, found.evidence, found.leaks, found.target] == [None] * 4


def test_an_event_without_chain_is_left_out() -> None:
    events, cues, reasoning, segments = world(composed, events=60)
    found = probe((events, cues, reasoning.slice(6), segments))
    assert found.events == 59
