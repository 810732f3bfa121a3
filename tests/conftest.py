"""Fixtures that many tests share: real inputs, stores on a disk and on an S3 server."""

from __future__ import annotations

import importlib.util
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("DO_NOT_TRACK", "1")

REPOSITORY = Path(__file__).resolve().parent.parent


def absent(what: str) -> None:
    """Skip for want of something that a complete machine has; under CI that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is absent, and under CI=true nothing is skipped for that")
    pytest.skip(f"{what} is absent")


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The optional folder of real inputs."""
    place = Path(os.environ.get("OSMO_CORPORA", REPOSITORY.parent / "shared" / "corpora"))
    if not place.is_dir():
        absent("../shared/corpora")
    return place


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Address of an S3 server."""
    from moto.server import ThreadedMotoServer
    from server_processes import free_port

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_uri(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty place on an S3 server, with what a client needs in the environment."""
    import boto3

    for name, value in {
        "AWS_ENDPOINT_URL": s3_server,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    bucket = f"osmo-{secrets.token_hex(6)}"
    boto3.client("s3", endpoint_url=s3_server).create_bucket(Bucket=bucket)
    return f"s3://{bucket}/store"


@pytest.fixture(params=["local", "s3"])
def store_uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty place for a store: once a local folder, once on an S3 server."""
    if request.param == "local":
        return str(tmp_path / "store")
    uri: str = request.getfixturevalue("s3_uri")
    return uri


# Loaded by path: with importlib mode no folder of tests is importable by name.
def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


_load("vrs_writer")
_load("server_processes")
_load("sidecar_servers")
_load("fault_server")
_models = _load("model_servers")
answering_server, llama_folder = _models.answering_server, _models.llama_folder
qwen2_audio_folder = _models.qwen2_audio_folder
_releases = _load("releases_fixture")
release, world, world_anywhere = _releases.release, _releases.world, _releases.world_anywhere
_label_studio = _load("label_studio_server")
label_studio_environment, label_studio = _label_studio.label_studio_environment, _label_studio.label_studio


@pytest.fixture(scope="session")
def whisper_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Whisper checkpoint of random weights, 4 MB: it proves the path from sound to segments, not the words."""
    import torch
    from whisper.model import ModelDimensions, Whisper

    dims = {
        "n_mels": 80, "n_audio_ctx": 1500, "n_audio_state": 16, "n_audio_head": 2, "n_audio_layer": 1,
        "n_vocab": 51865, "n_text_ctx": 448, "n_text_state": 16, "n_text_head": 2, "n_text_layer": 2,
    }  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Whisper(ModelDimensions(**dims))
        for weights in model.parameters():
            torch.nn.init.normal_(weights, std=0.05)
    path = tmp_path_factory.mktemp("whisper") / "random.pt"
    torch.save({"dims": dims, "model_state_dict": model.state_dict()}, path)
    return path


@pytest.fixture(scope="session")
def dataset_trees() -> ModuleType:
    """Builders of small trees in the datasets' layouts: tests/dataset_trees.py."""
    return _load("dataset_trees")


@pytest.fixture(scope="session")
def mixtures() -> ModuleType:
    """Composer of what several microphones hear: tests/mixtures.py."""
    return _load("mixtures")


@pytest.fixture(scope="session")
def rendered_eyes() -> ModuleType:
    """Eyes rendered with known lids, pupils and gaze: tests/rendered_eyes.py."""
    return _load("rendered_eyes")


@pytest.fixture(scope="session")
def eye_errors(rendered_eyes: ModuleType) -> ModuleType:
    """How far the measures are off on rendered eyes: tests/eye_errors.py."""
    assert rendered_eyes.__name__ in sys.modules
    return _load("eye_errors")
