"""HTTP to Label Studio: one connection policy, one exception per cause, every reply validated."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TypeVar

import httpx
from pydantic import JsonValue, TypeAdapter, ValidationError

_TRIES = 3
_BROKEN = 500

T = TypeVar("T")
Query = Sequence[tuple[str, str | int | float | bool | None]]


class LabelStudioUnreachableError(RuntimeError):
    """Label Studio does not answer, or answers that it is broken: another try may help."""

    def __init__(self, url: str, what: str, remedy: str = "`osmo up` starts it; then run the same again.") -> None:
        self.url = url
        self.what = what
        self.remedy = remedy
        super().__init__(f"Label Studio at {url}: {what}. {remedy}")


class LabelStudioRefusedError(RuntimeError):
    """Label Studio answered, and said no: another try will not help."""

    def __init__(self, url: str, status: int, answer: str) -> None:
        self.url = url
        self.status = status
        self.answer = answer
        super().__init__(
            f"Label Studio refused {url}: {status} {answer}. Check the account or token (401, 403), that the project "
            "still exists (404), and that nobody changed its labelling page by hand (400)."
        )


class LabelStudioReplyError(RuntimeError):
    """Label Studio answered with something else than its version 1.23 gives."""

    def __init__(self, url: str, problem: str) -> None:
        self.url = url
        self.problem = problem
        super().__init__(f"Label Studio answered {url} with what cannot be read: {problem}. Tried with version 1.23.2.")


class Transport:
    """Requests to one server on behalf of one account."""

    def __init__(self, url: str, *, headers: Mapping[str, str], timeout_s: float) -> None:
        # Label Studio's own server writes head and body apart, so a kept-alive connection waits 40 ms for the delayed
        # acknowledgement of every reply; a new one does not (measured: 52 → 8 ms a request, 85 → 34 an annotation).
        self.url = url.rstrip("/")
        self.http = httpx.Client(
            base_url=self.url, timeout=timeout_s, headers={**headers, "Connection": "close"}, follow_redirects=False
        )

    def get(self, path: str, kind: TypeAdapter[T], query: Query = ()) -> T:
        """Read; tried three times, for reading changes nothing."""
        for attempt in range(1, _TRIES + 1):
            try:
                return self._validate(self.request("GET", path, query=query), kind)
            except LabelStudioUnreachableError:
                if attempt == _TRIES:
                    raise
                time.sleep(0.2 * attempt)
        raise AssertionError("unreachable")

    def send(self, method: str, path: str, kind: TypeAdapter[T], body: JsonValue) -> T:
        """Write, once."""
        return self._validate(self.request(method, path, body=body), kind)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Query = (),
        body: JsonValue = None,
        form: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send one request.

        Raises:
            LabelStudioUnreachableError: No answer, or one of 500 and above.
            LabelStudioRefusedError: An answer of 400 to 499.
        """
        try:
            response = self.http.request(
                method, path, params=list(query) or None, json=body, data=dict(form) if form is not None else None
            )
        except httpx.TransportError as error:
            raise LabelStudioUnreachableError(self.url, str(error) or type(error).__name__) from error
        if response.status_code >= _BROKEN:
            raise LabelStudioUnreachableError(self.url, f"{method} {path} → {response.status_code} {_line(response)}")
        if response.is_client_error:
            raise LabelStudioRefusedError(f"{self.url}{path}", response.status_code, _line(response))
        return response

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    def _validate(self, response: httpx.Response, kind: TypeAdapter[T]) -> T:
        try:
            return kind.validate_json(response.content)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise LabelStudioReplyError(str(response.url.copy_with(query=None)), f"{where} {first['msg']}") from error


def _line(response: httpx.Response) -> str:
    return " ".join(response.text.split())[:300]
