"""The stage of SENSE: which events it takes up, what it gives the writer, what it stores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from osmo.annotators.answer import Unanswered, Usage
from osmo.annotators.llm.composer import create_writer
from osmo.annotators.writer import Bundle, Chain, Refused, Step
from osmo.schemas.keys import fingerprint
from osmo.schemas.tables import CUES, EVENTS, MEDIA, REASONING, SEGMENTS
from osmo.storage.media import Media, MediaCache
from osmo.storage.objects import Objects
from osmo.tasks.chain_check import check_revision
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
    return {row["event_id"]: row["input_key"] for row in made.needs(0).select(["event_id", "input_key"]).to_pylist()}


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
    text = str(made.compute(made.needs(0), nothing_to_see).rows["text"].to_pylist()[5])
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
    prompt_sha: str | None = "sha of a prompt"

    def write(self, bundles: Sequence[Bundle]) -> Sequence[Chain | Unanswered]:
        return [invented(bundle) if bundle.event_id == "e2" else honest(bundle) for bundle in bundles]


def honest(bundle: Bundle) -> Chain:
    [chain] = create_writer().write([bundle])
    return replace(chain, raw_text="honest", usage=Usage(10, 5, 1.5, 1))


def invented(bundle: Bundle) -> Chain:
    steps = (Step(1, ("The wearer clenches both fists 7 times.",), ("cue:visual",)), *honest(bundle).steps[1:])
    return Chain(steps, None, "invented", Usage(10, 5, 1.5, 2))


class Learner(Inventor):
    """Mends its chain after a number of refusals; remembers what it was told, and when it was asked what."""

    def __init__(self, learns_after: int) -> None:
        self.learns_after = learns_after
        self.asked: list[list[str]] = []
        self.told: list[tuple[str, ...]] = []

    def write(self, bundles: Sequence[Bundle]) -> Sequence[Chain | Unanswered]:
        self.asked.append([bundle.event_id for bundle in bundles])
        return super().write(bundles)

    def write_again(self, refused: Sequence[Refused]) -> Sequence[Chain | Unanswered]:
        self.asked.append([one.bundle.event_id for one in refused])
        self.told += [one.reasons for one in refused]
        write = honest if len(self.asked) > self.learns_after else invented
        return [write(one.bundle) for one in refused]


SEVEN = "number: step 1: 'The wearer clenches both fists 7 times.' says 7, which cue:visual does not"


def told(rows: pa.Table, event_id: str) -> dict[str, Any]:
    """The first row of an event's chain, once all of them agree on what is said of the whole."""
    mine = [row for row in rows.to_pylist() if row["event_id"] == event_id]
    assert len(mine) == 6 and len({(row["outcome"], row["model"], row["prompt_sha"]) for row in mine}) == 1
    for row in mine[1:]:
        assert row["refusals"] is row["raw_text"] is row["tokens_in"] is row["attempts"] is None
    return dict(mine[0])


def test_a_refused_writer_is_asked_again_with_the_reasons(nothing_to_see: Media) -> None:
    writer = Learner(learns_after=2)
    made = stage(writer=writer)
    outcome = made.compute(made.needs(0), nothing_to_see)
    assert writer.asked == [["e1", "e2", "e3"], ["e2"], ["e2"]]
    assert all(SEVEN in reasons for reasons in writer.told)
    row = told(outcome.rows, "e2")
    assert (row["outcome"], row["raw_text"], row["model"]) == ("again", "honest", "inventor@1")
    assert [text.split(": ")[0] for text in row["refusals"] if SEVEN in text] == ["try 1", "try 2"]
    assert (row["tokens_in"], row["tokens_out"], row["latency_ms"], row["attempts"]) == (30, 15, 4.5, 5)
    first = told(outcome.rows, "e1")
    assert (first["outcome"], first["refusals"], first["attempts"]) == ("first", [], 1)
    assert outcome.problems == [] and outcome.attempts == 7


@pytest.mark.parametrize("writer", [Inventor(), Learner(learns_after=9)], ids=["once", "three-times"])
def test_where_all_chains_are_refused_the_composers_stands(writer: Inventor, nothing_to_see: Media) -> None:
    made = stage(writer=writer)
    needs = made.needs(0)
    outcome = made.compute(needs, nothing_to_see)
    assert outcome.problems == [] and outcome.rows.num_rows == 18
    row = told(outcome.rows, "e2")
    assert row["outcome"] == "composed" and row["raw_text"] == "invented" and row["prompt_sha"] is None
    assert row["model"] == f"composer@{create_writer().revision} for inventor@1"
    assert row["text"] == "Some change is seen."
    tries = 3 if isinstance(writer, Learner) else 1
    assert [text for text in row["refusals"] if SEVEN in text] == [f"try {n}: {SEVEN}" for n in range(1, tries + 1)]


