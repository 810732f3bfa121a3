"""When a server counts as gone.

It is gone once tries have failed in silence (no connection, no whole answer, 408, 429, 5xx) for `gone_after_s` seconds,
from the first such failure to the last, with no usable answer between them; or at once, where it says to everybody that
it was set up wrongly. One question that used up its tries is enough with `gone_after_s = 0`, and where nothing has ever
been heard of the server. While it is gone nobody waits and nothing is sent. Every new call knocks once; if the server
opens, it is on trial: until it answers a question, one question that used up its tries is enough to be gone again.
"""

from __future__ import annotations

import asyncio
import time

from osmo.annotators.transports.failures import Failure

_UNHEARD = ("closed-door", "timeout")
"""Causes that say nothing of whether anybody is there."""


class Breaker:
    """Shared by all who ask one server; belongs to one event loop.

    Attributes:
        gone: The failure by which it went, and a line that says it all; null: it is there.
    """

    def __init__(self, gone_after_s: float) -> None:
        self._gone_after_s = gone_after_s
        self._failing_since: float | None = None
        self._on_trial = False
        self._heard = False
        self._went = asyncio.Event()
        self.gone: tuple[Failure, str] | None = None

    def answered(self) -> None:
        """A question was answered, or refused: the server serves."""
        self._heard = True
        self._failing_since = None
        self._on_trial = False
        self.back()

    def back(self) -> None:
        """It is no longer gone."""
        self.gone = None
        self._went.clear()

    def opened(self) -> None:
        """It opened to a knock while it was gone."""
        self._on_trial = True
        self._failing_since = None
        self.back()

    def rested(self) -> None:
        """Nobody asked it anything for a while, so an earlier failure says nothing about how long it failed."""
        self._failing_since = None

    def failed(self, failure: Failure) -> None:
        """A try failed."""
        self._heard = self._heard or failure.cause.name not in _UNHEARD
        if not failure.cause.silent:
            return
        now = time.monotonic()
        if self._failing_since is None:
            self._failing_since = now
        if self._gone_after_s > 0 and now - self._failing_since >= self._gone_after_s:
            self._trip(failure)

    def exhausted(self, failure: Failure) -> None:
        """A question used up its tries, the last of which failed in silence."""
        if self._gone_after_s == 0 or self._on_trial or not self._heard:
            self._trip(failure)

    def trip(self, failure: Failure, line: str) -> None:
        """It is gone; `line` says why."""
        if self.gone is None:
            self.gone = (failure, line)
            self._went.set()

    async def sleep(self, seconds: float) -> None:
        """Wait between two tries, and no longer once the server is gone."""
        try:
            async with asyncio.timeout(seconds):
                await self._went.wait()
        except TimeoutError:
            return

    def _trip(self, failure: Failure) -> None:
        since = time.monotonic() - (self._failing_since or time.monotonic())
        self.trip(failure, f"no usable answer for {since:.0f} s, at last: {failure.line}")
