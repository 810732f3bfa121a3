"""Many questions, few held: taken as places become free, shared between threads, let go when nobody listens."""

import gc
import os
import threading
import time
from collections.abc import Iterator
from functools import partial

import pytest
from fault_server import FaultServer

from osmo.annotators.transports.openai import OpenAIChat
from osmo.annotators.transports.question import Answer, Attachment, Question
from osmo.schemas.endpoints import Endpoint

REVISION = "0123456789abcdef0123456789abcdef01234567"


def chat_of(server: FaultServer, **changes: object) -> OpenAIChat:
    values = {"url": f"{server.url}/v1", "model": "tiny", "revision": REVISION, "concurrency": 4, **changes}
    return OpenAIChat("many", Endpoint.model_validate(values))


def transport_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "many-transport"]


def test_results_come_in_order_from_ask_and_once_each_from_ask_each() -> None:
    with FaultServer(latency_s=0.01) as server:
        chat = chat_of(server)
        asked = [Question("", f"q{n}") for n in range(100)]
        assert [getattr(result, "text", None) for result in chat.ask(asked)] == [f"answer to q{n}" for n in range(100)]
        positions = [position for position, _ in chat.ask_each(asked)]
        assert sorted(positions) == list(range(100))
        assert chat.ask([]) == []
        chat.close()


def test_questions_are_taken_only_as_results_are_taken() -> None:
    taken: list[int] = []
    loaded: list[int] = []

    def load(number: int) -> bytes:
        loaded.append(number)
        return b"sound"

    def questions() -> Iterator[Question]:
        for number in range(10_000):
            taken.append(number)
            yield Question("", f"q{number}", (Attachment("audio", partial(load, number), 1.0),))

    with FaultServer(latency_s=0.02) as server:
        chat = chat_of(server)
        results = chat.ask_each(questions())
        assert taken == [], "nothing is taken before somebody wants a result"
        for _ in range(20):
            next(results)
        assert len(taken) <= 20 + 8
        assert len(loaded) <= server.posts + 4, "media are read when they are about to be sent"
        results.close()  # type: ignore[attr-defined]
        time.sleep(0.2)
        assert server.posts <= 28, "what nobody waits for is not sent"
        assert server.most_at_once <= 4
        chat.close()


def test_slow_media_hold_nobody_up() -> None:
    def slow() -> bytes:
        time.sleep(0.5)
        return b"film"

    with FaultServer() as server:
        chat = chat_of(server)
        asked = [Question("", "slow", (Attachment("video", slow, 1.0),)), *(Question("", f"q{n}") for n in range(20))]
        order = [position for position, _ in chat.ask_each(asked)]
        assert order[-1] == 0
        chat.close()


def test_media_that_cannot_be_read_are_the_callers_error_and_hold_no_place() -> None:
    def broken() -> bytes:
        raise OSError("the file is gone")

    with FaultServer() as server:
        chat = chat_of(server, concurrency=1)
        for _ in range(3):
            with pytest.raises(OSError, match="the file is gone"):
                chat.ask([Question("", "q", (Attachment("audio", broken, 1.0),)), Question("", "r")])
        assert isinstance(chat.ask([Question("", "q")])[0], Answer)
        chat.close()


def test_threads_share_the_places() -> None:
    found: dict[int, list[object]] = {}
    with FaultServer(latency_s=0.01) as server:
        chat = chat_of(server, concurrency=5)

        def work(me: int) -> None:
            found[me] = [
                getattr(result, "text", None) for result in chat.ask(Question("", f"{me}-{n}") for n in range(50))
            ]

        threads = [threading.Thread(target=work, args=(me,)) for me in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(transport_threads()) == 1
        chat.close()
        assert server.most_at_once == 5
    assert found == {me: [f"answer to {me}-{n}" for n in range(50)] for me in range(6)}


def test_a_forgotten_chat_leaves_no_thread() -> None:
    with FaultServer() as server:
        before = len(transport_threads())
        chat = chat_of(server)
        chat.ask([Question("", "q")])
        assert len(transport_threads()) == before + 1
        del chat
        gc.collect()
        until = time.monotonic() + 5
        while len(transport_threads()) > before and time.monotonic() < until:
            time.sleep(0.01)
        assert len(transport_threads()) == before


def test_a_closed_chat_opens_again() -> None:
    with FaultServer() as server:
        chat = chat_of(server)
        for _ in range(2):
            assert isinstance(chat.ask([Question("", "q")])[0], Answer)
            chat.close()
        chat.close()


@pytest.mark.filterwarnings("ignore:This process")
def test_a_forked_process_asks_by_itself() -> None:
    with FaultServer() as server:
        chat = chat_of(server)
        assert isinstance(chat.ask([Question("", "parent")])[0], Answer)
        child = os.fork()
        if child == 0:
            answered = isinstance(chat.ask([Question("", "child")])[0], Answer)
            os._exit(0 if answered else 1)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert server.answered == {"parent": 1, "child": 1}
        assert isinstance(chat.ask([Question("", "parent")])[0], Answer)
        chat.close()
