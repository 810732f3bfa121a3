"""Cues that a model describes: rows of the log, events that stay open, and nothing of a label on the way."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from osmo.annotators.llm.composer import Composer
from osmo.annotators.writer import Bundle, CueGiven
from osmo.schemas.endpoints import Endpoint, MissingEndpointError, Models
from osmo.schemas.extensions import UnknownExtensionError
from osmo.schemas.tables import CUES, EVENTS, PROBLEMS
from osmo.storage.store import Store
from osmo.tasks.cues.registry import EXTRACTORS, extractor, names
from osmo.tasks.cues.stage import CueStage
from osmo.tasks.engine import run_bucket

SEEN = "A person sets a cup on the table."
EVENT: dict[str, object] = {
    "event_id": "e1", "subject_id": "s", "recording_id": "r", "clip_id": "c", "dataset": "d", "language": "en",
    "start_s": 1.0, "end_s": 3.0, "t_s": 1.0, "emotions": ["joy/joy"], "own_words": ["bubbly"],
    "label_distribution": [], "polarity": "positive", "intensity": 2, "cause": "A friend came.",
    "causes": ["A friend came."], "annotators": 1, "finished": 1, "needs_adjudication": False, "sources": ["person"],
    "annotation_ids": ["a"], "event_key": "k1",
}  # fmt: skip


class Captioner:
    """A chat server that keeps what it was asked and says what the test says."""

    def __init__(self, port: int = 0) -> None:
        self.asked: list[str] = []
        self.answer: Callable[[str], str] = lambda _: SEEN
        captioner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._send({"data": []})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                captioner.asked.append(body)
                text = json.loads(body)["messages"][-1]["content"][-1]["text"]
                choice = {"message": {"role": "assistant", "content": captioner.answer(text)}}
                self._send({"choices": [choice], "usage": {"prompt_tokens": 70, "completion_tokens": 9}})

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

            def _send(self, body: dict[str, object]) -> None:
                content = json.dumps(body).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/v1"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def models(self, *known: str) -> Models:
        one = Endpoint(url=self.url, model="m", revision="0" * 40, max_attempts=1, backoff_s=0.0, gone_after_s=0.0)
        return Models(dict.fromkeys(known or ("qwen2_5_vl", "qwen2_audio"), one))


@pytest.fixture
def captioner() -> Iterator[Captioner]:
    server = Captioner()
    try:
        yield server
    finally:
        server.close()


def events(*changes: dict[str, object]) -> pa.Table:
    return EVENTS.rows([{**EVENT, **change} for change in changes])


def seen(studio: Any) -> list[dict[str, object]]:
    """A film of four seconds and its sound."""
    grey = [np.full((72, 128), 40 + 2 * n, np.uint8) for n in range(40)]
    return [studio.row("proxy", studio.video(grey)), studio.row("audio", studio.sound(studio.tone(200, 0.2, 4)))]


def stage(name: str, models: Models, found: pa.Table, rows: pa.Table) -> CueStage:
    return CueStage(extractor(name, models), events=lambda _: found, media_rows=lambda _: rows)


def test_describers_are_extractors_beside_those_that_measure() -> None:
    assert set(names()) == set(EXTRACTORS.names()) | {"qwen2_5_vl", "qwen2_5_omni", "qwen2_audio"}
    with pytest.raises(UnknownExtensionError) as refused:
        extractor("qwen2_5_lv")
    assert "Did you mean 'qwen2_5_vl'? Available: acoustic, ocular, qwen2_5_omni, qwen2_5_vl" in str(refused.value)
    with pytest.raises(MissingEndpointError, match=r"models\.qwen2_5_vl has no section"):
        extractor("qwen2_5_vl")


@pytest.mark.parametrize(
    ("name", "modality", "kind"), [("qwen2_5_vl", "visual", "proxy"), ("qwen2_audio", "acoustic", "audio")]
)
def test_a_description_is_a_row_with_who_made_it(
    name: str, modality: str, kind: str, studio: Any, captioner: Captioner
) -> None:
    rows = seen(studio)
    made = stage(name, captioner.models(), events({}), studio.rows(*rows))
    needs = made.needs(0)
    outcome = made.compute(needs, studio.media(*rows))
    CUES.check(outcome.rows, body=True)
    [row] = outcome.rows.to_pylist()
    one = extractor(name, captioner.models())
    assert one.kind == kind
    assert {column: row[column] for column in ("modality", "extractor", "text", "raw_text", "absent_reason")} == {
        "modality": modality, "extractor": name, "text": SEEN, "raw_text": SEEN, "absent_reason": None,
    }  # fmt: skip
    assert row["evidence"] == [] and row["confidence"] is None
    assert (row["tokens_in"], row["tokens_out"], row["attempts"]) == (70, 9, 1) and row["latency_ms"] > 0
    assert one.revision == f"{row['model_revision']}+{row['prompt_sha']}"
    assert outcome.attempts == 1 and outcome.pause is None
    assert list(outcome.input_keys) == needs["input_key"].to_pylist()


def test_a_measured_cue_has_no_model(studio: Any) -> None:
    rows = studio.tracked("acoustic", studio.row("audio", studio.sound(studio.tone(200, 0.2, 4))))
    made = stage("acoustic", Models(), events({}), studio.rows(*rows))
    [row] = made.compute(made.needs(0), studio.media(*rows)).rows.to_pylist()
    told = ("raw_text", "model_revision", "prompt_sha", "tokens_in", "tokens_out", "latency_ms", "attempts")
    assert [row[column] for column in told] == [None] * len(told)
    assert row["confidence"] is not None


def test_nothing_of_the_label_reaches_the_model(studio: Any, captioner: Captioner) -> None:
    rows = seen(studio)
    other: dict[str, object] = {"emotions": ["fear/terror"], "own_words": ["chilled"], "cause": "A dog."}
    for change in ({}, other):
        made = stage("qwen2_audio", captioner.models(), events(change), studio.rows(*rows))
        made.compute(made.needs(0), studio.media(*rows))
    assert captioner.asked[0] == captioner.asked[1]
    assert not [word for word in ("bubbly", "friend", "positive") if word in captioner.asked[0]]


def test_another_prompt_or_model_asks_anew_and_another_address_does_not(captioner: Captioner) -> None:
    endpoint = captioner.models().endpoints["qwen2_5_vl"]
    prints = [
        stage(
            "qwen2_5_vl", Models({"qwen2_5_vl": endpoint.model_copy(update=change)}), events(), pa.table({})
        ).fingerprint
        for change in ({}, {"url": "http://127.0.0.1:9"}, {"model": "other"}, {"max_tokens": 9})
    ]
    assert prints[0] == prints[1] and len(set(prints)) == 3


def test_a_server_that_is_away_leaves_events_open_and_pauses(studio: Any, captioner: Captioner, tmp_path: Path) -> None:
    rows = seen(studio)
    found = events({}, {"event_id": "e2", "start_s": 0.0}, {"event_id": "e3", "recording_id": "blind"})
    made = stage("qwen2_5_vl", captioner.models(), found, studio.rows(*rows))
    store = Store.open(str(tmp_path / "log"), buckets=1)
    captioner.close()
    report = run_bucket(store, made, 0, studio.media(*rows))
    assert (report.rows_in, report.rows_out, report.failed, report.quarantined) == (3, 1, 2, 0)
    assert report.paused is not None and report.paused.startswith(f"qwen2_5_vl at {captioner.url}: ")
    problems = store.read(PROBLEMS).to_pylist()
    assert {row["status"] for row in problems} == {"failed"}
    assert {row["where"].partition(", ")[2] for row in problems} == {"event e1", "event e2"}
    assert "qwen2_5_vl gave no answer: " in problems[0]["what"]

    again = Captioner(captioner.port)
    try:
        filled = run_bucket(store, made, 0, studio.media(*rows))
    finally:
        again.close()
    assert (filled.rows_in, filled.rows_out, filled.failed, filled.paused) == (2, 2, 0, None)
    assert {row["event_id"]: row["text"] for row in store.read(CUES).to_pylist()} == {
        "e1": SEEN,
        "e2": SEEN,
        "e3": None,
    }
    assert run_bucket(store, made, 0, studio.media(*rows)).rows_in == 0


def test_media_that_cannot_be_decoded_are_an_absent_modality(studio: Any, captioner: Captioner) -> None:
    rows = seen(studio)
    (studio.folder / "store" / str(rows[0]["uri"])).write_bytes(b"no film")
    made = stage("qwen2_5_vl", captioner.models(), events({}), studio.rows(*rows))
    outcome = made.compute(made.needs(0), studio.media(*rows))
    [row] = outcome.rows.to_pylist()
    assert row["absent_reason"].startswith("no_video: its pictures cannot be decoded") and row["attempts"] == 0
    assert outcome.problems == [] and captioner.asked == []


def test_a_description_that_names_a_feeling_twice_is_kept_counted_and_withheld_from_chains(
    studio: Any, captioner: Captioner
) -> None:
    captioner.answer = lambda _: "A happy person walks by."
    rows = seen(studio)
    made = stage("qwen2_5_vl", captioner.models(), events({}), studio.rows(*rows))
    outcome = made.compute(made.needs(0), studio.media(*rows))
    [row] = outcome.rows.to_pylist()
    assert row["text"] == "A happy person walks by." and row["attempts"] == outcome.attempts == 2
    cues = (CueGiven("visual", row["text"], None), CueGiven("acoustic", None, "x"), CueGiven("ocular", None, "x"))
    bundle = Bundle("e1", "en", ("joy/joy",), (), "positive", 2, "c", ("a",), cues, (), ())
    [written] = Composer().write([bundle])
    assert "happy" not in str(written.steps[0])
