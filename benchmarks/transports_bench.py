"""Questions to a chat server that answers in 50 ms: share of the possible, a plain loop beside it, and memory.

    python benchmarks/transports_bench.py

The server runs in a process of its own. The possible is 64 answers every 50 ms.
"""

from __future__ import annotations

import asyncio
import gc
import http.client
import json
import multiprocessing
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection

import psutil
from measure import Figure, at_least, at_most, report, size

from osmo.annotators.transports.openai import OpenAIChat
from osmo.annotators.transports.question import Answer, Question
from osmo.schemas.endpoints import Endpoint

ANSWER_S = 0.05
AT_ONCE = 64
SENT = size(6_400, 256)
LOOP = size(200, 4)
EARLY, LATE = size(10_000, 300), size(100_000, 900)
REPEAT = size(3, 1)
REPLY = json.dumps(
    {
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "joy"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 1, "total_tokens": 101},
    }
).encode()
HEAD = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(REPLY)}\r\n\r\n".encode()
NONE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
TEXT = "How does the wearer feel in this utterance? " * 10


class Answering(asyncio.Protocol):
    """Reads requests by their lengths and answers each after 50 ms."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._held = b""

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head = self._held[:end].lower()
            _, mark, length = head.partition(b"content-length: ")
            whole = end + 4 + (int(length.split(b"\r\n")[0]) if mark else 0)
            if len(self._held) < whole:
                return
            self._held = self._held[whole:]
            if head.startswith(b"get"):
                self._transport.write(NONE)
            else:
                asyncio.get_running_loop().call_later(ANSWER_S, self._transport.write, HEAD + REPLY)


def serve(told: Connection) -> None:
    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def questions(count: int) -> Iterator[Question]:
    return (Question("", f"{TEXT}{number}") for number in range(count))


def ask(chat: OpenAIChat, count: int) -> float:
    """Wall-clock seconds of so many questions."""
    started = time.perf_counter()
    answered = sum(isinstance(result, Answer) for _, result in chat.ask_each(questions(count)))
    seconds = time.perf_counter() - started
    assert answered == count
    return seconds


def loop(port: int, count: int) -> float:
    """Wall-clock seconds of a plain loop over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    started = time.perf_counter()
    for question in questions(count):
        body = {"model": "tiny", "messages": [{"role": "user", "content": question.text}], "temperature": 0}
        connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
        assert json.loads(connection.getresponse().read())["choices"][0]["message"]["content"] == "joy"
    return time.perf_counter() - started


def megabytes() -> float:
    gc.collect()
    return psutil.Process().memory_info().rss / 1e6


def memory(chat: OpenAIChat) -> tuple[float, float]:
    """Megabytes of this process after some questions of one call, and after many."""
    early = 0.0
    for taken, _ in enumerate(chat.ask_each(questions(LATE)), start=1):
        if taken == EARLY:
            early = megabytes()
    return early, megabytes()


def main() -> None:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=serve, args=(there,), daemon=True)
    server.start()
    port = here.recv()
    endpoint = Endpoint(
        url=f"http://127.0.0.1:{port}/v1", model="tiny", revision="0" * 40, concurrency=AT_ONCE, constraint="none"
    )
    chat = OpenAIChat("bench", endpoint)
    ask(chat, 2 * AT_ONCE)
    cpu_started = time.process_time()
    runs = [ask(chat, SENT) for _ in range(REPEAT)]
    cpu_s = (time.process_time() - cpu_started) / (REPEAT * SENT) * 1000
    possible = SENT / AT_ONCE * ANSWER_S
    one_by_one = min(loop(port, LOOP) for _ in range(REPEAT)) / LOOP * SENT
    early, late = memory(chat)
    chat.close()
    server.terminate()
    what = f"{SENT:,} questions, {AT_ONCE} in flight"
    figures: list[Figure] = [
        at_least(what, "the server's 50 ms alone", min(runs), possible, 0.9),
        at_least(what, f"a plain loop (of {LOOP}, scaled)", min(runs), one_by_one, 20.0),
        at_most(f"MB of memory after {LATE:,} questions", f"after {EARLY:,}", late, early, 1.05),
    ]
    each = ", ".join(f"{100 * possible / seconds:.1f} %" for seconds in runs)
    notes = {"Share of the possible, each run": each, "CPU seconds per 1,000 questions": f"{cpu_s:.3f}"}
    report(figures, notes=notes)


if __name__ == "__main__":
    main()
