"""One request and its answer: a deadline over all of it, a limit on the bytes, and no redirect followed."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import TypeVar

import aiohttp
from pydantic import BaseModel, ValidationError

from osmo.annotators.transports.failures import FailedTryError, Failure, cause_of, failed, retry_after
from osmo.annotators.transports.said import Hidden, one_line, raw

M = TypeVar("M", bound=BaseModel)

CHUNK_BYTES = 65_536


@dataclass(frozen=True)
class Reply:
    """A whole HTTP answer, whatever it says.

    Attributes:
        status: HTTP status.
        reason: The words beside it.
        content_type: Media type without its parameters, in small letters.
        retry_after_s: Seconds that it asks to wait; null: it does not say.
        body: The bytes.
    """

    status: int
    reason: str
    content_type: str
    retry_after_s: float | None
    body: bytes


async def exchange(
    session: aiohttp.ClientSession, url: str, body: bytes | None, *, deadline_s: float, limit_bytes: int
) -> Reply:
    """Send a request and read its answer.

    Args:
        session: Has the headers, the content's type among them.
        url: Where.
        body: JSON to post; null: GET.
        deadline_s: Seconds for connection, headers and the whole body together.
        limit_bytes: Longest body that is read.

    Raises:
        FailedTryError: There is no whole HTTP answer.
    """
    try:
        async with asyncio.timeout(deadline_s):
            if body is not None:
                return await _sent(session, "POST", url, body, limit_bytes)
            # A GET has a connection of its own: a server may close that of a GET that it has no answer for, just as a
            # question would use it again.
            own = aiohttp.TCPConnector(force_close=True)
            async with aiohttp.ClientSession(
                connector=own, headers=session.headers, timeout=session.timeout, cookie_jar=aiohttp.DummyCookieJar()
            ) as alone:
                return await _sent(alone, "GET", url, None, limit_bytes)
    except TimeoutError:
        raise failed("timeout", f"no whole answer within {deadline_s:g} s") from None
    except aiohttp.ClientPayloadError:
        raise failed("half", "the connection closed before the answer ended") from None
    except aiohttp.ClientConnectorError as error:
        raise failed("closed-door", f"cannot connect: {_reason(error.os_error)}") from None
    except aiohttp.ClientConnectionError as error:
        how = _reason(error) if isinstance(error, OSError) else "closed without an answer"
        raise failed("connection", f"the connection broke: {how}") from None
    except aiohttp.ClientError as error:
        # Its own words may quote headers.
        raise failed("no-http", f"the answer is no HTTP ({type(error).__name__})") from None


async def _sent(session: aiohttp.ClientSession, method: str, url: str, body: bytes | None, limit_bytes: int) -> Reply:
    async with session.request(method, url, data=body, allow_redirects=False) as answer:
        return Reply(
            answer.status,
            answer.reason or "",
            answer.headers.get("Content-Type", "").partition(";")[0].strip().lower(),
            retry_after(answer.headers.get("Retry-After")),
            await _read(answer, limit_bytes),
        )


async def _read(answer: aiohttp.ClientResponse, limit_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_chunked(CHUNK_BYTES):
        body += chunk
        if len(body) > limit_bytes:
            answer.close()
            raise failed("too-long", f"the answer is longer than {limit_bytes:,} bytes")
    return bytes(body)


def _reason(error: OSError) -> str:
    # asyncio's own words name the address; the number's are the same everywhere.
    words = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
    return (words or type(error).__name__).lower()


def read_json(reply: Reply, model: type[M], hidden: Hidden) -> M:
    """The answer as a model, validated in full.

    Raises:
        FailedTryError: The status is not 200, or the body is not what it should be.
    """
    if reply.status != 200:
        cause = cause_of(reply.status)
        said = "" if cause.outcome == "moved" else one_line(reply.body, hidden)
        line = " ".join(f"{reply.status} {said or reply.reason}".split())
        raise FailedTryError(Failure(cause, line, raw(reply.body, hidden), reply.retry_after_s))
    if reply.content_type != "application/json" and not reply.content_type.endswith("+json"):
        raise failed("content-type", f"the answer is {reply.content_type[:60] or 'of no type'}, not application/json")
    try:
        reply.body.decode("utf-8")
    except UnicodeDecodeError:
        raise failed("encoding", "the answer is not UTF-8") from None
    try:
        return model.model_validate_json(reply.body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        line = f"the answer is not of the form expected: {place + ': ' if place else ''}{first['msg']}"
        raise failed("schema", line[:200], raw(reply.body, hidden)) from None
