"""A model server as all who ask it see it: places, tries, who it is, whether it is gone. Lives on one event loop."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TypeVar, cast

import aiohttp

from osmo.annotators.answer import Unanswered, Usage
from osmo.annotators.transports.breaker import Breaker
from osmo.annotators.transports.exchange import Reply, exchange
from osmo.annotators.transports.failures import FailedTryError, Failure, causes, failed
from osmo.annotators.transports.keys import api_key
from osmo.annotators.transports.question import Refused
from osmo.annotators.transports.request import Ask, Door, Got
from osmo.annotators.transports.said import Hidden
from osmo.annotators.transports.tries import Tries
from osmo.schemas.endpoints import Endpoint

log = logging.getLogger(__name__)

T = TypeVar("T")

KNOCK_S = 10.0
"""Deadline of the knock at a server that is gone."""
KEEP_S = 4.0
"""How long an idle connection is used again: less than the 5 s after which uvicorn closes it."""
LIMIT_BYTES = 8_000_000
"""Longest answer that is read."""


class Server:
    """Asks one server. Everything but the constructor's arguments belongs to the loop that made it."""

    def __init__(self, name: str, endpoint: Endpoint, door: Door) -> None:
        """Bind it; no connection is made.

        Raises:
            MissingKeyError: The environment lacks the key.
        """
        self._name = name
        self._endpoint = endpoint
        self._door = door
        self._where = endpoint.address(name)
        self._key = api_key(name, endpoint)
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "Content-Type": "application/json"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key.get_secret_value()}"
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=60, keepalive_timeout=KEEP_S),
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        self._places = asyncio.Semaphore(endpoint.concurrency)
        self._in_hand = 0
        self._breaker = Breaker(endpoint.gone_after_s)
        self._retrying = Tries(endpoint, sleep=self._breaker.sleep, before=self._still_there)
        self._knock: asyncio.Task[None] | None = None
        self._known = False
        self._proven = door.plain is None
        self._ever_answered = False
        self._proving = asyncio.Lock()

    async def close(self) -> None:
        """End its connections."""
        await self._session.close()

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """One of the endpoint's places, in the order of asking; kept between tries, so that what waits is bounded."""
        async with self._places:
            self._in_hand += 1
            try:
                yield
            finally:
                self._in_hand -= 1

    async def arrive(self) -> None:
        """What every new call does first: if the server is gone, knock once."""
        if self._breaker.gone is None:
            if self._in_hand == 0:
                self._breaker.rested()
            return
        self._known = False
        try:
            await self._recognise(min(KNOCK_S, self._endpoint.timeout_s))
        except FailedTryError as error:
            if error.failure.cause.outcome == "misconfigured":
                self._breaker.back()
                self._breaker.trip(error.failure, error.failure.line)
            return
        self._breaker.opened()

    def gone(self) -> Unanswered | None:
        """What everyone gets while it is gone, without being sent; null: it is there."""
        if self._breaker.gone is None:
            return None
        failure, line = self._breaker.gone
        return Unanswered(line, self._where, failure.remedy(self._name), gone=True, attempts=0)

    async def meet(self) -> Unanswered | None:
        """See that it is who it should be, with all tries; null: it is."""
        ended: Got[object] | Refused | Unanswered = await self._tries(None)
        return ended if isinstance(ended, Unanswered) else None

    async def ask(self, ask: Ask[T]) -> Got[T] | Refused | Unanswered:
        """Ask until there is an answer or a reason for none. Call it with a place."""
        ended = await self._tries(ask)
        if isinstance(ended, Refused) and not self._proven:
            doubt = await self._doubt()
            if doubt is not None:
                return replace(doubt, attempts=doubt.attempts + ended.usage.attempts)
        return ended

    async def _tries(self, ask: Ask[T] | None) -> Got[T] | Refused | Unanswered:
        started = time.perf_counter()
        failures: list[Failure] = []

        async def one_try() -> T | None:
            try:
                return await self._try(ask)
            except FailedTryError as error:
                failures.append(error.failure)
                log.debug("%s: try %d failed: %s", self._name, len(failures), error.failure.line)
                self._breaker.failed(error.failure)
                # Another one may answer there afterwards.
                self._known = self._known and error.failure.cause.name not in ("closed-door", "connection")
                raise

        try:
            value = await self._retrying.until_answered(one_try)
        except _GoneError:
            gone = self.gone()
            assert gone is not None
            return replace(gone, attempts=len(failures))
        except FailedTryError:
            return self._ended(failures)
        milliseconds = (time.perf_counter() - started) * 1000
        return Got(cast(T, value), Usage(latency_ms=milliseconds, attempts=len(failures) + 1))

    async def _try(self, ask: Ask[T] | None) -> T | None:
        if not self._known:
            await self._recognise(self._endpoint.timeout_s)
        if ask is None:
            return None
        hidden = Hidden(key=self._key, texts=ask.texts)
        reply = await self._exchange(ask.path, ask.body(), self._endpoint.timeout_s)
        try:
            value = ask.read(reply, hidden)
        except FailedTryError as error:
            if error.failure.cause.outcome == "refused":
                self._answered()
            raise
        self._answered()
        self._proven = True
        return value

    def _answered(self) -> None:
        self._ever_answered = True
        self._breaker.answered()

    async def _exchange(self, path: str, body: bytes | None, deadline_s: float) -> Reply:
        url = self._where + path
        return await exchange(self._session, url, body, deadline_s=deadline_s, limit_bytes=LIMIT_BYTES)

    async def _recognise(self, deadline_s: float) -> None:
        """Look at the door; all who wait for that look once."""
        if self._knock is None:
            self._knock = asyncio.create_task(self._look(deadline_s))
            self._knock.add_done_callback(lambda task: task.cancelled() or task.exception())
        knock = self._knock
        try:
            await asyncio.shield(knock)
        finally:
            if self._knock is knock and knock.done():
                self._knock = None

    async def _look(self, deadline_s: float) -> None:
        reply = await self._exchange(self._door.path, None, deadline_s)
        try:
            self._door.look(reply)
        except FailedTryError as error:
            # It is not the question that cannot be read or was refused.
            if error.failure.cause.outcome in ("unreadable", "refused"):
                raise failed("unknown", f"it does not say what it serves: {error.failure.line}") from None
            raise
        self._known = True

    def _still_there(self) -> None:
        if self._breaker.gone is not None:
            raise _GoneError

    def _ended(self, failures: list[Failure]) -> Refused | Unanswered:
        """The end of a question whose tries all failed."""
        last = failures[-1]
        outcomes = {failure.cause.outcome for failure in failures}
        took = Usage(attempts=len(failures))
        if last.cause.outcome == "refused":
            return Refused(f"refused: {last.line}", last.raw, took)
        if outcomes == {"unreadable"}:
            return Refused(f"unreadable: {last.line}", last.raw, took)
        if last.cause.outcome == "misconfigured":
            self._breaker.trip(last, last.line)
        elif outcomes == {"moved"} and not self._ever_answered:
            self._breaker.trip(last, f"it answers with a redirect only: {last.line}")
        elif last.cause.name == "unknown":
            self._breaker.trip(last, last.line)
        elif last.cause.silent:
            self._breaker.exhausted(last)
        gone = self.gone()
        if gone is not None:
            return replace(gone, attempts=len(failures))
        line = f"{last.line} (try {len(failures)} of {self._endpoint.max_attempts})"
        return Unanswered(line, self._where, last.remedy(self._name), attempts=len(failures))

    async def _doubt(self) -> Unanswered | None:
        """What is to be said in place of a refusal by a server that has answered nothing yet; null: believe it."""
        async with self._proving:
            if self._proven or self._door.plain is None:
                return None
            ended = await self._tries(self._door.plain)
            if isinstance(ended, Refused):
                failure = Failure(causes()["plain"], ended.reason, ended.raw)
                self._breaker.trip(failure, f"it does not answer the plainest question: {ended.reason}")
                return self.gone()
            return ended if isinstance(ended, Unanswered) else None


class _GoneError(Exception):
    """The server went while a question waited for its next try."""
