"""What an OpenAI-compatible server answers: a completion, and the list of its models."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from osmo.annotators.answer import Usage
from osmo.annotators.transports.exchange import Reply
from osmo.annotators.transports.failures import failed
from osmo.annotators.transports.question import Answer
from osmo.schemas.endpoints import PINNED
from osmo.schemas.prescreen_contract import MAX_RAW_CHARS

LISTED_AT_MOST = 3
"""So many names of served models stand in a message."""


class _Message(BaseModel):
    # Servers say more than this; what is named is validated strictly.
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class _Said(_Message):
    content: str


class _Choice(_Message):
    message: _Said
    finish_reason: str | None = None


class _Tokens(_Message):
    prompt_tokens: Annotated[int, Field(ge=0)] | None = None
    completion_tokens: Annotated[int, Field(ge=0)] | None = None


class Completion(_Message):
    """The answer of /chat/completions."""

    choices: Annotated[list[_Choice], Field(min_length=1)]
    usage: _Tokens | None = None

    def answer(self, usage: Usage) -> Answer:
        """The first choice; a text beyond `MAX_RAW_CHARS` is cut there and counts as cut at its longest.

        Args:
            usage: What it took, without tokens.
        """
        first = self.choices[0]
        text = first.message.content
        tokens = self.usage or _Tokens()
        finish = first.finish_reason if len(text) <= MAX_RAW_CHARS else "length"
        took = Usage(tokens.prompt_tokens, tokens.completion_tokens, usage.latency_ms, usage.attempts)
        return Answer(text[:MAX_RAW_CHARS], finish, took)


class _Model(_Message):
    id: str
    owned_by: str | None = None


class _Models(_Message):
    data: list[_Model]


def check_served(reply: Reply, served: str) -> None:
    """See by the list of models that a server serves the one that is meant, as far as the list can tell.

    A list counts in two cases. vLLM's names exactly what it serves. And one that names our model at another pinned
    revision, and not at ours, serves other weights. All else says nothing: some servers have no such list, and
    `transformers serve` lists the cache of its machine, whatever it serves, and fails with 500 where that is empty.

    Args:
        reply: The answer to GET /models.
        served: Name of the model that is meant: `<model>@<revision>`, or as the endpoint says.

    Raises:
        FailedTryError: It serves another model.
    """
    if reply.status != 200:
        return
    try:
        models = _Models.model_validate_json(reply.body).data
    except ValidationError:
        return
    names = [model.id for model in models]
    if served in names:
        return
    model, _, _ = served.partition("@")
    others = [name for name in names if name.startswith(f"{model}@") and PINNED.fullmatch(name[len(model) + 1 :])]
    exact = bool(models) and all(model.owned_by == "vllm" for model in models)
    if exact or others:
        listed = ", ".join(name[:120] for name in (others or names)[:LISTED_AT_MOST])
        raise failed("door", f"it serves {' '.join(listed.split())}, and {served} was expected")
