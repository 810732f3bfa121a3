"""A bucket voted on by all four, through stage and engine; with one server away, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sidecar_servers import Sidecar, sidecar, tiny_weights

from osmo.annotators.registry import voter
from osmo.schemas.endpoints import Endpoint, Models
from osmo.schemas.tables import MEDIA, PROBLEMS, SEGMENTS, VOTES
from osmo.storage.media import Media
from osmo.storage.store import Store
from osmo.tasks.engine import BucketReport, run_bucket, todo
from osmo.tasks.prescreen import PrescreenStage

Record = Callable[..., Media]
WORDS = ("What a wonderful day.", "This is terrible.", "I am scared.", "Pass me the salt.")
LABELS = ("joy", "sadness", "fear", "neutral")
NAMES = ("emotion_llama", "affectgpt", "desta", "qwen2_audio")
COUNT = 40


def segments() -> pa.Table:
    return SEGMENTS.rows(
        {
            "recording_id": "r" if n % 10 else "silent", "segment_id": f"s{n:03}", "start_s": n % 5.0,
            "end_s": n % 5.0 + 1.0, "text": WORDS[n % 4], "language": "en", "speaker": "wearer", "text_key": f"t{n}",
            "dialogue_key": f"d{n}", "audio_key": f"a{n}" if n % 10 else None,
        }
        for n in range(COUNT)
    )  # fmt: skip


class Bench:
    """A store, segments, media, and voters behind their servers."""

    def __init__(self, folder: Path, media: Media, models: Models) -> None:
        self.store = Store.open(str(folder / "log"), buckets=1)
        self.media = media
        self.models = models
        index = [row for kind in ("audio", "proxy") if (row := media.row("r", kind)) is not None]
        self.media_rows = MEDIA.rows(index)

    def stage(self, name: str) -> PrescreenStage:
        return PrescreenStage(
            voter(name, self.models),
            segments=lambda _: segments(),
            media_rows=lambda _: self.media_rows,
            flush_rows=16,
        )

    def vote(self, name: str) -> BucketReport:
        return run_bucket(self.store, self.stage(name), 0, self.media)

    def labels(self, name: str) -> dict[str, str | None]:
        rows = self.store.read(VOTES).to_pylist()
        return {row["segment_id"]: row["label"] for row in rows if row["annotator"] == name}


def weights(folder: Path, name: str) -> Path:
    words = {"fear": "worried", "joy": "happy", "sadness": "sad"} if name == "emotion_llama" else {}
    shape = {"emotion_llama": "label", "affectgpt": "list", "desta": "prose"}[name]
    made: Path = tiny_weights(folder / name, reply=shape, words=words, model_id=name)
    return made


@pytest.fixture
def bench(tmp_path: Path, record: Record, chat_server: Any) -> Iterator[tuple[Bench, dict[str, Sidecar]]]:
    def answer(request: dict[str, Any]) -> str:
        text = request["messages"][-1]["content"][-1]["text"]
        return next((label for words, label in zip(WORDS, LABELS, strict=True) if words in text), "neutral")

    chat_server.answer = answer
    media = record()
    quick = {"backoff_s": 0.0, "max_attempts": 2, "gone_after_s": 0.0}
    with ExitStack() as running:
        servers = {name: running.enter_context(sidecar("tiny", weights(tmp_path, name))) for name in NAMES[:3]}
        endpoints = {
            name: Endpoint(transport="prescreen", url=one.url, model=one.model, revision=one.revision, **quick)  # type: ignore[arg-type]
            for name, one in servers.items()
        }
        chat = Endpoint(url=chat_server.url, model="m", revision="0" * 40, **quick)  # type: ignore[arg-type]
        yield Bench(tmp_path, media, Models({**endpoints, "qwen2_audio": chat})), servers


def test_all_vote_one_is_away_and_returns(bench: tuple[Bench, dict[str, Sidecar]], tmp_path: Path) -> None:
    made, servers = bench
    away = servers["desta"]
    away.process.terminate()
    away.process.wait()
    reports = {name: made.vote(name) for name in NAMES}

    expected = {f"s{n:03}": LABELS[n % 4] for n in range(COUNT) if n % 10}
    for name in NAMES:
        report = reports[name]
        if name == "desta":
            assert report.paused is not None and "models" not in report.paused and away.url in report.paused
            assert (report.rows_out, report.abstained, report.failed) == (2, 2, COUNT - 2), (
                "what has no sound is not asked"
            )
            continue
        assert report.paused is None and report.failed == 0
        assert (report.rows_out, report.abstained) == (COUNT, 4)
        found = made.labels(name)
        assert {segment: label for segment, label in found.items() if label is not None} == expected
    problems = made.store.read(PROBLEMS).to_pylist()
    assert {(row["stage"], row["status"]) for row in problems} == {("prescreen:desta", "failed")}
    assert len(problems) == COUNT - 2
    assert todo(made.store, made.stage("desta"), 0).rows.num_rows == COUNT - 2

    port = int(away.url.rpartition(":")[2])
    with sidecar("tiny", tmp_path / "desta", port=port):
        filled = made.vote("desta")
    assert (filled.rows_in, filled.rows_out, filled.failed, filled.paused) == (COUNT - 2, COUNT - 2, 0, None)
    assert {segment: label for segment, label in made.labels("desta").items() if label is not None} == expected
    for name in NAMES:
        assert made.vote(name).rows_in == 0, "nobody is asked twice"


def test_rows_say_who_answered_what_and_what_it_took(bench: tuple[Bench, dict[str, Sidecar]]) -> None:
    made, servers = bench
    made.vote("emotion_llama")
    rows = made.store.read(VOTES).to_pylist()
    answered = [row for row in rows if row["label"] is not None]
    assert {row["raw_text"] for row in answered} == {"happy", "sad", "worried", "neutral"}
    assert {row["model_revision"] for row in rows} == {made.stage("emotion_llama")._voter.revision}
    assert all(row["model_revision"].startswith(f"emotion_llama@{servers['emotion_llama'].revision}+") for row in rows)
    assert all(row["tokens_in"] and row["tokens_out"] and row["attempts"] == 1 for row in answered)
    silent = [row for row in rows if row["recording_id"] == "silent"]
    assert {row["abstain_reason"] for row in silent} == {
        "no_video: the recording has no pictures; no_audio: the recording has no sound"
    }
    assert {row["attempts"] for row in silent} == {0}
