"""When a request is tried again: exponential backoff with full jitter, and what the server asks for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_random_exponential

from osmo.annotators.transports.failures import FailedTryError
from osmo.schemas.endpoints import Endpoint

T = TypeVar("T")


class Tries:
    """Tries of one endpoint's requests."""

    def __init__(
        self, endpoint: Endpoint, *, sleep: Callable[[float], Awaitable[None]], before: Callable[[], None]
    ) -> None:
        """Bind it.

        Args:
            endpoint: How many tries, and how long between them.
            sleep: Waits so many seconds.
            before: Called before every try; what it raises ends the request.
        """
        self._attempts = endpoint.max_attempts
        self._longest_s = endpoint.max_backoff_s
        self._jitter = wait_random_exponential(multiplier=endpoint.backoff_s, max=endpoint.max_backoff_s)
        self._sleep = sleep
        self._before = before

    async def until_answered(self, one_try: Callable[[], Awaitable[T]]) -> T:
        """The first answer.

        Raises:
            FailedTryError: The last failure, when no other try may help or is left.
        """
        self._before()
        try:
            return await one_try()
        except FailedTryError as error:
            if not error.failure.again or self._attempts == 1:
                raise
            first: list[FailedTryError] = [error]

        # The first try is made without tenacity, whose bookkeeping costs as much as the request.
        async def further_try() -> T:
            if first:
                raise first.pop()
            self._before()
            return await one_try()

        return await AsyncRetrying(
            stop=stop_after_attempt(self._attempts),
            retry=retry_if_exception(lambda error: isinstance(error, FailedTryError) and error.failure.again),
            wait=self._wait,
            sleep=self._sleep,
            reraise=True,
        )(further_try)

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.failure.retry_after_s if isinstance(error, FailedTryError) else None
        return max(self._jitter(state), min(asked or 0.0, self._longest_s))
