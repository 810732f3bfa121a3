"""A region that ends where it starts, or before: a drag that was too fast. Error."""

from __future__ import annotations

import pyarrow as pa

from osmo.schemas.config import QualityConfig
from osmo.tasks.qa.rule import Rule, found, spans, times


def create_rule(settings: QualityConfig) -> Rule:
    """Error on each region whose end is not after its start, to the millisecond."""

    def check(annotations: pa.Table, clips: pa.Table) -> pa.Table:
        at = spans(annotations)
        return found(
            annotations,
            at.timed & (at.duration_ms <= 0),
            rule="zero_length",
            severity="error",
            detail=lambda rows: [f"{span} does not end after its start" for span in times(rows)],
        )

    return Rule("zero_length", "error", check)
