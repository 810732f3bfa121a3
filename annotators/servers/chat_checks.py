"""What the contract test asks an OpenAI-compatible chat server, in the form in which annotators ask it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import httpx
from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from osmo.annotators.servers.check_media import grey_mp4, tone_wav
from osmo.annotators.servers.checking import Check, Result, Server, failed, passed, skipped, warned
from osmo.annotators.servers.served import served
from osmo.annotators.servers.sidecar_checks import wrong_key
from osmo.annotators.transports.chat_messages import chat_request
from osmo.annotators.transports.chat_replies import Completion
from osmo.annotators.transports.question import Attachment, Question

_PLAIN = Question("You answer briefly.", "Is water wet? Answer yes or no.", max_tokens=16)
_CHOICES = ("joy", "sadness", "neutral")
_CONSTRAINED_TOKENS = 128


class _Scored(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    score: int
    rationale: str


class _Model(BaseModel):
    id: str
    owned_by: str | None = None


class _Models(BaseModel):
    data: list[_Model]


_SCHEMA: JsonValue = _Scored.model_json_schema()
_TAKES: dict[str, Attachment] = {
    "audio": Attachment("audio", lambda: tone_wav(2.0), 2.0),
    "video": Attachment("video", lambda: grey_mp4(2.0), 2.0),
}


@dataclass(frozen=True)
class ChatServer(Server):
    """A chat server under test."""

    @property
    def model(self) -> str:
        """Name that it knows the model by; an unpinned model without revision is known by its bare name."""
        one = self.endpoint
        return one.served_name or (f"{one.model}@{one.revision}" if one.revision else str(one.model))

    def ask(self, question: Question, remedy: str = "See the server's log.") -> Completion:
        """The answer to a question.

        Raises:
            UnansweredError: There is none.
        """
        reply = self.answered(self.post(chat_request(question, self.endpoint, self.model)), remedy)
        return Completion.model_validate_json(reply.content)

    def text(self, question: Question, remedy: str = "See the server's log.") -> str:
        """What is said to a question; raises as `ask` does."""
        return self.ask(question, remedy).choices[0].message.content

    def post(self, body: bytes) -> httpx.Response:
        """The reply to a request, whatever it is."""
        return self.http.post("/chat/completions", content=body, headers={"Content-Type": "application/json"})


def models(server: ChatServer) -> Result:
    """It lists the model by the name that it will be asked for."""
    reply = server.http.get("/models")
    if reply.status_code not in (200, 401, 403):
        # Some servers have no such list; whether they answer is the next check's.
        return warned(server.status(reply), server.model, "Is this the address of a chat server, with its /v1?")
    server.answered(reply, f"See that models.{server.name}.api_key_variable names the server's key.")
    rows = _Models.model_validate_json(reply.content).data
    names = [row.id for row in rows]
    if server.model in names:
        return passed(server.model)
    got = ", ".join(names[:3]) or "none"
    remedy = f"Serve it by that name (`osmo annotators serve {server.name}`), or set models.{server.name}.served_name."
    # vLLM lists what it serves; others list what lies on their machine, whatever they serve.
    exact = bool(rows) and all(row.owned_by == "vllm" for row in rows)
    return (failed if exact else warned)(got, server.model, remedy)


def answer(server: ChatServer) -> Result:
    """A plain question is answered."""
    text = server.text(_PLAIN, "See the server's log, and the names in /models.")
    return passed(repr(text)) if text.strip() else failed(repr(text), "some text", "See the server's chat template.")


def usage(server: ChatServer) -> Result:
    """It says how many tokens an answer took."""
    took = server.ask(_PLAIN).usage
    if took is None or not took.prompt_tokens or not took.completion_tokens:
        return failed(f"usage {took}", "prompt_tokens and completion_tokens", "Costs cannot be counted without them.")
    return passed(f"{took.prompt_tokens} tokens in, {took.completion_tokens} out")


def repeatable(server: ChatServer) -> Result:
    """The same question, asked twice at temperature 0, gets the same answer."""
    first, second = server.text(_PLAIN), server.text(_PLAIN)
    if first != second:
        remedy = "Results may differ between runs: see the server's sampling settings (--generation-config vllm)."
        return warned(f"{first!r}, then {second!r}", "equal answers", remedy)
    return passed("equal answers")


def schema(server: ChatServer) -> Result:
    """An answer keeps to the schema that it is given."""
    question = Question("", "Score this sentence from 1 to 10: I like tea. Answer in JSON.", schema=_SCHEMA)
    return _constrained(server, question, "a JSON object with score and rationale", _keeps_schema)


def choices(server: ChatServer) -> Result:
    """An answer is one of the choices that it is given."""
    listed = ", ".join(_CHOICES)
    question = Question("", f"What is this? I am so happy! One of: {listed}.", choices=_CHOICES)
    # A schema of strings is kept to by a string of JSON, with its marks.
    return _constrained(server, question, f"one of {listed}", lambda text: text.strip(' "\n') in _CHOICES)


def _constrained(server: ChatServer, question: Question, expected: str, keeps: Callable[[str], bool]) -> Result:
    constraint = server.endpoint.constraint
    if constraint == "none":
        return skipped("constraint is none: replies are validated here")
    remedy = f"If it does not know {constraint}, set another models.{server.name}.constraint, or none."
    text = server.text(replace(question, max_tokens=_CONSTRAINED_TOKENS), remedy)
    if keeps(text):
        return passed(repr(text))
    return warned(f"not respected: {text!r}", expected, "Replies are validated here anyway; what breaks it abstains.")


def _keeps_schema(text: str) -> bool:
    try:
        _Scored.model_validate_json(text)
    except ValidationError:
        return False
    return True


def attachments(server: ChatServer) -> Result:
    """What the annotator sends along is taken: sound, or a film."""
    needs = served(server.name).attachments
    if not needs:
        return skipped("the annotator sends text alone")
    for kind in needs:
        remedy = f"Serve a model that takes {kind} (vLLM: --limit-mm-per-prompt)."
        server.ask(replace(_PLAIN, attachments=(_TAKES[kind],)), remedy)
    return passed(", ".join(needs))


def invalid(server: ChatServer) -> Result:
    """What is no request is refused with 4xx."""
    for what, body in (("no JSON", b"{"), ("no messages", b'{"model": "x", "messages": 1}')):
        reply = server.post(body)
        if not 400 <= reply.status_code < 500:
            got = f"{what}: {server.status(reply)}"
            remedy = "A request at fault would be tried again and again: use a server that says so."
            return failed(got, "a status of 400 to 499", remedy)
    return passed("no JSON, no messages")


def key(server: ChatServer) -> Result:
    """Without the key nothing is answered."""
    return wrong_key(server, "/models")


def latency(server: ChatServer) -> Result:
    """How long a short answer takes."""
    started = time.perf_counter()
    server.ask(_PLAIN)
    return passed(f"{(time.perf_counter() - started) * 1000:.0f} ms for at most {_PLAIN.max_tokens} tokens")


CHAT_CHECKS: tuple[Check[ChatServer], ...] = tuple(
    Check(check.__name__, check)
    for check in (models, answer, usage, repeatable, schema, choices, attachments, invalid, key, latency)
)
"""In the order in which they are made."""
