"""What annotators need of the chat servers that they ask: served.toml."""

from __future__ import annotations

import functools
import tomllib
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

AttachmentKind = Literal["audio", "video", "image"]


class Served(BaseModel):
    """One annotator's needs.

    Attributes:
        attachments: What goes with a question.
        max_model_len: Tokens of question and answer together; null: what the model's own configuration says.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    attachments: tuple[AttachmentKind, ...] = ()
    max_model_len: int | None = Field(default=None, ge=1)


def served(name: str) -> Served:
    """The needs of an annotator; a name that the table lacks needs text alone."""
    return _table().get(name, Served())


@functools.cache
def _table() -> dict[str, Served]:
    text = resources.files("osmo.annotators.servers").joinpath("served.toml").read_text(encoding="utf-8")
    return TypeAdapter(dict[str, Served]).validate_python(tomllib.loads(text))