def test_a_chain_that_cannot_be_read_is_a_refused_try(nothing_to_see: Media) -> None:
    class Mumbler(Inventor):
        def write(self, bundles: Sequence[Bundle]) -> Sequence[Chain | Unanswered]:
            return [Chain((), "the answer is empty", "") for _ in bundles]

    made = stage(writer=Mumbler())
    row = told(made.compute(made.needs(0), nothing_to_see).rows, "e1")
    assert (row["outcome"], row["refusals"]) == ("composed", ["try 1: unreadable: the answer is empty"])


class Away(Learner):
    """A writer whose server is gone from some try on, for e2 alone until then."""

    def __init__(self, gone_at: int) -> None:
        super().__init__(learns_after=9)
        self.gone_at = gone_at

    def answers(self, asked: Sequence[Chain | Unanswered], ids: Sequence[str]) -> Sequence[Chain | Unanswered]:
        nobody = Unanswered("nobody answers", "http://127.0.0.1:9/v1", gone=True)
        away = len(self.asked) >= self.gone_at
        return [nobody if away and (i == "e3" or len(ids) == 1) else a for a, i in zip(asked, ids, strict=True)]

    def write(self, bundles: Sequence[Bundle]) -> Sequence[Chain | Unanswered]:
        return self.answers(super().write(bundles), [bundle.event_id for bundle in bundles])

    def write_again(self, refused: Sequence[Refused]) -> Sequence[Chain | Unanswered]:
        return self.answers(super().write_again(refused), [one.bundle.event_id for one in refused])


@pytest.mark.parametrize(
    ("gone_at", "open_events", "asked"), [(1, {"e2", "e3"}, 1), (2, {"e2"}, 2)], ids=["first-try", "second-try"]
)
def test_a_server_that_is_gone_leaves_events_open_and_composes_nothing(
    gone_at: int, open_events: set[str], asked: int, nothing_to_see: Media
) -> None:
    writer = Away(gone_at)
    made = stage(writer=writer)
    needs = made.needs(0)
    outcome = made.compute(needs, nothing_to_see)
    assert set(outcome.rows["event_id"].to_pylist()) == {"e1", "e2", "e3"} - open_events
    assert set(outcome.rows["outcome"].to_pylist()) == {"first"}
    assert outcome.pause == "inventor at http://127.0.0.1:9/v1: nobody answers" and len(writer.asked) == asked
    assert {problem.where for problem in outcome.problems} == {
        f"http://127.0.0.1:9/v1, event {event_id}" for event_id in open_events
    }
    assert not any(problem.permanent for problem in outcome.problems)


def test_a_chain_that_even_the_composer_cannot_write_is_a_problem_and_never_stored(nothing_to_see: Media) -> None:
    needs = stage().needs(0)
    rows = needs.to_pylist()
    rows[1]["history"][0]["gap_s"] = -5.0
    for made in (stage(), stage(writer=Learner(learns_after=1))):
        outcome = made.compute(pa.Table.from_pylist(rows, schema=needs.schema), nothing_to_see)
        assert set(outcome.rows["event_id"].to_pylist()) == {"e1", "e3"}
        [problem] = outcome.problems
        assert problem.permanent and problem.where == "event e2" and problem.key == rows[1]["input_key"]
        assert problem.what.startswith("the chain of composer") and "5 s in the future" in problem.what


def test_the_composers_fingerprint_stands_and_others_follow_check_and_composer() -> None:
    composer = create_writer()
    parameters: dict[str, Any] = {
        "revision": composer.revision,
        "prompt_sha": None,
        "previous": 4,
        "modalities": list(MODALITIES),
        "dialogue": [15.0, 16],
    }
    assert stage().fingerprint == fingerprint("sense:composer", 1, parameters)
    others = {**parameters, "revision": "1", "prompt_sha": "sha of a prompt"}
    depends: dict[str, Any] = {"check": check_revision(), "again": 2, "fallback": composer.revision}
    assert stage(writer=Inventor()).fingerprint == fingerprint("sense:inventor", 1, {**others, **depends})


def test_a_bucket_without_events_needs_nothing() -> None:
    assert stage(events=[]).needs(0).num_rows == 0
    assert isinstance(stage(events=[]).needs(0), pa.Table)
