"""From bundles to chains with a real server: what is stored where chains are refused, and where nobody answers."""

from __future__ import annotations

import importlib.util
import socket
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pytest

from osmo.annotators.llm.composer import create_writer
from osmo.annotators.llm.writing import LlmWriter
from osmo.annotators.writer import Bundle
from osmo.schemas.endpoints import Endpoint
from osmo.schemas.tables import CUES, EVENTS, MEDIA, PROBLEMS, REASONING, SEGMENTS
from osmo.storage.media import Media, MediaCache
from osmo.storage.store import Store
from osmo.tasks.engine import run_bucket
from osmo.tasks.evidence import bundle_of
from osmo.tasks.sense import SenseStage

Server = Callable[[str], Any]
CUE_OF = {"visual": "A hand reaches for a cup.", "acoustic": "The voice is louder than usual.", "ocular": None}


@pytest.fixture(scope="module")
def chain_bundles() -> ModuleType:
    place = Path(__file__).parents[1] / "annotators" / "llm" / "chain_bundles.py"
    spec = importlib.util.spec_from_file_location("chain_bundles_of_tasks", place)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def event(number: int) -> dict[str, object]:
    start_s = 20.0 * number
    return {
        "event_id": f"e{number}", "subject_id": f"s{number}", "recording_id": "r", "clip_id": "c", "dataset": "d",
        "language": "en", "start_s": start_s, "end_s": start_s + 4, "t_s": start_s, "emotions": ["joy/joy"],
        "own_words": [], "label_distribution": [], "polarity": "positive", "intensity": 2,
        "cause": f"Friend number {40 + number} came.", "causes": [], "annotators": 1, "finished": 1,
        "needs_adjudication": False, "sources": ["person"], "annotation_ids": [f"a{number}"], "event_key": f"k{number}",
    }  # fmt: skip


def cue(number: int, modality: str) -> dict[str, object]:
    text = CUE_OF[modality]
    return {
        "event_id": f"e{number}", "recording_id": "r", "modality": modality, "extractor": modality, "text": text,
        "absent_reason": None if text else "no eye camera", "evidence": [],
    }  # fmt: skip


def stage(endpoint: Endpoint, events: int = 2) -> SenseStage:
    numbers = range(1, events + 1)
    table = EVENTS.rows(event(n) for n in numbers)
    cues = CUES.rows(cue(n, modality) for n in numbers for modality in CUE_OF)
    return SenseStage(
        LlmWriter("llama3", endpoint),
        events_all=lambda: table,
        events=lambda _: table,
        cues=lambda _: cues,
        segments=lambda _: SEGMENTS.rows([]),
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(str(tmp_path / "store"), buckets=1)


def run(store: Store, made: SenseStage) -> tuple[list[dict[str, Any]], list[dict[str, Any]], str | None]:
    """What is stored of reasoning and problems after a run, and why it paused."""
    media = Media(MediaCache(store.objects), MEDIA.rows([]))
    report = run_bucket(store, made, 0, media)
    rows = store.read(REASONING, bucket=0).sort_by([("event_id", "ascending"), ("step", "ascending")])
    return rows.to_pylist(), store.read(PROBLEMS, bucket=0).to_pylist(), report.paused


def bundle(made: SenseStage, event_id: str) -> Bundle:
    rows: pa.Table = made.needs(0)
    return next(bundle_of(row) for row in rows.to_pylist() if row["event_id"] == event_id)


def test_a_well_formed_chain_stands_and_another_events_is_composed(
    store: Store, chain_bundles: ModuleType, answering_server: Server
) -> None:
    nobody = Endpoint.model_validate({"url": "http://127.0.0.1:9/v1", "model": "m", "allow_unpinned": True})
    answer = chain_bundles.answer_text(bundle(stage(nobody), "e1"))
    server = answering_server(answer)
    made = stage(server.endpoint())
    rows, problems, paused = run(store, made)
    assert (problems, paused, len(rows)) == ([], None, 12)
    first, composed = rows[0], rows[6]
    assert [row["outcome"] for row in rows] == ["first"] * 6 + ["composed"] * 6
    assert first["refusals"] == [] and first["attempts"] == 1 and first["raw_text"] == answer
    assert first["model"].startswith(f"llama3@{server.model}@{server.revision}+")
    assert "Friend number 41 came." in rows[5]["text"]
    assert composed["attempts"] == 3 and composed["raw_text"] == answer and composed["prompt_sha"] is None
    assert [text[:23] for text in composed["refusals"]] == [f"try {n}: number: step 6: " for n in (1, 2, 3)]
    assert composed["model"].startswith(f"composer@{create_writer().revision} for llama3@")
    assert "Friend number 42 came." in rows[11]["text"]
    again, _, _ = run(store, stage(server.endpoint()))
    assert len(again) == 12, "what is stored is not asked for again"


def test_a_model_that_answers_no_chain_is_asked_three_times(store: Store, answering_server: Server) -> None:
    rows, problems, paused = run(store, stage(answering_server("I cannot help with that.").endpoint(), events=1))
    assert (problems, paused) == ([], None)
    why = "unreadable: the answer is not one JSON object and nothing else"
    assert rows[0]["refusals"] == [f"try {n}: {why}" for n in (1, 2, 3)]
    assert rows[0]["outcome"] == "composed" and rows[0]["attempts"] == 3
    assert rows[0]["raw_text"] == "I cannot help with that."
    assert rows[0]["latency_ms"] > 0


def test_a_dead_server_leaves_events_open_pauses_and_composes_nothing(store: Store) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/v1"
    given = {"url": url, "model": "m", "allow_unpinned": True, "max_attempts": 2, "backoff_s": 0.05,
             "gone_after_s": 0.0, "timeout_s": 2.0}  # fmt: skip
    rows, problems, paused = run(store, stage(Endpoint.model_validate(given), events=4))
    assert rows == [] and paused is not None and paused.startswith(f"llama3 at {url}")
    assert {row["status"] for row in problems} == {"failed"} and len({row["key"] for row in problems}) == 4
