"""A server that went: who is told, when, and how it is found again."""

import threading
import time
from collections.abc import Iterator

import pytest
from fault_server import FaultServer

from osmo.annotators.answer import Unanswered
from osmo.annotators.transports.openai import OpenAIChat
from osmo.annotators.transports.question import Answer, Question, Result
from osmo.schemas.endpoints import Endpoint

REVISION = "0123456789abcdef0123456789abcdef01234567"


def endpoint(port: int, **changes: object) -> Endpoint:
    quick = {"timeout_s": 5, "backoff_s": 0.02, "max_backoff_s": 0.05, "max_attempts": 3, "concurrency": 4}
    url = f"http://127.0.0.1:{port}/v1"
    return Endpoint.model_validate({"url": url, "model": "tiny", "revision": REVISION, **quick, **changes})


def questions(count: int, what: str = "q") -> list[Question]:
    return [Question("", f"{what}{n}") for n in range(count)]


def gone(results: list[Result]) -> list[bool]:
    return [isinstance(result, Unanswered) and result.gone for result in results]


@pytest.fixture
def port() -> int:
    with FaultServer() as server:
        return server.port


@pytest.fixture
def chats() -> Iterator[list[OpenAIChat]]:
    opened: list[OpenAIChat] = []
    yield opened
    for chat in opened:
        chat.close()


def test_a_server_that_went_is_gone_after_a_while(port: int, chats: list[OpenAIChat]) -> None:
    chats.append(OpenAIChat("tiny", endpoint(port, gone_after_s=0.4)))
    with FaultServer(port=port):
        assert isinstance(chats[0].ask(questions(1))[0], Answer)
    started = time.monotonic()
    results = chats[0].ask(questions(2000))
    assert 0.4 < time.monotonic() - started < 5
    assert len(results) == 2000
    assert gone(results)[-1] and not gone(results)[0]
    first, last = results[0], results[-1]
    assert isinstance(first, Unanswered) and isinstance(last, Unanswered)
    assert first.problem == "cannot connect: connection refused (try 3 of 3)"
    assert last.problem == "no usable answer for 0 s, at last: cannot connect: connection refused"
    assert last.attempts == 0, "it was never sent"


def test_a_server_that_was_never_heard_is_gone_by_the_first_question(port: int, chats: list[OpenAIChat]) -> None:
    chats.append(OpenAIChat("tiny", endpoint(port, gone_after_s=60, concurrency=1)))
    results = chats[0].ask(questions(100))
    assert all(gone(results))
    assert [result.attempts for result in results if isinstance(result, Unanswered)][:3] == [3, 0, 0]


def test_a_first_question_that_a_server_fails_on_does_not_make_it_gone(chats: list[OpenAIChat]) -> None:
    with FaultServer(script=lambda _, said: "status:500" if "bad" in str(said) else None) as server:
        chats.append(OpenAIChat("tiny", endpoint(server.port, concurrency=1)))
        first, second = chats[0].ask([*questions(1, "bad"), *questions(1)])
    assert isinstance(first, Unanswered) and not first.gone
    assert isinstance(second, Answer)


def test_without_patience_the_first_question_is_enough(port: int, chats: list[OpenAIChat]) -> None:
    chats.append(OpenAIChat("tiny", endpoint(port, gone_after_s=0, concurrency=1)))
    results = chats[0].ask(questions(100))
    assert all(gone(results))
    assert [result.attempts for result in results if isinstance(result, Unanswered)][:3] == [3, 0, 0]


def test_a_server_that_answers_others_is_not_gone_for_one_question(chats: list[OpenAIChat]) -> None:
    with FaultServer(script=lambda _, said: "reset" if "bad" in str(said) else None, latency_s=0.01) as server:
        chats.append(OpenAIChat("tiny", endpoint(server.port, gone_after_s=0.2, max_attempts=12, concurrency=8)))
        # The others take longer than all tries of the bad one, at most 0.6 s of waiting.
        results = chats[0].ask([*questions(20), *questions(1, "bad"), *questions(1400)])
    assert isinstance(results[20], Unanswered) and not results[20].gone
    assert sum(isinstance(result, Answer) for result in results) == 1420


