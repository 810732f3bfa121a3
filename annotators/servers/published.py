"""Running a research model's published code as it lies: found by its folder, offline, and never reading a pickle."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from osmo.annotators.servers.backend import BackendOptions, BackendUnavailableError

_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}


def use_code(backend: str, options: BackendOptions, package: str) -> Path:
    """Let the published code be imported, and nothing be fetched; its folder.

    Args:
        backend: The backend's name, for messages.
        options: Its `code` is the folder that holds `package`.
        package: A package of the published code.

    Raises:
        BackendUnavailableError: The folder is not given, or has no such package.
    """
    code = options.code
    if code is None or not (code / package).is_dir():
        what = "the model's published code is not given" if code is None else f"{code} has no folder {package}"
        raise BackendUnavailableError(
            backend, what, "Clone its repository and name it: --code DIR; see the backend's file."
        )
    place = str(code.resolve())
    if place not in sys.path:
        sys.path.insert(0, place)
    # Before transformers is imported, which reads them once.
    os.environ.update(_OFFLINE)
    return code


def module(name: str) -> Any:
    """A module of the model's environment; this one's type checker knows none of them."""
    return importlib.import_module(name)


@contextlib.contextmanager
def no_pickles(backend: str) -> Iterator[None]:
    """While the published code loads its weights, `torch.load` of IN.pth gives IN.safetensors, and nothing else.

    Raises:
        BackendUnavailableError: It asked for a file that has no safetensors beside it.
    """
    import torch

    def load(file: Any, *_: object, **__: object) -> Any:
        path = Path(os.fspath(file))
        safe = path.with_suffix(".safetensors")
        if not safe.is_file():
            raise BackendUnavailableError(
                backend,
                f"its code asks for {path}, a pickle, and {safe.name} is not beside it",
                f"Convert it once: python -m osmo.annotators.servers.convert {path} {safe}",
            )
        return checkpoint_tensors(safe)

    original = torch.load
    vars(torch)["load"] = load
    try:
        yield
    finally:
        vars(torch)["load"] = original


def checkpoint_tensors(path: Path) -> dict[str, Any]:
    """The tensors of a converted checkpoint, under the name that held them in the pickle, where one did."""
    from safetensors import safe_open

    with safe_open(str(path), framework="pt", device="cpu") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        wrapper = (file.metadata() or {}).get("wrapped_in", "")
    return {wrapper: tensors} if wrapper else tensors


def fill(backend: str, model: Any, path: Path, required: Iterable[str]) -> None:
    """Put a checkpoint's tensors into a model.

    Args:
        backend: The backend's name, for messages.
        model: A torch module.
        path: The checkpoint.
        required: Parts of names of the model's tensors that the checkpoint must bring: what no other file has.

    Raises:
        BackendUnavailableError: It has tensors that the model lacks, or lacks required ones.
    """
    read = checkpoint_tensors(path)
    tensors = next(iter(read.values())) if len(read) == 1 and isinstance(next(iter(read.values())), dict) else read
    loaded = model.load_state_dict(tensors, strict=False)
    lacking = [name for name in loaded.missing_keys if any(part in name for part in required)]
    for what, names in (("unknown tensors", list(loaded.unexpected_keys)), ("no tensors for", lacking)):
        if names:
            listed = ", ".join(names[:3])
            raise BackendUnavailableError(
                backend, f"{path} has {what} {listed} ({len(names)})", "Bring the checkpoint that fits --code."
            )


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Keep what the published code prints, prompts among it, out of the log."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def defused(text: str, marks: re.Pattern[str]) -> str:
    """A text in which no word of a transcript can be taken for a mark of the model's own."""
    while marks.search(text):  # what stood around a mark may be one once it is gone
        text = marks.sub(lambda found: re.sub(r"[<>\[\]|#]", " ", found[0]), text)
    return text
