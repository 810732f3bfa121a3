"""The whole build with a large model in every place, each behind a real server; the servers' models are tiny ones.

Three sidecars answer by keywords, Qwen2-Audio of random weights runs in the process, and the judge is a Llama that
knows one answer, served by `transformers serve`. As a writer of chains it is refused, so the composer's chains stand.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from model_servers import answering_llama, serve, tiny_qwen2_audio
from sidecar_servers import sidecar, tiny_weights

from osmo.annotators.transports.weights import model_revision
from osmo.schemas.tables import REASONING, VERDICTS, VOTES
from osmo.storage import releases
from osmo.storage.store import Store

pytestmark = pytest.mark.e2e
Osmo = Callable[..., subprocess.CompletedProcess[str]]
SAMPLE = Path(__file__).resolve().parents[2] / "examples" / "sample"
SIDECARS = {"emotion_llama": "list", "affectgpt": "prose", "desta": "label"}
KEYWORDS = {"furious": "anger", "angry": "anger", "sad": "sadness", "happy": "joy", "love": "joy",
            "生气": "anger", "愤怒": "anger", "难过": "sadness", "高兴": "joy", "开心": "joy"}  # fmt: skip
VERDICT = json.dumps({"rationale": "Every criterion is met.", "score": 9})
KEYS = {"OSMO_TEST_SIDECAR_KEY": "canary-sidecar-5f1d2c", "OSMO_TEST_LLAMA_KEY": "canary-llama-77ab90"}


@dataclass(frozen=True)
class Build:
    """A build that ran: its configuration, its folder, and what it printed."""

    config: Path
    folder: Path
    printed: str

    @property
    def store(self) -> Store:
        return Store.open(str(self.folder / "store"))


@pytest.fixture(scope="module")
def build(osmo: Osmo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    folder = tmp_path_factory.mktemp("lmm")
    for name in ("sample-en-1", "sample-zh-1"):
        shutil.copytree(SAMPLE / name, folder / "recordings" / name)
    with ExitStack() as servers:
        models: dict[str, dict[str, object]] = {}
        for name, shape in SIDECARS.items():
            weights = tiny_weights(folder / name, keywords=KEYWORDS, reply=shape, model_id=name)
            environment = {"OSMO_SIDECAR_KEY": KEYS["OSMO_TEST_SIDECAR_KEY"]}
            served = servers.enter_context(sidecar("tiny", weights, environment=environment))
            models[name] = {
                "url": served.url,
                "model": name,
                "revision": served.revision,
                "api_key_variable": "OSMO_TEST_SIDECAR_KEY",
            }
        qwen = tiny_qwen2_audio(folder / "qwen2_audio")
        models["qwen2_audio"] = {"transport": "local", "model": str(qwen), "revision": model_revision(qwen)}
        judge = servers.enter_context(serve(answering_llama(folder / "llama3", VERDICT)))
        models["llama3"] = {
            "url": judge.url,
            "model": "tiny-llama3",
            "served_name": f"{judge.model}@{judge.revision}",
            "revision": judge.revision,
            "api_key_variable": "OSMO_TEST_LLAMA_KEY",
            "concurrency": 2,
        }
        settings = {
            "profile": "lmm",
            "sources": [{"path": str(folder / "recordings")}],
            "store": {"uri": str(folder / "store"), "buckets": 2},
            "models": models,
            "label": {"simulated": 2},
            "release": {"name": "lmm"},
        }
        config = folder / "osmo.toml"
        config.write_text(tomli_w.dumps(settings))
        done = osmo("build", "--config", str(config), env=KEYS | {"PREFECT_HOME": str(folder / "prefect")})
        osmo("release", "create", "--config", str(config), env=KEYS)
        yield Build(config, folder, done.stdout + done.stderr)


def test_four_models_voted_on_every_segment(build: Build) -> None:
    votes = build.store.read(VOTES).to_pylist()
    asked = Counter(vote["annotator"] for vote in votes)
    assert set(asked) == {*SIDECARS, "qwen2_audio"}
    assert len(set(asked.values())) == 1
    for vote in votes:
        assert (vote["label"] is None) != (vote["abstain_reason"] is None)
        assert vote["raw_text"] is not None
        assert vote["attempts"] >= 1
        assert vote["latency_ms"] > 0
        assert vote["model_revision"] and vote["prompt_sha"]
    said = {vote["annotator"]: vote["raw_text"] for vote in votes if vote["label"] == "anger"}
    assert said["affectgpt"].endswith("feels anger.")
    assert said["emotion_llama"].startswith("anger, ")
    assert said["desta"] == "anger"


def test_the_judge_scored_and_the_writer_was_refused(build: Build) -> None:
    verdicts = build.store.read(VERDICTS).to_pylist()
    assert verdicts
    assert {(one["judge"], one["score"], one["rationale"]) for one in verdicts} == {
        ("llama3", 9, "Every criterion is met.")
    }
    assert all(one["tokens_in"] > 100 and one["tokens_out"] > 0 for one in verdicts)
    first_steps = [row for row in build.store.read(REASONING).to_pylist() if row["step"] == 1]
    assert first_steps
    for row in first_steps:
        assert (row["outcome"], len(row["refusals"]), row["attempts"]) == ("composed", 3, 3)


def test_the_release_is_whole_and_names_its_models(build: Build, osmo: Osmo) -> None:
    osmo("release", "verify", "lmm", "--config", str(build.config), env=KEYS)
    release = releases.open("lmm", store=str(build.folder / "store"))
    assert release.table("events").num_rows > 0
    told = release.manifest.provenance.models
    assert {name for name in told if "judge" in name or "prescreen" in name or "sense" in name} == {
        *(f"prescreen:{name}" for name in (*SIDECARS, "qwen2_audio")), "judge:llama3", "sense:llama3"
    }  # fmt: skip
    assert told["judge:llama3"].startswith("tiny-llama3@sha256:")
    assert release.table("reasoning").num_rows == 6 * release.table("events").num_rows


def test_again_nothing_is_asked(build: Build, osmo: Osmo) -> None:
    again = json.loads(osmo("build", "--config", str(build.config), "--json", env=KEYS).stdout)
    assert not {name for name, counts in again.items() if counts.get("rows_in")}


def test_what_it_cost_stands_beside_what_was_foretold(build: Build, osmo: Osmo) -> None:
    printed = osmo("plan", "--cost", "--config", str(build.config), env=KEYS).stdout
    lines = [line.split() for line in printed.splitlines()]
    for name in ("prescreen:desta", "judge:llama3", "sense:llama3"):
        [at] = [place for place, words in enumerate(lines) if words[:2] == [name, "foretold"]]
        foretold, actual = lines[at][2:], lines[at + 1]
        assert actual[0] == "actual"
        assert int(foretold[0]) > 0
        assert int(actual[1]) >= int(foretold[0]), "calls, tries included"


def test_no_key_is_kept_anywhere(build: Build, label_studio: Any) -> None:
    """In what was printed, the store (logs, configuration, release), Prefect's database, and what servers left here."""
    assert (build.folder / "prefect").is_dir()
    keys = [key.encode() for key in KEYS.values()]
    assert not [key for key in KEYS.values() if key in build.printed]
    looked_at = 0
    for root in (build.folder, label_studio.home):
        for path in root.rglob("*"):
            if path.is_file() and not path.is_symlink():
                content = path.read_bytes()
                looked_at += 1
                assert not [key for key in keys if key in content], path
    assert looked_at > 50
