"""One of four voters' servers is away for a whole run: nothing is lost or asked twice, and its votes are filled."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
import tomli_w
from sidecar_servers import sidecar, tiny_weights

from osmo.schemas.config import load_config
from osmo.schemas.tables import PROBLEMS, VOTES
from osmo.storage.store import Store
from osmo.tasks.ingest import ingest
from osmo.tasks.pipeline import Pipeline
from osmo.tasks.status import stuck

pytestmark = pytest.mark.e2e
Osmo = Callable[..., subprocess.CompletedProcess[str]]
SAMPLE = Path(__file__).resolve().parents[2] / "examples" / "sample"
UP = ("emotion_llama", "affectgpt", "qwen2_audio")
AWAY = "desta"
WORDS = {"furious": "anger", "angry": "anger", "outrageous": "anger", "sad": "sadness", "happy": "joy", "love": "joy"}
DISSENT = {**WORDS, "sad": "fear", "love": "surprise"}


def candidates(config: Path) -> list[dict[str, object]]:
    """What the vote says now."""
    loaded = load_config(config)
    views = Pipeline(Store.open(loaded.store.uri), loaded).views
    return views.everywhere(views.candidates).to_pylist()


def segment(config: Path) -> None:
    """Recordings, their media and their segments."""
    loaded = load_config(config)
    store = Store.open(loaded.store.uri, buckets=loaded.store.buckets)
    ingest(store, loaded.sources)
    for stage in ("media", "segment"):
        pipeline = Pipeline(store, loaded)
        for bucket in pipeline.buckets_with_missing(stage):
            pipeline.run_bucket(stage, bucket)


def test_its_votes_are_missing_then_filled(osmo: Osmo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(SAMPLE / "sample-en-1", tmp_path / "recordings" / "sample-en-1")
    for name in (*UP, AWAY):
        words = DISSENT if name == "affectgpt" else WORDS
        tiny_weights(tmp_path / name, keywords=words, reply="label", model_id=name)
    with ExitStack() as servers:
        running = {name: servers.enter_context(sidecar("tiny", tmp_path / name)) for name in UP}
        with sidecar("tiny", tmp_path / AWAY) as before:
            running[AWAY] = before  # it gave its place and its revision, and is away from now on
        models = {
            name: {
                "transport": "prescreen", "url": one.url, "model": name, "revision": one.revision,
                "max_attempts": 2, "backoff_s": 0.05,
            }
            for name, one in running.items()
        }  # fmt: skip
        models["llama3"] = {"model": "unused", "allow_unpinned": True, "url": "http://127.0.0.1:9/v1"}
        settings = {
            "profile": "lmm",
            "sources": [{"path": str(tmp_path / "recordings")}],
            "store": {"uri": str(tmp_path / "store"), "buckets": 2},
            "prescreen": {"min_voters": 4},
            "models": models,
        }
        config = tmp_path / "osmo.toml"
        config.write_text(tomli_w.dumps(settings))
        segment(config)
        done = osmo("prescreen", "--config", str(config), code=3)
        said = [line for line in (done.stdout + done.stderr).splitlines() if "pauses" in line]
        assert len(said) == 1, done.stderr
        assert f"{AWAY} at {running[AWAY].url}" in said[0]

        store = Store.open(str(tmp_path / "store"))
        votes = Counter(vote["annotator"] for vote in store.read(VOTES).to_pylist())
        assert set(votes) == set(UP)
        [segments] = set(votes.values())
        missing = [row for row in store.read(PROBLEMS).to_pylist() if row["stage"] == f"prescreen:{AWAY}"]
        assert len({row["key"] for row in missing}) == len(missing) == segments
        assert {row["status"] for row in missing} == {"failed"}
        told = osmo("status", "--stuck", "--config", str(config)).stdout
        assert told.count(f"prescreen:{AWAY}") == 1, "one cause is told once"
        assert f"and {segments - 1} more" in told
        assert candidates(config) == [], "with four wanted, every segment waits"

        monkeypatch.setenv("OSMO_PRESCREEN__MIN_VOTERS", "3")
        three = candidates(config)
        patterns = Counter((row["votes_for"], row["votes_cast"], row["kept"]) for row in three)
        assert patterns[3, 3, True] > 0, "three equal votes pass"
        assert patterns[2, 3, False] > 0, "2-1 does not"
        assert len(three) == segments
        assert all(row["kept"] == (row["votes_for"] >= 3 and row["label"] != "neutral" and row["speaker"] != "other")
                   for row in three)  # fmt: skip
        monkeypatch.delenv("OSMO_PRESCREEN__MIN_VOTERS")

        port = int(running[AWAY].url.rsplit(":", 1)[1])
        servers.enter_context(sidecar("tiny", tmp_path / AWAY, port=port))
        osmo("prescreen", "--config", str(config))
        assert Counter(vote["annotator"] for vote in store.read(VOTES).to_pylist()) == dict.fromkeys(
            (*UP, AWAY), segments
        )
        assert stuck(Pipeline(Store.open(str(tmp_path / "store")), load_config(config))) == []
        four = {row["segment_id"]: row for row in candidates(config)}
        assert len(four) == segments
        assert any(row["votes_for"] == 3 and row["votes_cast"] == 4 and row["kept"] for row in four.values())
