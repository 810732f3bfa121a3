"""The contract of backends: the models that a sidecar can serve, one file each in annotators/servers/backends/.

A sidecar runs in its model's own environment, so nothing here imports more than the standard library.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, cast

from osmo.schemas.extensions import ExtensionPoint

LABELS = ("anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral")
"""Ekman's six and neutral; equal to the vocabulary's, which needs more than a sidecar's environment has."""

BACKENDS = ExtensionPoint("backend", ("osmo.annotators.servers.backends",), "create_backend")

Modality = Literal["video", "audio", "text"]


class BackendUnavailableError(RuntimeError):
    """A model that cannot be loaded from what it was given."""

    def __init__(self, backend: str, what: str, remedy: str) -> None:
        super().__init__(f"Backend {backend!r}: {what}. {remedy}")


class EngineDeadError(RuntimeError):
    """The model will answer nothing more in this process: the sidecar says so, and must be started anew."""


@dataclass(frozen=True)
class BackendOptions:
    """What a sidecar was started with.

    Attributes:
        weights: Folder of the weights.
        code: The model's published code; null: not given.
        device: Where it runs: cpu, cuda, cuda:0.
        settings: What `--set NAME=VALUE` gave; each backend says what it knows.
    """

    weights: Path
    code: Path | None = None
    device: str = "cpu"
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Card:
    """What a backend says of its model; `/v1/info` gives it.

    Attributes:
        model_id: The model's name, as configurations have it.
        license: Licence of the weights.
        modalities: What it uses of an item.
        languages: BCP 47 primary languages that it understands.
        max_clip_s: Longest clip in seconds.
        label_support: Labels of `LABELS` that it can answer.
        deterministic: Whether equal items get equal answers.
    """

    model_id: str
    license: str
    modalities: tuple[Modality, ...]
    languages: tuple[str, ...]
    max_clip_s: float
    label_support: tuple[str, ...]
    deterministic: bool = True


@dataclass(frozen=True)
class Prepared:
    """One item, its media on this machine's disk and known to be decodable.

    Attributes:
        prompt: What the model is asked, filled in.
        labels: Labels to choose from.
        language: BCP 47 primary language; null: unknown.
        transcript: What was said; null: not known.
        audio: WAV; null: none, or the model does not listen.
        video: MP4; null: none, or the model does not look.
        seed: For models that sample all the same.
    """

    prompt: str
    labels: tuple[str, ...]
    language: str | None = None
    transcript: str | None = None
    audio: Path | None = None
    video: Path | None = None
    seed: int = 0


@dataclass(frozen=True)
class Reply:
    """What the model said, unchanged; tokens are null where it does not count them."""

    text: str
    tokens_in: int | None = None
    tokens_out: int | None = None


@dataclass(frozen=True)
class Refusal:
    """Why this item cannot be answered, however often it is asked."""

    reason: str


class Backend(Protocol):
    """One model. Its file is annotators/servers/backends/<name>.py, with `create_backend(options)`."""

    @property
    def card(self) -> Card:
        """What it says of its model; known before the model is loaded."""
        ...

    def weights(self) -> Sequence[Path]:
        """The files of weights that it loads: safetensors and JSON, below the folder of weights.

        Raises:
            BackendUnavailableError: One is missing.
        """
        ...

    def load(self) -> None:
        """Load the model; called once, in the thread that calls `predict`.

        Raises:
            BackendUnavailableError: It cannot be.
        """
        ...

    def predict(self, items: Sequence[Prepared]) -> Sequence[Reply | Refusal]:
        """One reply per item, in order; greedy. Whatever it raises fails its items, and the sidecar lives on.

        Raises:
            EngineDeadError: It will answer nothing more.
        """
        ...


def backend(name: str, options: BackendOptions) -> Backend:
    """The backend of annotators/servers/backends/<name>.py.

    Raises:
        UnknownExtensionError: There is none.
        BackendUnavailableError: It lacks its weights or its code.
    """
    return cast(Backend, BACKENDS.create(name, options))
