"""Each check of a sidecar passes on the real one, and fails on one that is broken in just that."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from sidecar_servers import Sidecar, sidecar, tiny_weights

from osmo.annotators.servers.checking import Result, contract_test
from osmo.annotators.servers.sidecar_checks import SIDECAR_CHECKS
from osmo.schemas.endpoints import Endpoint

KEY = "open-sesame-123"
NAMES = [check.name for check in SIDECAR_CHECKS]

Exchange = Callable[[str, Any, int, Any], tuple[int, Any]]
"""Path, request, status and reply as they were, to status and reply as they come."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    with sidecar(
        "tiny", tiny_weights(tmp_path_factory.mktemp("weights")), environment={"OSMO_SIDECAR_KEY": KEY}
    ) as one:
        yield one


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINY_KEY", KEY)


def endpoint(server: Sidecar, **changed: object) -> Endpoint:
    fields = {"transport": "prescreen", "url": server.url, "model": "tiny", "revision": server.revision}
    return Endpoint.model_validate({**fields, "api_key_variable": "TINY_KEY", "timeout_s": 60, **changed})


@contextmanager
def tampered(server: Sidecar, exchange: Exchange, *, lend_key: bool = False) -> Iterator[str]:
    """The address of a server that passes everything on to the sidecar, and changes what comes back."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._pass_on(None)

        def do_POST(self) -> None:
            self._pass_on(self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _pass_on(self, body: bytes | None) -> None:
            headers = {"Authorization": f"Bearer {KEY}" if lend_key else self.headers.get("Authorization", "")}
            method = "GET" if body is None else "POST"
            came = httpx.request(method, server.url + self.path, content=body, headers=headers, timeout=60)
            status, reply = exchange(self.path, _read(body), came.status_code, came.json())
            sent = json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

    class Listening(ThreadingHTTPServer):
        request_queue_size = 128

    with Listening(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.server_port}"
        finally:
            listening.shutdown()
            thread.join()


def _read(body: bytes | None) -> Any:
    try:
        return None if body is None else json.loads(body)
    except ValueError:
        return None


def unchanged(path: str, request: Any, status: int, reply: Any) -> tuple[int, Any]:
    return status, reply


def health(path: str, request: Any, status: int, reply: Any) -> tuple[int, Any]:
    return (503, {"status": "loading", "reason": "soon"}) if path == "/health" else (status, reply)


def saying(**fields: object) -> Exchange:
    """/v1/info says something else."""

    def exchange(path: str, request: Any, status: int, reply: Any) -> tuple[int, Any]:
        return status, {**reply, **fields} if path == "/v1/info" and status == 200 else reply

    return exchange


def answering(segment: str, change: Callable[[Any], Any]) -> Exchange:
    """Answers on segments whose id starts so are changed."""

    def exchange(path: str, request: Any, status: int, reply: Any) -> tuple[int, Any]:
        if path != "/v1/predict" or status != 200:
            return status, reply
        return status, {
            "items": [change(one) if one["segment_id"].startswith(segment) else one for one in reply["items"]]
        }

    return exchange


def backwards(path: str, request: Any, status: int, reply: Any) -> tuple[int, Any]:
    whole = path == "/v1/predict" and status == 200 and len(reply["items"]) == 4
    return status, {"items": reply["items"][::-1]} if whole else reply


def wavering() -> Exchange:
    count = itertools.count()
    return answering("segment", lambda one: {**one, "raw_text": f"{one['raw_text']} {next(count)}"})


def accepting(segment: str) -> Exchange:
    return answering(segment, lambda one: {**one, "status": "ok", "raw_text": "joy", "error": None})


def too_many(path: str, request: Any, status: int, reply: Any) -> tuple[int, Any]:
    return (200, {"items": []}) if status == 413 else (status, reply)


def at_fault(path: str, request: Any, status: int, reply: Any) -> tuple[int, Any]:
    return (500, {"error": "oh"}) if status == 422 else (status, reply)


def dropping(path: str, request: Any, status: int, reply: Any) -> tuple[int, Any]:
    if path == "/v1/predict" and status == 200 and request["items"][0]["segment_id"] == "at-once-5":
        return 500, {"error": "too much"}
    return status, reply


def results(server: Sidecar, exchange: Exchange, *, lend_key: bool = False, **changed: object) -> dict[str, Result]:
    with tampered(server, exchange, lend_key=lend_key) as url:
        return {one.check: one for one in contract_test("tiny", endpoint(server, **changed), url=url)}


def test_the_real_sidecar_passes_every_check(server: Sidecar) -> None:
    found = list(contract_test("tiny", endpoint(server)))
    assert [(one.check, one.outcome) for one in found] == [(name, "passed") for name in NAMES]
    assert {(one.expected, one.remedy) for one in found} == {(None, None)}
    assert not any(KEY in one.got for one in found)


@pytest.mark.parametrize(
    ("check", "exchange", "got"),
    [
        ("health", health, "503"),
        ("info", saying(contract="prescreen/2"), "contract: Input should be 'prescreen/1'"),
        ("identity", saying(model_id="another", revision="x", weights_sha256="0" * 64), "another@x"),
        ("labels", saying(label_support=["joy", "melancholia"]), "joy, melancholia"),
        ("answers", backwards, "segment-3: ok; segment-2: ok"),
        ("raw_text", answering("segment", lambda one: {**one, "raw_text": None}), "none for segment-0"),
        ("answered_labels", answering("segment-1", lambda one: {**one, "label": "glee"}), "'glee'"),
        ("repeatable", wavering(), "segment-0: together"),
        ("undecodable", accepting("noise"), "status ok"),
        ("too_long", accepting("long"), "status ok"),
        ("outside", accepting("outside"), "status ok"),
        ("oversized", too_many, "200"),
        ("invalid", at_fault, "no JSON: 500"),
        ("concurrent", dropping, "1 of 16: 500"),
    ],
    ids=[name for name in NAMES if name not in ("key", "latency")],
)
def test_a_check_fails_on_a_sidecar_that_is_broken_in_just_that(
    server: Sidecar, check: str, exchange: Exchange, got: str
) -> None:
    found = results(server, exchange)
    assert found[check].outcome == "failed"
    assert got in found[check].got
    assert found[check].expected and found[check].remedy
    if check != "info":  # without it, nothing else can be asked
        assert {name for name, one in found.items() if one.outcome == "failed"} == {check}


def test_the_tampering_itself_breaks_nothing(server: Sidecar) -> None:
    assert {one.outcome for one in results(server, unchanged).values()} == {"passed"}


def test_a_server_that_asks_for_no_key_fails_where_one_is_configured(server: Sidecar) -> None:
    found = results(server, unchanged, lend_key=True)
    assert found["key"].outcome == "failed"
    assert found["key"].got == "200 with another key"


def test_a_sidecar_that_answers_nothing_has_no_latency(server: Sidecar) -> None:
    def broken(path: str, request: Any, status: int, reply: Any) -> tuple[int, Any]:
        return (500, {"error": "oh"}) if path == "/v1/predict" else (status, reply)

    found = results(server, broken)
    assert found["latency"].outcome == "failed"
    assert found["latency"].got == '500 {"error": "oh"}'


def test_the_weights_hash_is_a_revision_too(server: Sidecar) -> None:
    commit = "0123456789" * 4
    found = results(server, saying(revision=commit))
    assert found["identity"].outcome == "passed"


def test_what_does_not_apply_is_skipped_with_its_reason(server: Sidecar) -> None:
    found = results(server, saying(modalities=["text"], deterministic=False))
    skipped = {name: one.got for name, one in found.items() if one.outcome == "skipped"}
    assert skipped == {
        "repeatable": "it says that it is not deterministic",
        "undecodable": "it uses no media",
        "too_long": "it uses no media",
        "outside": "it uses no media",
    }


def test_a_key_that_a_server_repeats_is_not_shown(server: Sidecar) -> None:
    def telling(path: str, request: Any, status: int, reply: Any) -> tuple[int, Any]:
        return 500, {"error": f"your key is {KEY}"}

    found = results(server, telling)
    assert {one.outcome for one in found.values()} >= {"failed"}
    assert not any(KEY in f"{one.got}{one.expected}{one.remedy}" for one in found.values())
    assert "your key is …" in found["health"].got


def test_where_nothing_listens_it_is_said_once(server: Sidecar, tmp_path: Path) -> None:
    first, *others = contract_test("tiny", endpoint(server), url="http://127.0.0.1:9")
    assert (first.outcome, first.got.split(":")[0]) == ("failed", "no connection to http")
    assert {(one.outcome, one.got) for one in others} == {("skipped", "nothing answers")}
    assert [first.check, *(one.check for one in others)] == NAMES
