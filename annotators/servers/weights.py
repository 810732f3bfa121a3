"""The weights of a backend: which files they are, and the one hash over them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from osmo.annotators.servers.backend import BackendUnavailableError

_PICKLED = (".pth", ".pt", ".bin", ".ckpt")


def weights_sha256(folder: Path, files: Iterable[Path]) -> str:
    """Hash over files of weights: sha256 of lines "<sha256>  <name>", sorted by name.

    For a flat folder it is what `sha256sum *.json *.safetensors | LC_ALL=C sort -k2 | sha256sum` prints.

    Args:
        folder: Names count from here, with slashes.
        files: Files below it.
    """
    named = sorted((file.relative_to(folder).as_posix(), file) for file in set(files))
    lines = "".join(f"{_file_sha256(file)}  {name}\n" for name, file in named)
    return hashlib.sha256(lines.encode()).hexdigest()


def checkpoint(backend: str, folder: Path, name: str) -> Path:
    """The file <folder>/<name>.safetensors.

    Raises:
        BackendUnavailableError: It is missing, or there only as a pickle, which is never loaded.
    """
    wanted = folder / f"{name}.safetensors"
    if wanted.is_file():
        return wanted
    for suffix in _PICKLED:
        pickled = folder / f"{name}{suffix}"
        if pickled.is_file():
            raise BackendUnavailableError(
                backend,
                f"{pickled} is a pickle, which can run code when it is read; expected {wanted.name}",
                f"Convert it once: python -m osmo.annotators.servers.convert {pickled} {wanted}",
            )
    raise BackendUnavailableError(backend, f"{wanted} is missing", "Put the weights there; see the backend's file.")


def model_folder(backend: str, folder: Path) -> Sequence[Path]:
    """The safetensors and JSON files of a folder in Hugging Face's layout, sorted by name.

    Raises:
        BackendUnavailableError: It has no config.json, or no safetensors.
    """
    files = sorted(path for path in folder.glob("*") if path.suffix in (".safetensors", ".json"))
    if not (folder / "config.json").is_file():
        raise BackendUnavailableError(
            backend, f"{folder} has no config.json", "Put the model's folder there; see the backend's file."
        )
    if not any(path.suffix == ".safetensors" for path in files):
        pickles = sorted(path for path in folder.glob("*") if path.suffix in _PICKLED)
        first = pickles[0] if pickles else folder / "pytorch_model.bin"
        raise BackendUnavailableError(
            backend,
            f"{folder} has no safetensors" + (f", only {first.name}, a pickle" if pickles else ""),
            f"Convert it once: python -m osmo.annotators.servers.convert {first} {folder / 'model.safetensors'}",
        )
    return files


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
