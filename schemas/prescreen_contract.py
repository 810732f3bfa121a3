"""`prescreen/1`: what a sidecar of a research model and its client say to each other over HTTP.

`GET /v1/info` gives `Info`; `POST /v1/predict` takes `Items` and gives `Predictions`, one per item, in order. Nothing
here needs more than pydantic, so that a sidecar's own environment can import it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

CONTRACT: Literal["prescreen/1"] = "prescreen/1"
MAX_RAW_CHARS = 1_000_000
"""Longest raw text that a client takes; a longer one is cut there."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Message(BaseModel):
    # A newer sidecar may say more; what this contract names is validated strictly.
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class Info(_Message):
    """What a sidecar serves."""

    contract: Literal["prescreen/1"]
    model_id: str = Field(description="Name of the model")
    revision: str = Field(description="Commit of the weights, or sha256:… of their files")
    weights_sha256: Sha256 = Field(description="Hash over the weights' files: sha256 of lines '<sha256>  <name>'")
    license: str = Field(description="Licence of the weights")
    modalities: list[Literal["video", "audio", "text"]] = Field(description="What it uses of an item")
    languages: list[str] = Field(description="BCP 47 primary languages that it understands")
    max_clip_s: float = Field(gt=0, description="Longest clip in seconds; the client cuts what is longer")
    label_support: list[str] = Field(description="Labels of Ekman's six and neutral that it can answer")
    deterministic: bool = Field(description="Whether equal items get equal answers")
    max_batch: int = Field(default=8, ge=1, description="Most items of one request")


class Item(_Message):
    """One segment to label. Media are data: URIs, or file: URIs below a folder that the sidecar was told of."""

    segment_id: str
    video_uri: str | None = Field(default=None, description="MP4")
    audio_uri: str | None = Field(default=None, description="WAV, mono, 16 kHz")
    transcript: str | None = None
    language: str | None = Field(default=None, description="BCP 47 primary language; null: unknown")
    labels: list[str] = Field(description="Labels to choose from, in our words")
    prompt_id: str = Field(description="Hash of the prompt")
    prompt: str = Field(description="What the model is asked, filled in")
    seed: int = 0


class Items(_Message):
    """A request."""

    items: list[Item] = Field(min_length=1)


class Prediction(_Message):
    """The answer on one item.

    `ok`: `raw_text` is what the model said, and `label` is one of the item's labels or null. `refused`: this item
    cannot be answered however often it is asked (unreadable media, too long), and `error` says why. `failed`: another
    try may help.
    """

    segment_id: str
    status: Literal["ok", "refused", "failed"]
    raw_text: str | None = None
    label: str | None = None
    extraction: str | None = Field(
        default=None, description="How the sidecar read a label: constrained; null: it did not"
    )
    error: str | None = None
    latency_ms: float = Field(ge=0)
    tokens_in: int | None = Field(default=None, ge=0)
    tokens_out: int | None = Field(default=None, ge=0)


class Predictions(_Message):
    """A reply."""

    items: list[Prediction]
