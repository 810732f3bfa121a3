"""What a transport hands to a server: a request that may be sent several times, and how the server is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from osmo.annotators.answer import Usage
from osmo.annotators.transports.exchange import Reply
from osmo.annotators.transports.said import Hidden

T = TypeVar("T")
R = TypeVar("R", covariant=True)


class Ask(Protocol[R]):
    """One request that may be sent several times."""

    @property
    def path(self) -> str:
        """Where below the server's address, with its slash."""
        ...

    @property
    def texts(self) -> tuple[str, ...]:
        """What no message may quote."""
        ...

    def body(self) -> bytes:
        """JSON of this try."""
        ...

    def read(self, reply: Reply, hidden: Hidden) -> R:
        """What the answer says.

        Raises:
            FailedTryError: Nothing usable, or not all that was asked for.
        """
        ...


@dataclass(frozen=True)
class Door:
    """How a server is known.

    Attributes:
        path: What is got before the first question, and by every knock.
        look: Looks at the answer to it; raises `FailedTryError` where this is not the server that is meant.
        plain: A question that every such server answers: no refusal is believed before it is answered, because a
            server that was set up wrongly refuses everything; null: what `look` saw is proof enough.
    """

    path: str
    look: Callable[[Reply], None]
    plain: Ask[object] | None = None


@dataclass(frozen=True)
class Got(Generic[T]):
    """What was read from an answer, and what it took."""

    value: T
    usage: Usage
