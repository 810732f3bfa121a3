"""A question as an OpenAI-compatible server takes it."""

from __future__ import annotations

import base64
import json

from pydantic import JsonValue

from osmo.annotators.transports.question import Attachment, Question
from osmo.schemas.endpoints import Constraint, Endpoint

SCHEMA_NAME = "answer"


def chat_request(question: Question, endpoint: Endpoint, model: str) -> bytes:
    """The body of a request; reads and encodes the attachments.

    Args:
        question: What is asked.
        endpoint: How.
        model: Name that the server knows the model by.
    """
    messages: list[JsonValue] = []
    if question.system:
        messages.append({"role": "system", "content": question.system})
    messages.append({"role": "user", "content": _content(question)})
    request: dict[str, JsonValue] = {
        "model": model,
        "messages": messages,
        "temperature": 0,
        "seed": question.seed,
        "max_tokens": question.max_tokens or endpoint.max_tokens,
        **_constraint(question, endpoint.constraint),
    }
    return json.dumps(request).encode("ascii")


def _content(question: Question) -> JsonValue:
    if not question.attachments:
        return question.text
    return [*(_part(one) for one in question.attachments), {"type": "text", "text": question.text}]


def _part(attachment: Attachment) -> JsonValue:
    data = base64.b64encode(attachment.content()).decode("ascii")
    if attachment.kind == "audio":
        return {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}
    if attachment.kind == "video":
        return {"type": "video_url", "video_url": {"url": f"data:video/mp4;base64,{data}"}}
    return {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data}"}}


def _constraint(question: Question, constraint: Constraint) -> dict[str, JsonValue]:
    """What asks a server to keep to a schema or to choices.

    `guided_json` and `guided_choice` are never sent: vLLM no longer knows them and answers unconstrained, with 200.
    """
    choices: list[JsonValue] | None = None if question.choices is None else list(question.choices)
    if constraint == "none" or (choices is None and question.schema is None):
        return {}
    if constraint == "structured_outputs":
        return {"structured_outputs": {"json": question.schema} if choices is None else {"choice": choices}}
    schema: JsonValue = question.schema if choices is None else {"type": "string", "enum": choices}
    return {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": SCHEMA_NAME, "schema": schema, "strict": True},
        }
    }
