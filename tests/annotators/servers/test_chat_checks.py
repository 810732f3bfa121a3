"""Each check of a chat server passes on one that does it all, and shows what another does not."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from model_servers import serve

from osmo.annotators.servers.chat_checks import CHAT_CHECKS
from osmo.annotators.servers.checking import Result, contract_test
from osmo.schemas.endpoints import Endpoint

KEY = "open-sesame-123"
COMMIT = "0123456789" * 4
NAMES = [check.name for check in CHAT_CHECKS]

Reply = tuple[int, Any]
Change = Callable[[Any, Reply], Reply]
"""A request's JSON, null for /models, and the good reply, to the reply that comes."""


def good(request: Any) -> Reply:
    """What a server answers that does it all, constraints among it."""
    if request is None:
        return 200, {"object": "list", "data": [{"id": f"model@{COMMIT}", "object": "model", "owned_by": "vllm"}]}
    if not isinstance(request, dict) or not isinstance(request.get("messages"), list):
        return 422, {"error": {"message": "messages: expected a list"}}
    text = "yes"
    structured = request.get("structured_outputs", {})
    schema = request.get("response_format", {}).get("json_schema", {}).get("schema") or structured.get("json")
    if schema is not None:
        text = json.dumps(schema["enum"][0] if "enum" in schema else {"score": 4, "rationale": "tea"})
    if "choice" in structured:
        text = structured["choice"][0]
    usage = {"prompt_tokens": 7, "completion_tokens": 1, "total_tokens": 8}
    message = {"role": "assistant", "content": text}
    return 200, {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage}


