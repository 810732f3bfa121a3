"""Loads openai-whisper checkpoints, says what they are, and remembers refusals for a while."""

from __future__ import annotations

import functools
import pickle
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

from osmo.storage.media import file_sha256
from osmo.tasks.engines.engine import EngineUnavailableError

REMEDY = (
    "Set segment.whisper_model to the path of an openai-whisper checkpoint, or run once where the named model can be "
    "downloaded."
)
_REFUSED_S = 300.0

Loaded = TypeVar("Loaded")
_refused: dict[tuple[str, str, str], tuple[float, EngineUnavailableError]] = {}


def file_identity(path: Path) -> str:
    """The content of a file, hashed anew only where its size or time changed."""
    info = path.stat()
    return f"sha256:{_hash_of(str(path), info.st_size, info.st_mtime_ns)[:20]}"


def checkpoint_identity(name: str) -> str:
    """A model's name, or the content of the checkpoint at a path."""
    path = Path(name)
    return file_identity(path) if path.is_file() else name


@functools.cache
def installed(package: str) -> str:
    """A package's name and version, or that it is absent."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} absent"


def load_checkpoint(engine: str, name: str) -> Any:
    """An openai-whisper model in fp32; whisper reads checkpoints with `weights_only=True`, so a file runs no code.

    Raises:
        EngineUnavailableError: It is not at hand, or is no checkpoint.
    """
    import whisper

    if name not in whisper.available_models() and not Path(name).is_file():
        known = ", ".join(whisper.available_models())
        raise EngineUnavailableError(engine, name, f"no such file, and none of {known}", REMEDY)
    try:
        return whisper.load_model(name, device="cpu").float().eval()
    except OSError as error:
        raise EngineUnavailableError(engine, name, f"cannot be downloaded or read: {error}", REMEDY) from error
    except (RuntimeError, KeyError, TypeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        problem = f"is no openai-whisper checkpoint: {first_line(error)}"
        raise EngineUnavailableError(engine, name, problem, REMEDY) from error


def unless_refused(engine: str, name: str, identity: str, load: Callable[[], Loaded]) -> Loaded:
    """What `load` gives; a refusal holds for a while, so that a thousand recordings do not wait for one dead network.

    Raises:
        EngineUnavailableError: Now, or a short while ago.
    """
    at, error = _refused.get((engine, name, identity), (0.0, None))
    if error is not None and time.monotonic() - at < _REFUSED_S:
        raise error
    try:
        return load()
    except EngineUnavailableError as refusal:
        _refused[engine, name, identity] = (time.monotonic(), refusal)
        raise


def first_line(error: BaseException) -> str:
    """An error in one line."""
    return (str(error).splitlines() or [type(error).__name__])[0]


@functools.lru_cache(maxsize=4)
def _hash_of(name: str, _size: int, _modified_ns: int) -> str:
    return file_sha256(Path(name))
