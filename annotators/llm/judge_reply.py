"""What a judging model must answer, and how its answer is read: strictly, whatever the server promised."""

from __future__ import annotations

import json

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator

MOST_RATIONALE = 600
_FENCE = "```"


class UnreadableReplyError(ValueError):
    """A reply that is no score with its rationale."""

    def __init__(self, reason: str) -> None:
        """Say why.

        Args:
            reason: In words of this module alone: it goes into the next question, so it quotes nothing of the reply.
        """
        self.reason = reason
        super().__init__(f"unreadable: {reason}")


class Reply(BaseModel):
    """A score with its rationale, which comes first so that the model reasons before it scores."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    rationale: str = Field(max_length=MOST_RATIONALE)
    score: int = Field(ge=1, le=10)

    @field_validator("rationale")
    @classmethod
    def _says_something(cls, rationale: str) -> str:
        if not rationale.strip():
            raise ValueError("is blank")
        return rationale


SCHEMA: JsonValue = Reply.model_json_schema()
"""The JSON schema that servers are asked to keep to."""


def read_reply(text: str, *, cut: bool = False) -> Reply:
    """The reply that a text is.

    The whole text must be one JSON object, in a Markdown fence or bare; an object inside other words may be quoted from
    the data, so it is none. Numbers are integers, no key comes twice, and there are no others.

    Args:
        text: What the model answered.
        cut: Whether its end is missing.

    Raises:
        UnreadableReplyError: It is no such object.
    """
    try:
        return Reply.model_validate(json.loads(_unfenced(text), object_pairs_hook=_without_twins))
    except ValidationError as error:
        raise UnreadableReplyError(_why(error)) from None
    except UnreadableReplyError:
        raise
    except (ValueError, RecursionError):
        why = "the answer was cut at the most tokens" if cut else "the answer is not one JSON object and nothing else"
        raise UnreadableReplyError("the answer is empty" if not text.strip() else why) from None


def _unfenced(text: str) -> str:
    bare = text.strip()
    if len(bare) < 2 * len(_FENCE) or not (bare.startswith(_FENCE) and bare.endswith(_FENCE)):
        return bare
    return bare[len(_FENCE) : -len(_FENCE)].removeprefix("json")


def _without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise UnreadableReplyError("a key comes twice")
    return dict(pairs)


def _why(error: ValidationError) -> str:
    """The first thing that is wrong."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"] == "extra_forbidden":
        return "there are other keys than rationale and score"
    place = ".".join(map(str, first["loc"]))
    wrong = first["msg"].removeprefix("Value error, ").removeprefix("Input ").replace("Field required", "is missing")
    return f"{place} {wrong}" if place else "the answer is JSON, but no object with rationale and score"
