"""From threads to the event loop that asks a server: one loop and thread per channel, started at the first question.

Questions are taken in the caller's thread, at most `2 × concurrency` ahead of what the caller has taken of the results;
so a slow caller slows the questions down, and memory stays flat however many there are.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import queue
import threading
import weakref
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from osmo.annotators.answer import Unanswered
from osmo.annotators.transports.request import Door
from osmo.annotators.transports.server import Server
from osmo.schemas.endpoints import Endpoint

S = TypeVar("S")
T = TypeVar("T")

LOADERS = 8
"""Threads that read and encode media."""
_INHERITED: list[_Line] = []
"""What a forked process has of its parent's: kept, because to let go of it would close the parent's connections."""


class Channel:
    """The way to one server, safe to share between threads."""

    def __init__(self, name: str, endpoint: Endpoint, door: Door) -> None:
        self._name = name
        self._endpoint = endpoint
        self._door = door
        self._lock = threading.Lock()
        self._lines: list[_Line] = []
        # Closes when the channel is forgotten, and at the interpreter's end.
        weakref.finalize(self, _close, self._lines)

    def each(
        self,
        items: Iterable[S],
        one: Callable[[Server, S], Coroutine[Any, Any, T]],
        *,
        gone: Callable[[T], Unanswered | None],
        away: Callable[[S, Unanswered], T],
    ) -> Iterator[tuple[int, T]]:
        """Do one thing with many items, as many at a time as the endpoint has places.

        Args:
            items: Taken one by one, and never all held.
            one: What to do with an item, on the loop.
            gone: The part of a result that says that the server is gone; null: it is there.
            away: The result of an item that is not sent because of that.

        Yields:
            Position of an item and its result, as they come.
        """
        line = self._open()
        line.run(line.server.arrive())
        results: queue.SimpleQueue[tuple[int, asyncio.Task[T]]] = queue.SimpleQueue()
        running: set[asyncio.Task[T]] = set()

        def start(few: list[tuple[int, S]]) -> None:
            for position, item in few:
                task = line.loop.create_task(one(line.server, item))
                running.add(task)
                task.add_done_callback(partial(end, position))

        def end(position: int, task: asyncio.Task[T]) -> None:
            running.discard(task)
            results.put((position, task))

        left = iter(enumerate(items))
        waiting, ahead = 0, 2 * self._endpoint.concurrency
        turned_away: Unanswered | None = None
        try:
            while True:
                few = list(itertools.islice(left, ahead - waiting)) if turned_away is None else []
                if few:
                    line.loop.call_soon_threadsafe(start, few)
                waiting += len(few)
                if waiting == 0:
                    break
                for position, task in _ended(results):
                    waiting -= 1
                    result = task.result()
                    if turned_away is None and (none := gone(result)) is not None:
                        turned_away = replace(none, attempts=0)
                    yield position, result
            for position, item in left:
                assert turned_away is not None
                yield position, away(item, turned_away)
        finally:
            if waiting:
                line.loop.call_soon_threadsafe(lambda: [task.cancel() for task in running])

    def run(self, work: Callable[[Server], Coroutine[Any, Any, T]]) -> T:
        """Do one thing on the loop and wait for it."""
        line = self._open()
        line.run(line.server.arrive())
        return line.run(work(line.server))

    def close(self) -> None:
        """End the connections and the thread; the next question opens them again."""
        with self._lock:
            _close(self._lines)

    def _open(self) -> _Line:
        with self._lock:
            # A forked process has the object and not the thread.
            if self._lines and self._lines[-1].pid != os.getpid():
                _INHERITED.append(self._lines.pop())
            if not self._lines:
                self._lines.append(_Line(self._name, self._endpoint, self._door))
            return self._lines[-1]


def _ended(results: queue.SimpleQueue[T]) -> Iterator[T]:
    """What has come by now, at least one: each turn of a caller's thread holds up the loop's."""
    yield results.get()
    for _ in range(results.qsize()):
        yield results.get()


class _Line:
    """A running loop in its thread, and the server on it."""

    def __init__(self, name: str, endpoint: Endpoint, door: Door) -> None:
        self.pid = os.getpid()
        self.loop = asyncio.new_event_loop()
        self.loop.set_default_executor(ThreadPoolExecutor(LOADERS, thread_name_prefix=f"{name}-media"))
        self._thread = threading.Thread(target=self.loop.run_forever, name=f"{name}-transport", daemon=True)
        self._thread.start()

        async def make() -> Server:
            return Server(name, endpoint, door)

        try:
            self.server = self.run(make())
        except ValueError:
            self._stop()
            raise

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def close(self) -> None:
        if threading.current_thread() is self._thread:
            self.loop.create_task(self._end()).add_done_callback(lambda _: self.loop.stop())
            return
        self.run(self._end())
        self._stop()

    async def _end(self) -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self.server.close()

    def _stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


def _close(lines: list[_Line]) -> None:
    while lines:
        line = lines.pop()
        if line.pid == os.getpid():
            line.close()
        else:
            _INHERITED.append(line)
