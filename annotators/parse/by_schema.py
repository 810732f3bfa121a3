"""From replies that no rule can read to labels: a language model reads them, by a JSON schema."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from string import Template

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from osmo.annotators.answer import Unanswered, Usage
from osmo.annotators.parse.folding import window
from osmo.annotators.parse.reading import Reading
from osmo.annotators.parse.reply import read_reply
from osmo.annotators.parse.structured import unfenced
from osmo.annotators.parse.verdict import abstain
from osmo.annotators.prompt import prompt
from osmo.annotators.quoted import announcement, nonce_for, quote
from osmo.annotators.transports.question import Chat, Question, Refused, Result
from osmo.schemas.vocabulary import EKMAN_LABELS

CAP = 3_000
"""Characters that the reading model sees from the start and from the end of a longer reply."""

MAX_TOKENS = 300
_BELIE = ("negated", "other_person", "options", "refused", "instruction")
"""Reasons of the rules that a quotation must not have: its words say that they give no label."""


class _Read(BaseModel):
    """What the reading model answers."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    label: str | None
    quote: str


def read_by_schema(
    chat: Chat, replies: Sequence[str], *, labels: Sequence[str]
) -> list[tuple[Reading, Usage] | Unanswered]:
    """One reading per reply, in order, with what it took.

    A reply is data to the reading model, not instruction: delimited by a nonce and announced as such. What it answers
    is validated here, and must quote the words of the reply that say the label; else it is an abstention.

    Args:
        chat: The reading model.
        replies: Unchanged; of one longer than 6,000 characters, the first and the last 3,000 are shown.
        labels: Those that the replying model can answer.
    """
    seen = [window(reply, cap=CAP) for reply in replies]
    results = chat.ask(_question(reply, labels) for reply in seen)
    return [_outcome(result, reply, labels) for result, reply in zip(results, seen, strict=True)]


def _question(reply: str, labels: Sequence[str]) -> Question:
    nonce = nonce_for(reply)
    asked = prompt("read_reply")
    return Question(
        system=Template(asked.system).substitute(labels=", ".join(labels)),
        text=asked.fill(announcement=announcement(nonce), reply=quote(reply, nonce, longest=2 * CAP + 1)),
        schema=_schema(labels),
        max_tokens=MAX_TOKENS,
    )


def _schema(labels: Sequence[str]) -> JsonValue:
    return {
        "type": "object",
        "properties": {
            "quote": {"type": "string"},
            "label": {"anyOf": [{"type": "string", "enum": list(labels)}, {"type": "null"}]},
        },
        "required": ["quote", "label"],
        "additionalProperties": False,
    }


def _outcome(result: Result, reply: str, labels: Sequence[str]) -> tuple[Reading, Usage] | Unanswered:
    if isinstance(result, Unanswered):
        return result
    if isinstance(result, Refused):
        return abstain(result.reason), result.usage
    return _checked(result.text, reply, labels), result.usage


def _checked(answer: str, reply: str, labels: Sequence[str]) -> Reading:
    """The reading model's answer, as far as the reply bears it out."""
    try:
        read = _Read.model_validate_json(unfenced(answer))
    except ValidationError:
        return abstain("schema: the answer is not the JSON object that was asked for")
    if read.label is None:
        return abstain("schema: no label")
    if read.label not in labels or read.label not in EKMAN_LABELS:
        return abstain(f"schema: {read.label[:40]!r} is none of the labels")
    words = _plain(read.quote)
    if not any(char.isalnum() for char in words) or words not in _plain(reply):
        return abstain("schema: quote is not in the reply")
    by_rule = read_reply(read.quote, labels=EKMAN_LABELS)
    if by_rule.label not in (None, read.label):
        return abstain(f"schema: quote says {by_rule.label}, not {read.label}")
    reason = (by_rule.abstain_reason or "").partition(":")[0]
    if reason in _BELIE:
        return abstain(f"schema: quote gives no label ({reason})")
    return Reading(read.label, None, "schema")


def _plain(text: str) -> str:
    """A text as quotations are compared: NFKC, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).split())
