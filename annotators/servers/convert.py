"""Pickled weights to safetensors, once, in the model's own environment.

    python -m osmo.annotators.servers.convert IN.pth OUT.safetensors

Only tensors are read (`weights_only`), so no code of the file runs; anything else is refused.
"""

from __future__ import annotations

import argparse
import hashlib
import pickle
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

WRAPPERS = ("model", "state_dict", "model_state_dict", "module")
"""Names under which checkpoints hold their tensors."""


class ConversionError(ValueError):
    """A file that is not converted."""

    def __init__(self, source: Path, what: str, remedy: str) -> None:
        super().__init__(f"{source} is not converted: {what}. {remedy}")


def convert(source: Path, target: Path) -> int:
    """Write the tensors of a checkpoint as safetensors, its source's sha256 and wrapper in the metadata.

    Args:
        source: What `torch.save` wrote: tensors by name, or these under one of `WRAPPERS`.
        target: Where; a name that ends in .safetensors, and that is free.

    Returns:
        How many tensors it has.

    Raises:
        ConversionError: The source holds anything else, or the target's name is not free.
    """
    from safetensors.torch import save_file

    if target.suffix != ".safetensors" or target.exists():
        why = "exists" if target.exists() else "does not end in .safetensors"
        raise ConversionError(source, f"{target} {why}", "Give another name.")
    wrapper, tensors = _tensors(source, _read(source))
    metadata = {"format": "pt", "source_name": source.name, "source_sha256": _sha256(source), "wrapped_in": wrapper}
    partial = target.with_name(f".{target.name}.partial")
    save_file(_apart(tensors), partial, metadata=metadata)
    partial.replace(target)
    return len(tensors)


def _read(source: Path) -> object:
    import torch

    try:
        return torch.load(source, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        first = str(error).strip().splitlines()[0]
        remedy = "It holds more than tensors: ask its publisher for the weights alone."
        raise ConversionError(source, first, remedy) from error
    except (OSError, EOFError, RuntimeError, ValueError) as error:
        raise ConversionError(source, f"it cannot be read ({error})", "Download it again.") from error


def _tensors(source: Path, read: object) -> tuple[str, dict[str, Tensor]]:
    """The wrapper's name, empty without one, and the tensors."""
    import torch

    def of(value: object) -> dict[str, Tensor] | None:
        if not isinstance(value, dict) or not value:
            return None
        found = {str(name): one for name, one in value.items() if isinstance(one, torch.Tensor)}
        return found if len(found) == len(value) else None

    if (plain := of(read)) is not None:
        return "", plain
    wrapped = {name: of(read.get(name)) for name in WRAPPERS} if isinstance(read, dict) else {}
    found = [(name, tensors) for name, tensors in wrapped.items() if tensors is not None]
    if len(found) != 1:
        got = ", ".join(map(str, list(read)[:8])) if isinstance(read, dict) else type(read).__name__
        expected = f"expected tensors by name, or these under one of {', '.join(WRAPPERS)}"
        raise ConversionError(source, f"it holds {got or 'nothing'}; {expected}", "Save its tensors alone.")
    return found[0]


def _apart(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors that share no memory, which safetensors cannot say; what was shared is written twice."""
    seen: set[int] = set()
    apart: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        place = tensor.untyped_storage().data_ptr()
        whole = tensor.detach().contiguous()
        apart[name] = whole.clone() if place in seen else whole
        seen.add(place)
    return apart


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main(argv: Sequence[str] | None = None) -> int:
    """Convert a file; the exit code."""
    parser = argparse.ArgumentParser(prog="convert", description="Pickled weights to safetensors.")
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    given = parser.parse_args(argv)
    try:
        count = convert(given.source, given.target)
    except ConversionError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    sys.stdout.write(f"{given.target}: {count} tensors\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
