"""Batches across requests: items wait in one bounded queue, and one thread asks the model for many at a time."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from osmo.annotators.servers.backend import Backend, EngineDeadError, Prepared, Refusal, Reply

log = logging.getLogger(__name__)

AILING_AFTER = 3
"""Calls in a row that failed for every one of their items, after which the sidecar calls itself ill."""

_CONTEXT_GONE = re.compile(r"CUDA error: (?!out of memory)|CUDNN_STATUS_EXECUTION_FAILED", re.IGNORECASE)
"""After these a CUDA context answers nothing more; out of memory passes."""


@dataclass(frozen=True)
class Failure:
    """The model raised something: another try may help. `what` is one line."""

    what: str


Outcome = Reply | Refusal | Failure


@dataclass(frozen=True)
class _Waiting:
    item: Prepared
    answer: asyncio.Future[Outcome]


@dataclass
class Condition:
    """How the sidecar is.

    Attributes:
        loaded: Whether the model is.
        dead: Why the model answers nothing more; null: it may.
        failures: Calls in a row that failed for every item.
        last: The last failure.
    """

    loaded: bool = False
    dead: str | None = None
    failures: int = 0
    last: str = ""

    @property
    def closed(self) -> str | None:
        """Why no item can be taken; null: one can."""
        if self.dead is not None:
            return f"the model died: {self.dead}. Start the sidecar anew"
        return None if self.loaded else "the model is being loaded"

    @property
    def ill(self) -> str | None:
        """Why this is no healthy sidecar; null: it is one."""
        if self.closed is None and self.failures >= AILING_AFTER:
            return f"the last {self.failures} calls of the model failed: {self.last}"
        return self.closed


@dataclass
class Batcher:
    """The queue before one model, and the one thread in which it runs.

    Attributes:
        backend: The model.
        max_batch: Most items of one call.
        max_wait_s: How long an item waits for others to fill its batch.
        max_in_hand: Most items that were taken and have no answer yet; more are not taken.
    """

    backend: Backend
    max_batch: int
    max_wait_s: float
    max_in_hand: int
    condition: Condition = field(default_factory=Condition)

    def __post_init__(self) -> None:
        self._queue: deque[_Waiting] = deque()
        self._arrived = asyncio.Event()
        self._in_hand = 0
        # One thread for loading and asking: CUDA contexts and many libraries are bound to theirs.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="model")

    async def load(self) -> BaseException | None:
        """Load the model; what went wrong, if anything."""
        future = asyncio.get_running_loop().run_in_executor(self._thread, self.backend.load)
        await asyncio.wait([future])
        error = future.exception()
        self.condition.loaded = error is None
        if error is not None:
            self.condition.dead = one_line(error)
        return error

    @property
    def in_hand(self) -> int:
        """Items that were taken and have no answer yet."""
        return self._in_hand

    def take(self, count: int) -> bool:
        """Take a place for each of so many items, if there are so many."""
        if self._in_hand + count > self.max_in_hand:
            return False
        self._in_hand += count
        return True

    def give_back(self, count: int) -> None:
        """Give places back."""
        self._in_hand -= count

    def submit(self, items: Sequence[Prepared]) -> list[asyncio.Future[Outcome]]:
        """Let items wait for their answers, in order."""
        loop = asyncio.get_running_loop()
        waiting = [_Waiting(item, loop.create_future()) for item in items]
        self._queue.extend(waiting)
        self._arrived.set()
        return [one.answer for one in waiting]

    async def run(self) -> None:
        """Answer what waits, for ever."""
        while True:
            batch = await self._next_batch()
            outcomes = await self._ask([one.item for one in batch])
            for one, outcome in zip(batch, outcomes, strict=True):
                if not one.answer.done():  # its request may have gone
                    one.answer.set_result(outcome)

    def close(self) -> None:
        """Let the thread go."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _next_batch(self) -> list[_Waiting]:
        """Up to `max_batch` items, once there are so many or the first has waited long enough."""
        await self._something()
        until = time.monotonic() + self.max_wait_s
        while len(self._queue) < self.max_batch and (left := until - time.monotonic()) > 0:
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), left)
            except TimeoutError:
                break
        return [self._queue.popleft() for _ in range(min(self.max_batch, len(self._queue)))]

    async def _something(self) -> None:
        while not self._queue:
            self._arrived.clear()
            await self._arrived.wait()

    async def _ask(self, items: list[Prepared]) -> Sequence[Outcome]:
        """The model's answers; where a whole batch failed, each item is asked alone, so that only the culprit fails."""
        if self.condition.dead is not None:
            return [Failure(self.condition.closed or "")] * len(items)
        outcomes = await self._call(items)
        if len(items) > 1 and all(isinstance(one, Failure) for one in outcomes):
            outcomes = [outcome for item in items for outcome in await self._ask([item])]
        return outcomes

    async def _call(self, items: list[Prepared]) -> Sequence[Outcome]:
        future = asyncio.get_running_loop().run_in_executor(self._thread, self.backend.predict, items)
        await asyncio.wait([future])
        error = future.exception()
        if error is None:
            replies = future.result()
            if len(replies) == len(items):
                self.condition.failures = 0
                return replies
            error = RuntimeError(f"the backend gave {len(replies)} replies for {len(items)} items")
        log.error("the model failed on %d items", len(items), exc_info=error)
        what = one_line(error)
        self.condition.last = what
        if isinstance(error, EngineDeadError) or _CONTEXT_GONE.search(str(error)):
            self.condition.dead = what
        if len(items) == 1:
            self.condition.failures += 1
        return [Failure(what)] * len(items)


def one_line(error: BaseException, longest: int = 300) -> str:
    """An error as one line for a client: its class and the first line of what it says."""
    said = str(error).strip().splitlines()
    text = f"{type(error).__name__}: {said[0]}" if said else type(error).__name__
    return text if len(text) <= longest else text[: longest - 1] + "…"
