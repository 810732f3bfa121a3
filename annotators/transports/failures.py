"""What a failed try means: failures.csv names every cause, how it ends and what to do about it.

Outcomes: `open` and `moved` are tried again and leave the question open in the end; `unreadable` is tried again and, if
every try ended so, is the server's answer to this question; `refused` is its answer at once; `misconfigured` is said to
everybody, so nobody is asked again. What is not foreseen leaves the question open: an abstention is never made of it.
"""

from __future__ import annotations

import csv
import functools
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.resources import files
from typing import Literal, cast

Ends = Literal["open", "unreadable", "moved", "refused", "misconfigured"]


@dataclass(frozen=True)
class Cause:
    """One row of the table.

    Attributes:
        name: A status, a class of them (5xx), or a word.
        outcome: How the try counts, as the module says.
        silent: Whether the server gave nothing that shows that it serves: enough of these and it is gone.
        why: Why it counts so.
        remedy: What to do; `<name>` stands for the annotator.
    """

    name: str
    outcome: Ends
    silent: bool
    why: str
    remedy: str


@dataclass(frozen=True)
class Failure:
    """One try that gave no answer.

    Attributes:
        cause: Its row of the table.
        line: What happened, in one line without key, prompt or media.
        raw: What the server said; null: nothing that is text.
        retry_after_s: Seconds that the server asks to wait; null: it does not say.
    """

    cause: Cause
    line: str
    raw: str | None = None
    retry_after_s: float | None = None

    @property
    def again(self) -> bool:
        """Whether another try may help."""
        return self.cause.outcome in ("open", "unreadable", "moved")

    def remedy(self, name: str) -> str:
        """What to do about it, for the annotator of that name."""
        return self.cause.remedy.replace("<name>", name)


class FailedTryError(Exception):
    """A try of a request gave no answer."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure.line)


@functools.cache
def causes() -> dict[str, Cause]:
    """Every row of failures.csv, by name."""
    text = files("osmo.annotators.transports").joinpath("failures.csv").read_text("utf-8")
    return {
        row["cause"]: Cause(row["cause"], cast(Ends, row["outcome"]), row["silent"] == "yes", row["why"], row["remedy"])
        for row in csv.DictReader(text.splitlines())
    }


def failed(cause: str, line: str, raw: str | None = None) -> FailedTryError:
    """A failed try of a cause that is named."""
    return FailedTryError(Failure(causes()[cause], line, raw))


def cause_of(status: int) -> Cause:
    """The cause of an HTTP status: its own row, else that of its class."""
    table = causes()
    return table.get(str(status)) or table.get(f"{status // 100}xx") or table["no-http"]


def retry_after(header: str | None) -> float | None:
    """Seconds that a Retry-After header asks to wait, 0 or more; null: it says nothing that can be read.

    Args:
        header: Seconds, or an HTTP date.
    """
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            at = parsedate_to_datetime(header)
        except ValueError:
            return None
        seconds = (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None
