"""The contract test of a live model server: named checks, one function each, and what became of them.

A check may pass, fail, warn (the system works, and you should know), or be skipped with its reason. No result holds a
key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Generic, Literal, TypeVar

import httpx
from pydantic import SecretStr, ValidationError

from osmo.annotators.transports.keys import api_key
from osmo.schemas.endpoints import Endpoint

Outcome = Literal["passed", "failed", "warned", "skipped"]

LONGEST = 300
"""Most characters of what a server said, in a result."""


@dataclass(frozen=True)
class Result:
    """What became of one check.

    Attributes:
        check: Its name.
        outcome: passed, failed, warned or skipped.
        got: What was found; for a skipped one, why.
        expected: What was expected; null where it passed.
        remedy: What to do; null where it passed.
    """

    check: str
    outcome: Outcome
    got: str
    expected: str | None = None
    remedy: str | None = None


def passed(got: str) -> Result:
    """The check passed."""
    return Result("", "passed", got)


def failed(got: str, expected: str, remedy: str) -> Result:
    """The check failed."""
    return Result("", "failed", got, expected, remedy)


def warned(got: str, expected: str, remedy: str) -> Result:
    """The server is not what it might be, and the system gets along with it."""
    return Result("", "warned", got, expected, remedy)


def skipped(why: str) -> Result:
    """The check does not apply."""
    return Result("", "skipped", why)


class UnansweredError(Exception):
    """A request of a check was not answered with 200: the check ends there.

    Attributes:
        result: As what.
    """

    def __init__(self, result: Result) -> None:
        self.result = result
        super().__init__(result.got)


@dataclass(frozen=True)
class Server:
    """A server under test.

    Attributes:
        name: The annotator that asks it.
        endpoint: What the configuration says of it.
        url: Where it answers.
        key: Its key; null: none.
    """

    name: str
    endpoint: Endpoint
    url: str
    key: SecretStr | None = field(default=None, repr=False)

    @cached_property
    def http(self) -> httpx.Client:
        """Requests with the key; redirects are never followed."""
        return self.client(self.key)

    def client(self, key: SecretStr | None) -> httpx.Client:
        """Requests with another key, or with none."""
        headers = {} if key is None else {"Authorization": f"Bearer {key.get_secret_value()}"}
        # A server that closes after an error must not take the next check with it.
        limits = httpx.Limits(max_keepalive_connections=0)
        return httpx.Client(base_url=self.url, headers=headers, timeout=self.endpoint.timeout_s, limits=limits)

    def hide(self, text: str) -> str:
        """A text as one line that is short and holds no key."""
        line = " ".join(text.split())
        if self.key is not None:
            line = line.replace(self.key.get_secret_value(), "…")
        return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"

    def status(self, reply: httpx.Response) -> str:
        """A reply's status and what it says."""
        return self.hide(f"{reply.status_code} {reply.text}")

    def answered(self, reply: httpx.Response, remedy: str = "See the server's log.") -> httpx.Response:
        """The reply, which is 200.

        Raises:
            UnansweredError: It is not.
        """
        if reply.status_code != 200:
            raise UnansweredError(failed(self.status(reply), "200", remedy))
        return reply


S = TypeVar("S", bound=Server)


@dataclass(frozen=True)
class Check(Generic[S]):
    """One check: its name, and what makes it."""

    name: str
    run: Callable[[S], Result]


def run_checks(server: S, checks: Sequence[Check[S]]) -> Iterator[Result]:
    """The result of each check, in order, as it comes. Where nothing answers, the rest is skipped."""
    silent = False
    for check in checks:
        result = skipped("nothing answers") if silent else _result(server, check)
        silent = silent or result.got.startswith(_NO_CONNECTION)
        yield replace(
            result,
            check=check.name,
            got=server.hide(result.got),
            expected=None if result.expected is None else server.hide(result.expected),
        )


_NO_CONNECTION = "no connection"


def _result(server: S, check: Check[S]) -> Result:
    try:
        return check.run(server)
    except UnansweredError as error:
        return error.result
    except httpx.ConnectError as error:
        return failed(f"{_NO_CONNECTION} to {server.url}: {error}", "a server", "Start it, or correct its url.")
    except httpx.HTTPError as error:
        what = f"{type(error).__name__}: {error}"
        return failed(what, "a whole answer", "See the server's log; a timeout is timeout_s of the configuration.")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "reply"
        return failed(f"{place}: {first['msg']}", "a reply in the contract's form", "Serve what speaks the contract.")


def contract_test(name: str, endpoint: Endpoint, *, url: str | None = None) -> Iterator[Result]:
    """Ask a live server everything that its contract says.

    Args:
        name: The annotator.
        endpoint: What the configuration says of its model.
        url: Where it answers, in place of the configuration's address.

    Raises:
        MissingEndpointError: There is no address.
        MissingKeyError: The environment lacks its key.
    """
    from osmo.annotators.servers.chat_checks import CHAT_CHECKS, ChatServer
    from osmo.annotators.servers.sidecar_checks import SIDECAR_CHECKS, SidecarServer

    if endpoint.transport == "local":
        return iter([replace(skipped("its model runs in the process that asks it"), check="transport")])
    where = url.rstrip("/") if url else endpoint.address(name)
    key = api_key(name, endpoint)
    if endpoint.transport == "prescreen":
        return run_checks(SidecarServer(name, endpoint, where, key), SIDECAR_CHECKS)
    return run_checks(ChatServer(name, endpoint, where, key), CHAT_CHECKS)
