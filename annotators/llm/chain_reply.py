"""What a writing model must answer, and how its answer is read: strictly, whatever the server promised."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator

from osmo.annotators.writer import STEP_NAMES, Step

REVISION = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]
"""Hash of this file: how an answer is read."""
MOST_SENTENCES = 24
LONGEST_SENTENCE = 2_000
"""Sentences of a step, and characters of one."""

_CITES = {
    "visual": ("V",),
    "audio": ("A",),
    "dialogue": ("D",),
    "ocular": ("E",),
    "previous_emotion": ("H",),
    "inference": ("V", "A", "E", "D", "H", "R"),
}
"""First letters of the signs that each step may cite."""
_FENCED = re.compile(r"```[a-zA-Z]*\s*\n(.*?)\n?\s*```", re.DOTALL)


class UnreadableChainError(ValueError):
    """An answer that is no chain."""

    def __init__(self, reason: str) -> None:
        """Say why.

        Args:
            reason: In words of this module alone, quoting nothing of the answer.
        """
        self.reason = reason
        super().__init__(f"unreadable: {reason}")


class Sentence(BaseModel):
    """One sentence and the sign that it cites."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    text: str = Field(min_length=1, max_length=LONGEST_SENTENCE)
    cites: str = Field(max_length=20)

    @field_validator("cites", mode="before")
    @classmethod
    def _one_sign(cls, cites: object) -> object:
        """A list of one is that one; brackets around a sign mean nothing."""
        if isinstance(cites, list) and len(cites) == 1:
            cites = cites[0]
        return cites.strip().strip("[]").strip().upper() if isinstance(cites, str) else cites


Sentences = list[Sentence]
_STEP = Field(min_length=1, max_length=MOST_SENTENCES)


class Reply(BaseModel):
    """Six steps, in order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    visual: Sentences = _STEP
    audio: Sentences = _STEP
    dialogue: Sentences = _STEP
    ocular: Sentences = _STEP
    previous_emotion: Sentences = _STEP
    inference: Sentences = _STEP


def schema(signs: Mapping[str, str]) -> JsonValue:
    """The JSON schema that a server is asked to keep to.

    Args:
        signs: What is given: each step can cite only its own.
    """
    steps: dict[str, JsonValue] = {}
    for name in STEP_NAMES:
        theirs: list[JsonValue] = [sign for sign in signs if sign.startswith(_CITES[name])]
        sentence: JsonValue = {
            "type": "object",
            "properties": {"text": {"type": "string", "minLength": 1}, "cites": {"type": "string", "enum": theirs}},
            "required": ["text", "cites"],
            "additionalProperties": False,
        }
        steps[name] = {"type": "array", "items": sentence, "minItems": 1, "maxItems": MOST_SENTENCES}
    required: list[JsonValue] = list(STEP_NAMES)
    return {"type": "object", "properties": steps, "required": required, "additionalProperties": False}


def read_chain(text: str, signs: Mapping[str, str], *, cut: bool = False) -> tuple[Step, ...]:
    """The six steps that an answer is.

    The answer is one JSON object: bare, or in the only fence of the text. A sign that was not given stays as it is, so
    that the check names it.

    Args:
        text: What the model answered.
        signs: Refs by sign.
        cut: Whether its end is missing.

    Raises:
        UnreadableChainError: It is no such object.
    """
    try:
        reply = Reply.model_validate(json.loads(_object(text), object_pairs_hook=_without_twins))
    except ValidationError as error:
        raise UnreadableChainError(_why(error)) from None
    except UnreadableChainError:
        raise
    except (ValueError, RecursionError):
        why = "the answer was cut at the most tokens" if cut else "the answer is not one JSON object and nothing else"
        raise UnreadableChainError("the answer is empty" if not text.strip() else why) from None
    steps: list[Step] = []
    for number, name in enumerate(STEP_NAMES, 1):
        sentences: Sentences = getattr(reply, name)
        cited = tuple(signs.get(one.cites, one.cites) for one in sentences)
        steps.append(Step(number, tuple(" ".join(one.text.split()) for one in sentences), cited))
    return tuple(steps)


def _object(text: str) -> str:
    fenced = _FENCED.findall(text)
    return fenced[0] if len(fenced) == 1 else text


def _without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise UnreadableChainError("a key comes twice")
    return dict(pairs)


def _why(error: ValidationError) -> str:
    """The first thing that is wrong."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"] == "extra_forbidden":
        return "there are other keys than the six steps, each with text and cites"
    known = (*STEP_NAMES, *Sentence.model_fields)
    place = ".".join(str(part) for part in first["loc"] if isinstance(part, int) or part in known)
    if not place:
        return "the answer is JSON, but no object with the six steps"
    if place.endswith("cites"):
        return f"{place}: a sentence cites exactly one sign"
    return f"{place}: {first['msg']}"
