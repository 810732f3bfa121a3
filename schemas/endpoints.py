"""Where a model answers, which model it must be, and how it is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

PINNED = re.compile(r"[0-9a-f]{40}|sha256:[0-9a-f]{64}")
"""A revision that names one state of the weights for ever: a commit's hash, or a hash of the files."""

Transport = Literal["chat", "prescreen", "local"]
"""An OpenAI-compatible chat server, a sidecar that speaks prescreen/1, or the model in this process."""

Constraint = Literal["response_format", "structured_outputs", "none"]
"""How a chat server is asked to keep to a schema or to choices; the reply is validated whatever it promises."""


class UnpinnedModelError(ValueError):
    """A model whose weights may change under their name."""

    def __init__(self, name: str, revision: str | None) -> None:
        self.name = name
        super().__init__(
            f"models.{name}.revision is {revision!r}: it pins no weights. Give the commit's 40 digits or "
            f"sha256:<64 digits>; or set models.{name}.allow_unpinned = true, and results may change unseen."
        )


class MissingEndpointError(ValueError):
    """A model that is asked for and of which nobody said where it answers."""

    def __init__(self, name: str, lacks: str) -> None:
        self.name = name
        super().__init__(
            f"models.{name} has no {lacks}. Add it to the configuration; `osmo annotators check {name}` tries it."
        )


class Endpoint(BaseModel):
    """One model: where it answers and how it is asked. Keys come by environment only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    transport: Transport = Field(default="chat", description="chat, prescreen or local")
    url: str | None = Field(default=None, description="Address of the server, for chat with its /v1")
    model: str | None = Field(default=None, description="The model's id; for local its folder of safetensors")
    revision: str | None = Field(default=None, description="Commit of the weights, or sha256:… of their files")
    allow_unpinned: bool = Field(default=False, description="Whether a revision that may move is accepted")
    served_name: str | None = Field(
        default=None, description="Name that a chat server knows the model by; null: <model>@<revision>"
    )
    api_key_variable: str | None = Field(
        default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="Environment variable that holds the key"
    )
    constraint: Constraint = Field(default="response_format", description="How a chat server keeps to a schema")
    concurrency: int = Field(default=64, ge=1, description="Requests in flight, of one process")
    batch_size: int = Field(default=8, ge=1, description="Items of one request to a sidecar, or of one local batch")
    timeout_s: Annotated[float, Field(gt=0)] = Field(default=120.0, description="Deadline of one try of a request")
    max_attempts: int = Field(default=6, ge=1, description="Tries of one request")
    backoff_s: float = Field(default=0.5, ge=0, description="First wait between tries; it doubles, with jitter")
    max_backoff_s: float = Field(default=30.0, ge=0, description="Longest wait between tries")
    gone_after_s: float = Field(default=60.0, ge=0, description="Without any answer for so long, the server is gone")
    max_tokens: int = Field(default=512, ge=1, description="Most tokens of an answer")

    @field_validator("url")
    @classmethod
    def _plain_address(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("expected http://host:port or https://host")
        if parts.username or parts.password or parts.query:
            raise ValueError("an address holds no key: name its variable in api_key_variable")
        return url.rstrip("/")

    def identity(self, name: str) -> str:
        """`<model>@<revision>`: which weights answer.

        Args:
            name: The annotator that asks, for messages.

        Raises:
            MissingEndpointError: There is no model.
            UnpinnedModelError: The revision is not pinned, and the configuration does not allow that.
        """
        if self.model is None:
            raise MissingEndpointError(name, "model")
        pinned = self.revision is not None and PINNED.fullmatch(self.revision) is not None
        if not pinned and not self.allow_unpinned:
            raise UnpinnedModelError(name, self.revision)
        return f"{self.title}@{self.revision or 'unpinned'}"

    @property
    def title(self) -> str | None:
        """The model's id; of one in this process the name of its folder, wherever that lies."""
        return None if self.model is None else Path(self.model).name if self.transport == "local" else self.model

    def address(self, name: str) -> str:
        """The server's address, without a slash at its end.

        Raises:
            MissingEndpointError: There is none.
        """
        if self.url is None:
            raise MissingEndpointError(name, "url")
        return self.url


@dataclass(frozen=True)
class Models:
    """Every model that a configuration names; what factories of annotators get.

    Attributes:
        endpoints: By the name of the annotator that asks.
        reader: Name of the endpoint whose model reads replies that no rule can; null: such a voter abstains.
    """

    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    reader: str | None = None

    def endpoint(self, name: str) -> Endpoint:
        """The endpoint of an annotator, its model pinned.

        Raises:
            MissingEndpointError: There is none, or it names no model.
            UnpinnedModelError: Its revision is not pinned, and the configuration does not allow that.
        """
        if name not in self.endpoints:
            raise MissingEndpointError(name, "section")
        self.endpoints[name].identity(name)
        return self.endpoints[name]


NO_MODELS = Models()
"""For annotators that need none."""
