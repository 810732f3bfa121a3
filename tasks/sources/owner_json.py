"""Reads small JSON files that dataset owners wrote: untrusted, checked against a model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypeVar, cast

from pydantic import BaseModel, JsonValue, ValidationError

from osmo.tasks.sources.places import read_bytes

MAX_BYTES = 1 << 20

Model = TypeVar("Model", bound=BaseModel)


class OwnerJsonError(ValueError):
    """An owner's file that is missing or cannot be used."""

    def __init__(self, uri: str, problem: str) -> None:
        self.uri = uri
        self.problem = problem
        super().__init__(f"{uri}: {problem}.")


def read_json(uri: str, model: type[Model]) -> Model:
    """A file as a model.

    Raises:
        OwnerJsonError: It is missing, larger than 1 MB, no JSON object, or a field is of a wrong type.
        SourceUnreachableError: It cannot be read now.
    """
    name = uri.rpartition("/")[2]
    try:
        data = read_bytes(uri, limit=MAX_BYTES)
    except FileNotFoundError as error:
        raise OwnerJsonError(uri, f"{name} is missing") from error
    if len(data) > MAX_BYTES:
        raise OwnerJsonError(uri, f"{name} is larger than {MAX_BYTES} bytes")
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise OwnerJsonError(uri, f"{name} cannot be used: {place + ': ' if place else ''}{first['msg']}") from error


def told(model: BaseModel) -> Mapping[str, JsonValue]:
    """All that an owner's file says, what the model does not know included; numbers that are none are null."""
    return cast(Mapping[str, JsonValue], json.loads(model.model_dump_json(by_alias=True)))
