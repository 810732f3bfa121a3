"""What asking gives beside the answer itself: what it took, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

N = TypeVar("N", int, float)


@dataclass(frozen=True)
class Usage:
    """What one answer took, all tries together.

    Attributes:
        tokens_in: Prompt tokens; null: no language model, or the server does not say.
        tokens_out: Answer tokens; null as above.
        latency_ms: Milliseconds from the first try's start to the answer; null: not measured.
        attempts: Requests made.
    """

    tokens_in: int | None = None
    tokens_out: int | None = None
    latency_ms: float | None = None
    attempts: int = 1

    def __add__(self, more: Usage) -> Usage:
        """Both together; what neither knows stays null."""
        return Usage(
            _sum(self.tokens_in, more.tokens_in),
            _sum(self.tokens_out, more.tokens_out),
            _sum(self.latency_ms, more.latency_ms),
            self.attempts + more.attempts,
        )


NOTHING = Usage()
"""What an annotator took that runs here and counts nothing."""


@dataclass(frozen=True)
class Unanswered:
    """No answer was had, through no fault of the question: what was asked about stays open.

    Attributes:
        problem: What happened, in one line, without any secret.
        where: Address of the server.
        remedy: What to do about it.
        gone: Whether the server answers nobody, so that asking it more is of no use now.
        attempts: Requests made.
    """

    problem: str
    where: str
    remedy: str = "See that the server runs (`osmo annotators check`), then build again."
    gone: bool = False
    attempts: int = 1


def _sum(one: N | None, other: N | None) -> N | None:
    if one is None or other is None:
        return other if one is None else one
    return one + other
