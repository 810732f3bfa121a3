"""A server of chat and prescreen/1 that fails by plan, over real sockets.

with FaultServer(share=0.1, seed=7) as server:
    server.url                  # for a sidecar; server.url + "/v1" for chat
    server.answered["text"]     # good answers to a question (its last line) or item (its segment_id)

By the seed, a share of all POSTs gets the next of `FAULTS` instead of an answer. A redirect leads to a second socket,
whose every byte is kept in `elsewhere`. `script` takes the place of the plan: called with the number of the POST and
its JSON, it gives the fault, or null for an answer.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, Self

FAULTS = ("429", "429-date", "500", "hang", "half", "not-utf-8", "wrong-type", "off-schema", "redirect")
REASONS = {200: "OK", 302: "Found", 400: "Bad Request", 404: "Not Found"}

Script = Callable[[int, Any], str | None]


@dataclass
class FaultServer:
    """The server; used as a context. Faults beyond `FAULTS`: `status:<n>`, `reset`, `long`, `body:<text>`.

    Attributes:
        share: Of all POSTs, which fail.
        seed: Of the plan.
        script: The plan, where it is no random one.
        chat: What a question's last message is answered with.
        label: How an item is predicted: the JSON of a prediction without its segment_id; null: one by default.
        info: What /v1/info says.
        models: What /v1/models lists; null: 404.
        latency_s: Seconds that an answer takes.
        retry_after_s: Seconds that a 429 asks to wait.
        keep: Whether bodies are kept.
        posts: POSTs so far.
        asked: POSTs so far, by question or item.
        answered: Good answers so far, by question or item.
        faults: Faults so far, by kind.
        most_at_once: Most requests that were in hand together.
        headers: Authorization of every request, as it came.
        bodies: JSON of every POST, where `keep` is set.
        elsewhere: What reached the other host.
        port: Where; 0: any free one.
    """

    share: float = 0.0
    seed: int = 0
    script: Script | None = None
    chat: Callable[[Any], str] = lambda content: f"answer to {content}"
    label: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    info: dict[str, Any] = field(default_factory=dict)
    models: list[dict[str, Any]] | None = None
    latency_s: float = 0.0
    retry_after_s: float = 0.01
    keep: bool = False
    port: int = 0
    posts: int = 0
    in_hand: int = 0
    most_at_once: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    gets: Counter[str] = field(default_factory=Counter)
    headers: list[str | None] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    elsewhere: bytearray = field(default_factory=bytearray)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._plan = random.Random(self.seed)
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=1 << 26)
        self.port = self._server.sockets[0].getsockname()[1]
        self._other = await asyncio.start_server(self._listen, "127.0.0.1", 0)
        self.other_url = f"http://localhost:{self._other.sockets[0].getsockname()[1]}"

    async def _stop(self) -> None:
        for server in (self._server, self._other):
            server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.elsewhere += await reader.read(65536)
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode("latin-1").strip().split("\r\n")
                method, path, _ = first.split(" ")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                self.headers.append(headers.get("authorization"))
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.in_hand += 1
                self.most_at_once = max(self.most_at_once, self.in_hand)
                try:
                    more = await self._answer(method, path, body, writer)
                finally:
                    self.in_hand -= 1
                if not more:
                    break
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer(self, method: str, path: str, body: bytes, writer: asyncio.StreamWriter) -> bool:
        if method == "GET":
            self.gets[path] += 1
            return await self._get(path, writer)
        said = json.loads(body)
        if self.keep:
            self.bodies.append(said)
        names = _names(said)
        self.asked.update(names)
        fault = self._fault(said)
        self.posts += 1
        if fault is not None:
            self.faults[fault] += 1
            return await self._fail(fault, writer)
        await asyncio.sleep(self.latency_s)
        reply = self._predictions(said) if path == "/v1/predict" else self._completion(said)
        await _send(writer, 200, json.dumps(reply).encode())
        self.answered.update(names)
        return True

    async def _get(self, path: str, writer: asyncio.StreamWriter) -> bool:
        found = self.info if path == "/v1/info" else self.models
        if not found:
            await _send(writer, 404, b'{"detail": "Not Found"}')
        elif path == "/v1/info":
            await _send(writer, 200, json.dumps(found).encode())
        else:
            await _send(writer, 200, json.dumps({"object": "list", "data": found}).encode())
        return True

    def _fault(self, said: Any) -> str | None:
        if self.script is not None:
            return self.script(self.posts, said)
        fails = self._plan.random() < self.share
        return FAULTS[sum(self.faults.values()) % len(FAULTS)] if fails else None

    async def _fail(self, fault: str, writer: asyncio.StreamWriter) -> bool:
        kind, _, more = fault.partition(":")
        if kind == "hang":
            await asyncio.sleep(3600)
        elif kind == "reset":
            writer.transport.abort()
            return False
        elif kind == "half":
            writer.write(
                b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{"choices": ['
            )
            await writer.drain()
            return False
        elif kind == "long":
            await _send(writer, 200, b'{"choices": "' + bytes(9_000_000).replace(b"\x00", b"x") + b'"}')
        elif kind == "429":
            await _send(writer, 429, b'{"error": {"message": "slow down"}}', {"Retry-After": str(self.retry_after_s)})
        elif kind == "429-date":
            await _send(writer, 429, b"", {"Retry-After": formatdate(time.time() + self.retry_after_s, usegmt=True)})
        elif kind == "redirect":
            await _send(writer, 302, b"", {"Location": f"{self.other_url}/v1/chat/completions"})
        elif kind == "not-utf-8":
            await _send(writer, 200, b'{"choices": [{"message": {"content": "\xff\xfe"}}], "items": []}')
        elif kind == "wrong-type":
            await _send(writer, 200, b"<html>Log in</html>", {"Content-Type": "text/html"})
        elif kind == "off-schema":
            await _send(writer, 200, b'{"choices": [{"message": {"content": 7}}], "items": 7}')
        elif kind == "body":
            await _send(writer, 200, more.encode("utf-8", "surrogatepass"))
        else:
            status, _, words = more.partition(":") if kind == "status" else (kind, "", "")
            await _send(writer, int(status), (words or '{"error": {"message": "no"}}').encode())
        return True

    def _completion(self, said: Any) -> dict[str, Any]:
        content = self.chat(said["messages"][-1]["content"])
        return {
            "choices": [{"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14},
        }

    def _predictions(self, said: Any) -> dict[str, Any]:
        plain = {"status": "ok", "raw_text": "joy!", "label": "joy", "latency_ms": 1.5, "tokens_in": 9, "tokens_out": 2}
        return {
            "items": [
                {"segment_id": item["segment_id"], **(plain if self.label is None else self.label(item))}
                for item in said["items"]
            ]
        }


def _names(said: Any) -> list[str]:
    if "items" in said:
        return [item["segment_id"] for item in said["items"]]
    content = said["messages"][-1]["content"]
    return [content if isinstance(content, str) else content[-1]["text"]]


async def _send(writer: asyncio.StreamWriter, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
    lines = {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}
    head = f"HTTP/1.1 {status} {REASONS.get(status, 'Whatever')}\r\n"
    writer.write((head + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n").encode() + body)
    await writer.drain()
