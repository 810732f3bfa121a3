"""Pickles become safetensors with equal tensors, and run no code on the way."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from osmo.annotators.servers.convert import ConversionError, convert


class Trap:
    """What runs code when it is unpickled."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.place), "w")


def saved(folder: Path, content: object) -> Path:
    path = folder / "model.pth"
    torch.save(content, path)
    return path


def tensors() -> dict[str, torch.Tensor]:
    whole = torch.arange(12, dtype=torch.float16).reshape(3, 4)
    return {"a": whole, "tied": whole, "row": whole[1], "turned": whole.T, "count": torch.tensor(7)}


@pytest.mark.parametrize("wrapper", ["", "model", "state_dict", "model_state_dict"])
def test_tensors_are_equal_shared_and_turned_ones_too(tmp_path: Path, wrapper: str) -> None:
    content: object = {wrapper: tensors(), "epoch": 3, "optimizer": {"lr": 0.1}} if wrapper else tensors()
    source, target = saved(tmp_path, content), tmp_path / "model.safetensors"
    assert convert(source, target) == 5
    read = load_file(target)
    assert set(read) == set(tensors())
    for name, tensor in tensors().items():
        assert read[name].dtype == tensor.dtype
        assert torch.equal(read[name], tensor)
    with safe_open(str(target), framework="pt") as file:
        assert file.metadata() == {
            "format": "pt", "wrapped_in": wrapper, "source_name": "model.pth",
            "source_sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
        }  # fmt: skip
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.pth", "model.safetensors"]


def test_code_in_a_pickle_does_not_run(tmp_path: Path) -> None:
    source = saved(tmp_path, {"model": tensors(), "config": Trap(tmp_path / "ran")})
    with pytest.raises(ConversionError, match="ask its publisher for the weights alone"):
        convert(source, tmp_path / "model.safetensors")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.pth"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([torch.zeros(1)], "it holds list; expected tensors by name"),
        ({"weights": {"a": torch.zeros(1)}}, "it holds weights; expected"),
        ({"model": {"a": 1}}, "it holds model; expected"),
        ({"model": tensors(), "state_dict": tensors()}, "it holds model, state_dict; expected"),
        ({}, "it holds nothing; expected"),
    ],
    ids=["a list", "another wrapper", "numbers", "two wrappers", "nothing"],
)
def test_anything_but_tensors_by_name_is_refused(tmp_path: Path, content: object, says: str) -> None:
    with pytest.raises(ConversionError, match=says):
        convert(saved(tmp_path, content), tmp_path / "model.safetensors")


def test_nothing_is_overwritten_and_the_name_says_what_it_is(tmp_path: Path) -> None:
    source = saved(tmp_path, tensors())
    with pytest.raises(ConversionError, match=r"does not end in \.safetensors"):
        convert(source, tmp_path / "model.bin")
    (tmp_path / "there.safetensors").write_bytes(b"mine")
    with pytest.raises(ConversionError, match="exists"):
        convert(source, tmp_path / "there.safetensors")
    assert (tmp_path / "there.safetensors").read_bytes() == b"mine"


def test_the_command_says_what_it_did_or_why_not(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "osmo.annotators.servers.convert"]
    source, target = saved(tmp_path, tensors()), tmp_path / "model.safetensors"
    done = subprocess.run([*command, str(source), str(target)], capture_output=True, text=True, check=True)
    assert done.stdout == f"{target}: 5 tensors\n"
    (tmp_path / "half.pth").write_bytes(source.read_bytes()[:300])
    failed = subprocess.run(
        [*command, str(tmp_path / "half.pth"), str(tmp_path / "x.safetensors")], capture_output=True, text=True
    )
    assert failed.returncode == 1
    assert "half.pth is not converted: it cannot be read" in failed.stderr
    assert "Traceback" not in failed.stderr