def test_failures_of_two_calls_are_not_added_up(chats: list[OpenAIChat]) -> None:
    with FaultServer(script=lambda number, _: "reset" if 1 <= number < 4 else None) as server:
        chats.append(OpenAIChat("tiny", endpoint(server.port, gone_after_s=0.4, max_attempts=2)))
        assert isinstance(chats[0].ask(questions(1))[0], Answer)
        [first] = chats[0].ask(questions(1))
        assert isinstance(first, Unanswered) and not first.gone
        time.sleep(0.5)
        [second] = chats[0].ask(questions(1))
        assert isinstance(second, Answer) and second.usage.attempts == 2


def test_a_call_after_it_came_back_works_at_once(port: int, chats: list[OpenAIChat]) -> None:
    chats.append(OpenAIChat("tiny", endpoint(port, gone_after_s=0)))
    assert all(gone(chats[0].ask(questions(20))))
    with FaultServer(port=port) as server:
        started = time.monotonic()
        assert all(isinstance(result, Answer) for result in chats[0].ask(questions(20)))
        assert time.monotonic() - started < 2
        assert server.gets == {"/v1/models": 1}, "who it is was looked at anew"
    assert all(gone(chats[0].ask(questions(20))))


def test_a_call_while_it_is_gone_knocks_once_and_sends_nothing(chats: list[OpenAIChat]) -> None:
    with FaultServer(script=lambda *_: "status:401") as server:
        chats.append(OpenAIChat("tiny", endpoint(server.port, concurrency=1)))
        assert all(gone(chats[0].ask(questions(5))))
        assert (server.posts, server.gets.total()) == (1, 1)
    for _ in range(3):
        started = time.monotonic()
        assert all(gone(chats[0].ask(questions(5))))
        assert time.monotonic() - started < 1


def test_another_model_that_came_in_its_place_is_asked_nothing(port: int, chats: list[OpenAIChat]) -> None:
    chats.append(OpenAIChat("tiny", endpoint(port, gone_after_s=0)))
    assert all(gone(chats[0].ask(questions(3))))
    with FaultServer(port=port, models=[{"id": "other", "owned_by": "vllm"}]) as server:
        results = chats[0].ask(questions(3))
        assert server.posts == 0
    assert all(gone(results))
    assert isinstance(results[0], Unanswered) and results[0].problem.startswith("it serves other, and tiny@")


def test_a_server_that_opens_and_still_fails_is_gone_by_its_first_question(chats: list[OpenAIChat]) -> None:
    with FaultServer(script=lambda *_: "status:500") as server:
        chats.append(OpenAIChat("tiny", endpoint(server.port, gone_after_s=0.3, concurrency=1)))
        assert gone(chats[0].ask(questions(200)))[-1]
        before = server.posts
        results = chats[0].ask(questions(200))
        assert all(gone(results))
        assert server.posts - before == 3


def test_questions_that_wait_for_their_next_try_are_let_go(chats: list[OpenAIChat]) -> None:
    def script(number: int, said: object) -> str | None:
        return "status:404" if "last" in str(said) else "status:500"

    with FaultServer(script=script) as server:
        slow = endpoint(server.port, backoff_s=60, max_backoff_s=60, concurrency=4)
        chats.append(OpenAIChat("tiny", slow))
        started = time.monotonic()
        results = chats[0].ask([*questions(3), *questions(1, "last")])
        assert time.monotonic() - started < 5
    assert all(gone(results))


def test_a_server_that_starts_late_is_waited_for(port: int, chats: list[OpenAIChat]) -> None:
    chats.append(OpenAIChat("tiny", endpoint(port, max_attempts=200, gone_after_s=30)))
    results = chats[0].ask_each(questions(10))
    servers: list[FaultServer] = []

    def start() -> None:
        servers.append(FaultServer(port=port).__enter__())

    timer = threading.Timer(0.5, start)
    timer.start()
    assert all(isinstance(result, Answer) for _, result in results)
    timer.join()
    servers[0].__exit__()
