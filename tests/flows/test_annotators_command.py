"""osmo annotators: list, check and serve, as a user runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sidecar_servers import Sidecar, sidecar, tiny_weights

COMMIT = "0123456789" * 4
KEY = "open-sesame-123"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    weights = tiny_weights(tmp_path_factory.mktemp("weights"), max_clip_s=3.0)
    with sidecar("tiny", weights, environment={"OSMO_SIDECAR_KEY": KEY}) as running:
        yield running


def osmo(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "osmo.flows", "annotators", *arguments]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OSMO_")}
    return subprocess.run(
        command, env={**clean, "COLUMNS": "200", "NO_COLOR": "1", **environment}, capture_output=True, text=True
    )


def written(folder: Path, text: str) -> str:
    path = folder / "osmo.toml"
    path.write_text(text)
    return str(path)


def tiny_config(folder: Path, server: Sidecar, revision: str | None = None) -> str:
    return written(
        folder,
        f'[models.tiny]\ntransport = "prescreen"\nurl = "{server.url}"\nmodel = "tiny"\n'
        f'revision = "{revision or server.revision}"\napi_key_variable = "TINY_KEY"\n',
    )


def test_every_model_is_listed_with_its_place_and_whether_it_is_pinned(tmp_path: Path) -> None:
    config = written(
        tmp_path,
        f'profile = "lmm"\n[models.llama3]\nrevision = "{COMMIT}"\n[models.desta]\nallow_unpinned = true\n',
    )
    rows = {row["annotator"]: row for row in json.loads(osmo("list", "-c", config, "--json").stdout)}
    assert rows["llama3"] == {
        "annotator": "llama3", "transport": "chat", "model": "meta-llama/Meta-Llama-3-8B-Instruct",
        "address": "http://127.0.0.1:8105/v1", "revision": COMMIT, "pinned": "yes",
    }  # fmt: skip
    assert {name: row["pinned"] for name, row in rows.items()} == {
        "affectgpt": "no", "desta": "no, allowed", "emotion_llama": "no", "llama3": "yes", "qwen2_5_omni": "no",
        "qwen2_5_vl": "no", "qwen2_audio": "no",
    }  # fmt: skip
    shown = osmo("list", "-c", config).stdout
    assert "http://127.0.0.1:8103" in shown


def test_without_models_it_says_so(tmp_path: Path) -> None:
    done = osmo("list", "-c", written(tmp_path, ""))
    assert (done.returncode, done.stdout) == (0, "")
    assert "every annotator is embedded" in done.stderr


def test_a_live_server_that_keeps_its_contract_passes(tmp_path: Path, server: Sidecar) -> None:
    done = osmo("check", "tiny", "-c", tiny_config(tmp_path, server), TINY_KEY=KEY)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 16
    assert {line[0] for line in lines} == {"✓"}
    assert lines[0] == "✓ health: 200"
    assert KEY not in done.stdout + done.stderr


def test_what_is_wrong_is_said_with_what_was_expected_and_what_to_do(tmp_path: Path, server: Sidecar) -> None:
    done = osmo("check", "tiny", "-c", tiny_config(tmp_path, server, COMMIT), TINY_KEY=KEY)
    assert done.returncode == 1
    at = done.stdout.splitlines().index(f"✗ identity: tiny@{server.revision}")
    assert done.stdout.splitlines()[at + 1 : at + 3] == [
        f"    expected: tiny@{COMMIT}",
        "    do:       Correct models.tiny, or serve what it names.",
    ]


def test_programs_get_json_and_the_same_exit_code(tmp_path: Path, server: Sidecar) -> None:
    done = osmo(
        "check", "tiny", "-c", tiny_config(tmp_path, server), "--json", "--url", "http://127.0.0.1:9", TINY_KEY=KEY
    )
    assert done.returncode == 1
    first, *others = json.loads(done.stdout)
    assert (first["check"], first["outcome"]) == ("health", "failed")
    assert {one["outcome"] for one in others} == {"skipped"}


@pytest.mark.parametrize(
    ("name", "says"),
    [("tiny", "environment variable TINY_KEY is not set"), ("another", "models.another has no section")],
    ids=["no key", "no section"],
)
def test_what_cannot_be_tried_is_one_message(tmp_path: Path, server: Sidecar, name: str, says: str) -> None:
    done = osmo("check", name, "-c", tiny_config(tmp_path, server))
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_serving_executes_vllm_with_the_key_in_its_environment_alone(tmp_path: Path) -> None:
    """The executable is one that writes down how it was called."""
    vllm = tmp_path / "env" / "bin" / "vllm"
    vllm.parent.mkdir(parents=True)
    vllm.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        f"json.dump([sys.argv, dict(os.environ), os.getpid()], open({str(tmp_path / 'called.json')!r}, 'w'))\n"
        "sys.exit(7)\n"
    )
    vllm.chmod(0o755)
    config = written(
        tmp_path,
        f'profile = "lmm"\n[models.qwen2_audio]\nrevision = "{COMMIT}"\napi_key_variable = "QWEN_KEY"\n',
    )
    environment = {"OSMO_VLLM_ENV": str(tmp_path / "env"), "QWEN_KEY": KEY}
    printed = osmo("serve", "qwen2_audio", "-c", config, "--dry-run", **environment)
    assert printed.returncode == 0, printed.stderr
    assert not (tmp_path / "called.json").exists()
    done = osmo("serve", "qwen2_audio", "-c", config, "--max-model-len", "4096", **environment)
    arguments, environ, _ = json.loads((tmp_path / "called.json").read_text())
    assert done.returncode == 7, "it is vLLM that ends"
    assert arguments[:3] == [str(vllm), "serve", "Qwen/Qwen2-Audio-7B-Instruct"]
    assert arguments[arguments.index("--max-model-len") + 1] == "4096"
    assert environ["VLLM_API_KEY"] == KEY
    assert not any(KEY in argument for argument in arguments)
    assert KEY not in printed.stdout + printed.stderr + done.stdout + done.stderr


def test_a_model_that_is_not_pinned_is_not_served(tmp_path: Path) -> None:
    done = osmo("serve", "llama3", "-c", written(tmp_path, 'profile = "lmm"\n'), OSMO_VLLM_ENV=str(tmp_path))
    assert done.returncode == 2
    assert "it pins no weights" in done.stderr
