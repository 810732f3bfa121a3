"""The command that serves a model by vLLM: what stands in it, what never does, and what is refused."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from osmo.annotators.servers.vllm import Serving, UnservableError, command
from osmo.annotators.servers.weights import model_folder, weights_sha256
from osmo.schemas.endpoints import Endpoint, MissingEndpointError, UnpinnedModelError

COMMIT = "0123456789" * 4
MODEL = "Qwen/Qwen2-Audio-7B-Instruct"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    executable = tmp_path / "vllm-env" / "bin" / "vllm"
    executable.parent.mkdir(parents=True)
    executable.write_text("#!/bin/sh\n")
    return {"OSMO_VLLM_ENV": str(tmp_path / "vllm-env"), "QWEN_KEY": "open sesame"}


def endpoint(**changed: object) -> Endpoint:
    fields = {"url": "http://127.0.0.1:8104/v1", "model": MODEL, "revision": COMMIT}
    return Endpoint.model_validate({**fields, **changed})


def options(arguments: tuple[str, ...]) -> Mapping[str, str]:
    """Each option with its value."""
    return {name: value for name, value in itertools.pairwise(arguments) if name.startswith("--")}


def test_the_whole_command(environ: dict[str, str]) -> None:
    made = command("qwen2_audio", endpoint(), environ, Serving())
    assert list(made.arguments) == [
        f"{environ['OSMO_VLLM_ENV']}/bin/vllm", "serve", MODEL, "--revision", COMMIT, "--tokenizer-revision", COMMIT,
        "--served-model-name", f"{MODEL}@{COMMIT}", "--host", "127.0.0.1", "--port", "8104",
        "--load-format", "safetensors", "--generation-config", "vllm", "--dtype", "auto",
        "--gpu-memory-utilization", "0.9", "--max-model-len", "8192",
        "--limit-mm-per-prompt", '{"audio": 1, "video": 0, "image": 0}', "--allowed-media-domains", "none.invalid",
    ]  # fmt: skip
    assert "VLLM_API_KEY" not in made.environment


def test_what_is_said_goes_before_what_is_implied(environ: dict[str, str]) -> None:
    how = Serving(max_model_len=100, dtype="bfloat16", gpu_memory_utilization=0.5)
    made = options(command("qwen2_audio", endpoint(served_name="ears"), environ, how).arguments)
    assert made["--served-model-name"] == "ears"
    assert (made["--max-model-len"], made["--dtype"], made["--gpu-memory-utilization"]) == ("100", "bfloat16", "0.5")


@pytest.mark.parametrize(
    ("name", "limits"),
    [("qwen2_5_vl", {"audio": 0, "video": 1, "image": 0}), ("llama3", None), ("somebody_new", None)],
)
def test_as_many_media_as_the_annotator_sends(
    environ: dict[str, str], name: str, limits: dict[str, int] | None
) -> None:
    made = options(command(name, endpoint(), environ, Serving()).arguments).get("--limit-mm-per-prompt")
    assert (None if made is None else json.loads(made)) == limits


def test_a_key_goes_by_the_environment_and_stands_in_no_argument(environ: dict[str, str]) -> None:
    made = command("qwen2_audio", endpoint(api_key_variable="QWEN_KEY"), environ, Serving())
    assert made.environment["VLLM_API_KEY"] == "open sesame"
    assert not any("sesame" in argument or argument == "--api-key" for argument in made.arguments)
    assert "sesame" not in repr(made)


def test_code_of_the_models_own_and_files_of_the_machine_stay_out(environ: dict[str, str]) -> None:
    made = command("qwen2_audio", endpoint(), environ, Serving())
    assert not {"--trust-remote-code", "--allowed-local-media-path"} & set(made.arguments)
    assert made.environment["VLLM_MEDIA_URL_ALLOW_REDIRECTS"] == "0"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"revision": "main", "allow_unpinned": True}, "'main', which pins no weights"),
        ({"revision": None, "allow_unpinned": True}, "None, which pins no weights"),
        ({"transport": "prescreen"}, "its transport is prescreen. A sidecar serves it"),
        ({"transport": "local"}, "its transport is local"),
        ({"url": "https://gpu/v1"}, "is not http"),
        ({"url": "http://gpu:80"}, "does not end in /v1"),
        ({"api_key_variable": "NO_SUCH_KEY"}, "NO_SUCH_KEY, which holds its key, is not set"),
        ({"revision": f"sha256:{'0' * 64}"}, "Give their folder: --weights"),
    ],
    ids=["a branch", "no revision", "sidecar", "local", "https", "no /v1", "no key", "a hash without files"],
)
def test_what_cannot_be_served_is_refused(environ: dict[str, str], changed: dict[str, object], says: str) -> None:
    with pytest.raises(UnservableError, match=says):
        command("qwen2_audio", endpoint(**changed), environ, Serving())


def test_a_model_that_is_not_pinned_or_not_named_is_refused(environ: dict[str, str]) -> None:
    with pytest.raises(UnpinnedModelError):
        command("qwen2_audio", endpoint(revision="main"), environ, Serving())
    with pytest.raises(MissingEndpointError, match="no url"):
        command("qwen2_audio", endpoint(url=None), environ, Serving())


def test_without_vllm_it_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(UnservableError, match=r"OSMO_VLLM_ENV is not set\. Install .*requirements/vllm\.txt"):
        command("qwen2_audio", endpoint(), {}, Serving())
    with pytest.raises(UnservableError, match=r"bin/vllm is not there"):
        command("qwen2_audio", endpoint(), {"OSMO_VLLM_ENV": str(tmp_path)}, Serving())


def test_a_local_folder_is_served_if_it_hashes_to_the_revision(tmp_path: Path, environ: dict[str, str]) -> None:
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    revision = f"sha256:{weights_sha256(folder, model_folder('x', folder))}"
    made = command("qwen2_audio", endpoint(revision=revision), environ, Serving(weights=folder))
    assert made.arguments[2] == str(folder)
    assert "--revision" not in made.arguments
    assert options(made.arguments)["--served-model-name"] == f"{MODEL}@{revision}"
    (folder / "model.safetensors").write_bytes(b"others")
    with pytest.raises(UnservableError, match="hash to sha256:"):
        command("qwen2_audio", endpoint(revision=revision), environ, Serving(weights=folder))
