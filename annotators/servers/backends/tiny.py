"""A backend without a model: words of the transcript decide, by a table. It proves what surrounds a model.

Its weights are one file, `tiny.json`, in the folder of weights; every field but `keywords` may be left out:

    {
      "keywords": {"wonderful": "joy", "太好了": "joy"},   what decides: the first of these that the transcript holds
      "otherwise": "neutral",                             label where none is found; null: it says that it cannot tell
      "reply": "prose",                                   prose, list or label: the shape of its answers
      "words": {"fear": "worried"},                       its own words for labels
      "model_id": "tiny", "license": "Apache-2.0", "languages": ["en", "zh"],
      "modalities": ["video", "audio", "text"], "label_support": ["anger", …], "max_clip_s": 30.0,
      "wait_s": 0.0,                                      seconds that one call takes, whatever its batch
      "fail_on": null, "refuse_on": null, "die_on": null  words in a transcript that it fails on, refuses, dies of
    }

`--set reply=list` replaces the file's `reply`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from osmo.annotators.servers.backend import (
    LABELS,
    BackendOptions,
    BackendUnavailableError,
    Card,
    EngineDeadError,
    Modality,
    Prepared,
    Refusal,
    Reply,
)

FILE = "tiny.json"

_UNSURE = "I cannot tell how the person behind the camera feels from this clip."
_PROSE = "In the clip, the tone and the words suggest that the person behind the camera feels {word}."


class TinyWeights(BaseModel):
    """The file; the module says what its fields are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keywords: dict[str, str]
    otherwise: str | None = "neutral"
    reply: Literal["prose", "list", "label"] = "prose"
    words: dict[str, str] = Field(default_factory=dict)
    model_id: str = "tiny"
    license: str = "Apache-2.0"
    languages: tuple[str, ...] = ("en", "zh")
    modalities: tuple[Modality, ...] = ("video", "audio", "text")
    label_support: tuple[str, ...] = LABELS
    max_clip_s: float = Field(default=30.0, gt=0)
    wait_s: float = Field(default=0.0, ge=0)
    fail_on: str | None = None
    refuse_on: str | None = None
    die_on: str | None = None


class TinyBackend:
    """Answers by keywords, in the shapes of the real models."""

    def __init__(self, options: BackendOptions) -> None:
        self._file = options.weights / FILE
        try:
            read = TinyWeights.model_validate_json(self._file.read_bytes())
            self._weights = TinyWeights.model_validate({**read.model_dump(), **options.settings})
        except (OSError, ValidationError) as error:
            raise BackendUnavailableError(
                "tiny",
                f"{self._file} cannot be read: {error}",
                "annotators/servers/backends/tiny.py shows it.",
            ) from error

    @property
    def card(self) -> Card:
        """As its file says."""
        one = self._weights
        return Card(one.model_id, one.license, one.modalities, one.languages, one.max_clip_s, one.label_support)

    def weights(self) -> Sequence[Path]:
        """Its one file."""
        return [self._file]

    def load(self) -> None:
        """Nothing is left to load."""

    def predict(self, items: Sequence[Prepared]) -> Sequence[Reply | Refusal]:
        """The label of the first keyword that a transcript holds, in the shape that is set."""
        time.sleep(self._weights.wait_s)
        return [self._answer(item) for item in items]

    def _answer(self, item: Prepared) -> Reply | Refusal:
        said = (item.transcript or "").casefold()
        one = self._weights
        if one.die_on and one.die_on in said:
            raise EngineDeadError(f"the transcript holds {one.die_on!r}")
        if one.fail_on and one.fail_on in said:
            raise RuntimeError(f"the transcript holds {one.fail_on!r}")
        if one.refuse_on and one.refuse_on in said:
            return Refusal(f"the transcript holds {one.refuse_on!r}")
        found = (label for word, label in one.keywords.items() if word.casefold() in said)
        label = next(found, one.otherwise)
        text = _UNSURE if label is None else self._said(one.words.get(label, label))
        return Reply(text, tokens_in=len(item.prompt.split()), tokens_out=len(text.split()))

    def _said(self, word: str) -> str:
        shapes = {"prose": _PROSE.format(word=word), "list": f"{word}, thoughtful", "label": word}
        return shapes[self._weights.reply]


def create_backend(options: BackendOptions) -> TinyBackend:
    """Create the backend."""
    return TinyBackend(options)
