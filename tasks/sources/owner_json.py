"""Reads small JSON files that dataset owners wrote: untrusted, checked against a model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypeVar, cast

from pydantic import BaseModel, JsonValue, ValidationError

from osmo.tasks.sources.adapter import Flaw
from osmo.tasks.sources.places import read_bytes

MAX_BYTES = 1 << 20

Model = TypeVar("Model", bound=BaseModel)


def read_json(uri: str, model: type[Model], *, without: str) -> Model | Flaw:
    """A file as a model, or why it cannot be used: missing, over 1 MB, no JSON object, a field of a wrong type.

    Args:
        uri: The file.
        model: What it should be.
        without: What its absence costs, for the remedy.

    Raises:
        SourceUnreachableError: It cannot be read now.
    """
    name = uri.rpartition("/")[2]
    remedy = f"Put the file right and ingest again, or leave it so: {without}."
    try:
        data = read_bytes(uri, limit=MAX_BYTES)
        if len(data) > MAX_BYTES:
            return Flaw(f"{name} is larger than {MAX_BYTES} bytes", uri, remedy)
        return model.model_validate_json(data)
    except FileNotFoundError:
        return Flaw(f"{name} is missing", uri, remedy)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        return Flaw(f"{name} cannot be used: {place + ': ' if place else ''}{first['msg']}", uri, remedy)


def told(model: BaseModel) -> Mapping[str, JsonValue]:
    """All that an owner's file says, what the model does not know included; numbers that are none are null."""
    return cast(Mapping[str, JsonValue], json.loads(model.model_dump_json(by_alias=True)))
