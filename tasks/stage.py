"""The contract of stages: which rows they need, and how they compute the results of some of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa

from osmo.schemas.table import Table
from osmo.storage.media import Media


@dataclass(frozen=True)
class Problem:
    """Why an input row has no result.

    Attributes:
        recording_id: The recording, or what stands for it.
        key: Input key of the row.
        permanent: Whether another try cannot help; the engine does not try again until `osmo retry`.
        what: What happened, in one line.
        where: File, object, row or address.
        remedy: What to do about it.
        warning: Whether there is a result all the same.
    """

    recording_id: str
    key: str
    permanent: bool
    what: str
    where: str
    remedy: str
    warning: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a stage made of some input rows.

    Attributes:
        rows: Rows of the written table's `body_schema`.
        input_keys: For each of `rows`, the input row's key.
        problems: What failed; an input row without result and without problem counts as failed.
        attempts: Calls made, retries included.
        cost: Money spent.
        pause: Why the stage cannot go on now, in one line; null: it can. What is left is then not computed.
    """

    rows: pa.Table
    input_keys: Sequence[str]
    problems: Sequence[Problem] = field(default=())
    attempts: int = 0
    cost: float = 0.0
    pause: str | None = None


class Stage(Protocol):
    """One stage, bound to its parameters."""

    @property
    def name(self) -> str:
        """Unique in the pipeline; a voter's is prescreen:<voter>."""
        ...

    @property
    def writes(self) -> Table:
        """The log it fills."""
        ...

    @property
    def fingerprint(self) -> str:
        """Of its version and parameters."""
        ...

    @property
    def flush_rows(self) -> int:
        """Input rows after which a part is written."""
        ...

    def needs(self, bucket: int) -> pa.Table:
        """Input rows of a bucket: `input_key` and `recording_id`, and what `compute` reads."""
        ...

    def compute(self, rows: pa.Table, media: Media) -> Outcome:
        """Results of some input rows."""
        ...
