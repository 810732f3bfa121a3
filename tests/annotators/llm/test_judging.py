"""The judge and a real chat server: verdicts, answers that cannot be read, refusals, and nobody there."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from osmo.annotators import registry
from osmo.annotators.answer import Unanswered
from osmo.annotators.judge import Judge, Statement, Verdict
from osmo.annotators.llm.judge_reply import SCHEMA
from osmo.annotators.prompt import prompt
from osmo.annotators.voter import Turn
from osmo.schemas.endpoints import Endpoint, Models

GOOD = json.dumps({"rationale": "Every criterion is met.", "score": 9})
PROSE = "I would give this a 10, well done!"
ELEVEN = json.dumps({"rationale": "More than perfect.", "score": 11})
STATEMENT = Statement(
    duration_s=4.0,
    clip_duration_s=30.0,
    emotions=("anger/anger",),
    own_words=(),
    polarity="negative",
    polarity_reason=None,
    intensity=2,
    intensity_reason=None,
    cause="司机看见她跑过来还是把车门关上了",
    cause_reason=None,
    language="zh",
    dialogue=(Turn("wearer", "他把车门关了！"),),
)

Answering = Callable[[str], Any]


def judge(endpoint: Endpoint) -> Judge:
    return registry.judge("llama3", Models({"llama3": endpoint}))


@dataclass
class Script:
    """A chat server that answers as it is told, and what it was asked."""

    answer: Callable[[str], str]
    asked: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def endpoint(self, **changes: object) -> Endpoint:
        given = {"url": self.url, "model": "m", "revision": "0" * 40, "backoff_s": 0.0}
        return Endpoint.model_validate({**given, **changes})


@pytest.fixture
def scripted() -> Iterator[Callable[[Callable[[str], str]], Script]]:
    """Start a server whose answer follows from the last message of the user; what it was asked is kept."""
    servers: list[ThreadingHTTPServer] = []

    def start(answer: Callable[[str], str]) -> Script:
        script = Script(answer)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._send({"object": "list", "data": [{"id": f"m@{'0' * 40}", "object": "model"}]})

            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                script.asked.append(request)
                text = script.answer(request["messages"][-1]["content"])
                choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
                usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
                self._send({"id": "1", "object": "chat.completion", "created": 1, "model": request["model"],
                            "choices": [choice], "usage": usage})  # fmt: skip

            def _send(self, value: object) -> None:
                body = json.dumps(value).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        script.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        return script

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


# A model behind transformers serve


def test_a_models_answer_becomes_a_verdict_with_what_it_took(answering_server: Answering) -> None:
    verdicts = judge(answering_server(GOOD).endpoint()).judge([STATEMENT, STATEMENT])
    assert len(verdicts) == 2
    for one in verdicts:
        assert isinstance(one, Verdict)
        assert (one.score, one.abstain_reason, one.rationale) == (9, None, "Every criterion is met.")
        assert one.raw_text == GOOD
        assert one.usage.attempts == 1
        assert (one.usage.tokens_in or 0) > 1_000
        assert (one.usage.tokens_out or 0) > 0
        assert (one.usage.latency_ms or 0) > 0


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (PROSE, "unreadable: the answer is not one JSON object and nothing else"),
        (ELEVEN, "unreadable: score should be less than or equal to 10"),
    ],
    ids=["prose", "eleven"],
)
def test_an_answer_off_the_schema_is_asked_for_once_more_and_then_abstained(
    answering_server: Answering, answer: str, reason: str
) -> None:
    [one] = judge(answering_server(answer).endpoint()).judge([STATEMENT])
    assert isinstance(one, Verdict)
    assert (one.score, one.abstain_reason, one.rationale, one.raw_text) == (None, reason, None, answer)
    assert one.usage.attempts == 2
    assert (one.usage.tokens_in or 0) > 2_000


def test_an_answer_that_is_cut_says_so(answering_server: Answering) -> None:
    [one] = judge(answering_server(GOOD).endpoint(max_tokens=2)).judge([STATEMENT])
    assert isinstance(one, Verdict)
    assert (one.score, one.abstain_reason) == (None, "unreadable: the answer was cut at the most tokens")
    assert one.raw_text
    assert GOOD.startswith(one.raw_text)


def test_nobody_there_leaves_the_annotations_open() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/v1"
    gone = Endpoint(url=url, model="m", revision="0" * 40, max_attempts=2, backoff_s=0.0, gone_after_s=0.0)
    answers = judge(gone).judge([STATEMENT] * 5)
    assert all(isinstance(one, Unanswered) and one.where == url for one in answers)
    assert any(isinstance(one, Unanswered) and one.gone for one in answers)


def test_nothing_to_judge_asks_nobody() -> None:
    nowhere = Endpoint(url="http://127.0.0.1:9/v1", model="m", revision="0" * 40)
    assert judge(nowhere).judge([]) == []


# A server whose answers follow a script


def test_the_request_holds_the_rubric_the_data_and_the_schema(scripted: Callable[..., Script]) -> None:
    script = scripted(lambda _: GOOD)
    judge(script.endpoint()).judge([STATEMENT])
    request = script.asked[-1]
    system, user = request["messages"]
    assert (system["role"], system["content"]) == ("system", prompt("judge").system)
    assert "司机看见她跑过来还是把车门关上了" in user["content"]
    assert request["temperature"] == 0
    assert request["response_format"]["json_schema"]["schema"] == SCHEMA


def test_the_second_question_says_what_was_wrong_and_its_answer_counts(scripted: Callable[..., Script]) -> None:
    script = scripted(lambda text: GOOD if "Unreadable:" in text.splitlines()[-1] else PROSE)
    [one] = judge(script.endpoint()).judge([STATEMENT])
    assert isinstance(one, Verdict)
    assert (one.score, one.raw_text, one.usage.attempts, one.usage.tokens_out) == (9, GOOD, 2, 20)
    first, second = (request["messages"][-1]["content"] for request in script.asked[-2:])
    assert second == f"{first}\nUnreadable: the answer is not one JSON object and nothing else."
    assert PROSE not in second


def test_only_what_could_not_be_read_is_asked_again(scripted: Callable[..., Script]) -> None:
    script = scripted(lambda text: PROSE if "slammed" in text else GOOD)
    other = Statement(**{**vars(STATEMENT), "cause": "the driver slammed the door"})
    verdicts = judge(script.endpoint()).judge([STATEMENT, other, STATEMENT])
    assert [one.score for one in verdicts if isinstance(one, Verdict)] == [9, None, 9]
    assert [one.usage.attempts for one in verdicts if isinstance(one, Verdict)] == [1, 2, 1]


def test_half_a_character_in_an_answer_can_be_stored(scripted: Callable[..., Script]) -> None:
    script = scripted(lambda text: "\ud83d broken" if "What the annotator stated" in text else "yes")
    [one] = judge(script.endpoint()).judge([STATEMENT])
    assert isinstance(one, Verdict)
    assert one.score is None
    assert one.abstain_reason is not None
    assert one.abstain_reason.startswith("unreadable: ")
    f"{one.raw_text}{one.abstain_reason}".encode()
