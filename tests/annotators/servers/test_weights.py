"""The hash over weights is what sha256sum gives, and pickles are refused with the way out."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from osmo.annotators.servers.backend import BackendUnavailableError
from osmo.annotators.servers.weights import checkpoint, model_folder, weights_sha256


def folder_of(place: Path, *names: str) -> Path:
    for name in names:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(name.encode() * 100)
    return place


def test_the_hash_of_a_flat_folder_is_that_of_its_lines_of_sha256sum(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "b.safetensors", "a.json", "Z.safetensors")
    command = "sha256sum *.json *.safetensors | LC_ALL=C sort -k2 | sha256sum"
    printed = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True, check=True)  # noqa: S602
    assert weights_sha256(folder, folder.iterdir()) == printed.stdout.split()[0]


def test_the_hash_depends_on_names_and_bytes_and_not_on_order(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "x/a.json", "b.safetensors")
    files = [folder / "x" / "a.json", folder / "b.safetensors"]
    one = weights_sha256(folder, files)
    assert weights_sha256(folder, [*files[::-1], files[0]]) == one
    assert weights_sha256(folder / "x", files[:1]) != weights_sha256(folder, files[:1])
    files[0].write_bytes(b"changed")
    assert weights_sha256(folder, files) != one


def test_a_folders_weights_are_its_safetensors_and_json(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "config.json", "model.safetensors", "README.md", "pytorch_model.bin", "deep/x.json")
    assert [path.name for path in model_folder("x", folder)] == ["config.json", "model.safetensors"]


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (("model.safetensors",), "has no config.json"),
        (("config.json",), "has no safetensors. Convert it once"),
        (
            ("config.json", "pytorch_model.bin"),
            r"only pytorch_model.bin, a pickle. Convert it once: .*pytorch_model\.bin",
        ),
    ],
    ids=["no configuration", "nothing", "a pickle"],
)
def test_a_folder_that_is_not_loaded_says_why(tmp_path: Path, names: tuple[str, ...], says: str) -> None:
    with pytest.raises(BackendUnavailableError, match=says):
        model_folder("x", folder_of(tmp_path, *names))


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".bin", ".ckpt"])
def test_a_pickled_checkpoint_is_refused_with_the_command_that_converts_it(tmp_path: Path, suffix: str) -> None:
    folder = folder_of(tmp_path, f"model{suffix}")
    command = f"python -m osmo.annotators.servers.convert {folder}/model{suffix} {folder}/model.safetensors"
    with pytest.raises(BackendUnavailableError) as refused:
        checkpoint("x", folder, "model")
    assert command in str(refused.value)
    (folder / "model.safetensors").write_bytes(b"")
    assert checkpoint("x", folder, "model") == folder / "model.safetensors"


def test_a_checkpoint_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailableError, match=r"model\.safetensors is missing"):
        checkpoint("x", tmp_path, "model")