@contextmanager
def chat(change: Change, *, key: str | None = KEY) -> Iterator[str]:
    """The address of a chat server, with /v1."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(*change(None, good(None)))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                request = json.loads(body)
            except ValueError:
                request = "no JSON"
            self._send(*change(request, good(request)))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _send(self, status: int, reply: Any) -> None:
            if key is not None and self.headers.get("Authorization") != f"Bearer {key}":
                status, reply = 401, {"error": "Unauthorized"}
            sent = json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.server_port}/v1"
        finally:
            listening.shutdown()
            thread.join()


def unchanged(request: Any, reply: Reply) -> Reply:
    return reply


def results(
    change: Change, name: str = "qwen2_audio", *, key: str | None = KEY, **changed: object
) -> dict[str, Result]:
    with chat(change, key=key) as url:
        fields = {"url": url, "model": "model", "revision": COMMIT, "api_key_variable": "CHAT_KEY", "timeout_s": 10}
        endpoint = Endpoint.model_validate({**fields, **changed})
        return {one.check: one for one in contract_test(name, endpoint)}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAT_KEY", KEY)


def texts(reply: Reply, text: str) -> Reply:
    """The reply with another text, where it is an answer."""
    status, body = reply
    if status != 200 or "choices" not in body:
        return reply
    return status, {**body, "choices": [{"index": 0, "message": {"content": text}, "finish_reason": "stop"}]}


def listing(name: str, owner: str) -> Change:
    return lambda request, reply: (200, {"data": [{"id": name, "owned_by": owner}]}) if request is None else reply


def unlisted(request: Any, reply: Reply) -> Reply:
    return (404, {"error": "Not Found"}) if request is None else reply


def silent(request: Any, reply: Reply) -> Reply:
    return texts(reply, "")


def uncounted(request: Any, reply: Reply) -> Reply:
    return (reply[0], {**reply[1], "usage": None}) if "choices" in reply[1] else reply


def wavering() -> Change:
    count = itertools.count()
    return lambda request, reply: reply if "response_format" in (request or {}) else texts(reply, str(next(count)))


def free(request: Any, reply: Reply) -> Reply:
    return texts(reply, "I like tea")


def deaf(request: Any, reply: Reply) -> Reply:
    return (400, {"error": "At most 0 audio(s) may be provided"}) if "input_audio" in json.dumps(request) else reply


def careless(request: Any, reply: Reply) -> Reply:
    return (500, {"error": "oh"}) if reply[0] == 422 else reply


def strict(request: Any, reply: Reply) -> Reply:
    return (422, {"error": "extra fields not permitted"}) if "response_format" in (request or {}) else reply


@pytest.mark.parametrize("constraint", ["response_format", "structured_outputs"])
def test_a_server_that_does_it_all_passes_every_check(constraint: str) -> None:
    found = results(unchanged, constraint=constraint)
    assert [(name, one.outcome) for name, one in found.items()] == [(name, "passed") for name in NAMES]
    assert not any(KEY in one.got for one in found.values())


@pytest.mark.parametrize(
    ("check", "outcome", "change", "got"),
    [
        ("models", "failed", listing("another", "vllm"), "another"),
        ("models", "warned", listing("another", "somebody"), "another"),
        ("models", "warned", unlisted, "404"),
        ("answer", "failed", silent, "''"),
        ("usage", "failed", uncounted, "usage None"),
        ("repeatable", "warned", wavering(), "then"),
        ("schema", "warned", free, "not respected: 'I like tea'"),
        ("choices", "warned", free, "not respected: 'I like tea'"),
        ("schema", "failed", strict, "422"),
        ("attachments", "failed", deaf, "At most 0 audio(s)"),
        ("invalid", "failed", careless, "no JSON: 500"),
    ],
    ids=[
        "vLLM serves another", "a list that says little", "no list", "no text", "no usage", "not repeatable",
        "no schema kept", "no choice kept", "constraint refused", "no sound taken", "faults are 500",
    ],
)  # fmt: skip
def test_what_a_server_does_not_do_is_shown(check: str, outcome: str, change: Change, got: str) -> None:
    one = results(change)[check]
    assert one.outcome == outcome
    assert got in one.got
    assert one.expected and one.remedy


def test_a_server_that_wants_no_key_fails_where_one_is_configured() -> None:
    one = results(unchanged, key=None)["key"]
    assert (one.outcome, one.got) == ("failed", "200 with another key")


def test_a_server_with_another_key_answers_nothing() -> None:
    found = results(unchanged, key="another")
    assert {one.outcome for name, one in found.items() if name not in ("key", "invalid")} == {"failed"}
    assert found["answer"].got == '401 {"error": "Unauthorized"}'


def test_without_a_constraint_nothing_is_asked_to_keep_to_one() -> None:
    found = results(strict, constraint="none")
    assert (found["schema"].outcome, found["choices"].outcome) == ("skipped", "skipped")


@pytest.mark.parametrize(
    ("name", "sent"), [("qwen2_5_vl", "video_url"), ("qwen2_audio", "input_audio"), ("llama3", None)]
)
def test_what_goes_with_a_question_is_tried_by_the_annotators_name(name: str, sent: str | None) -> None:
    kinds: set[str] = set()

    def watch(request: Any, reply: Reply) -> Reply:
        for message in request.get("messages", []) if isinstance(request, dict) else []:
            if isinstance(message, dict) and isinstance(message["content"], list):
                kinds.update(part["type"] for part in message["content"])
        return reply

    one = results(watch, name)["attachments"]
    assert one.outcome == ("skipped" if sent is None else "passed")
    assert kinds - {"text"} == ({sent} if sent else set())


def test_a_real_server_that_promises_nothing_passes_with_warnings(llama_folder: Path) -> None:
    """`transformers serve` ignores response_format, and is told apart from one that keeps to it."""
    with serve(llama_folder) as server:
        endpoint = server.endpoint(timeout_s=120)
        found = {one.check: one for one in contract_test("llama3", endpoint)}
    outcomes = {name: one.outcome for name, one in found.items()}
    assert {name: one.got for name, one in found.items() if one.outcome == "failed"} == {}
    assert (outcomes["answer"], outcomes["usage"], outcomes["repeatable"]) == ("passed", "passed", "passed")
    assert (outcomes["schema"], outcomes["choices"]) == ("warned", "warned")
    assert (outcomes["attachments"], outcomes["key"]) == ("skipped", "skipped")
