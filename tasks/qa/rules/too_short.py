"""A region shorter than an emotion can be told apart (paper: 1 s). Error."""

from __future__ import annotations

import pyarrow as pa

from osmo.schemas.config import QualityConfig
from osmo.schemas.keys import milliseconds
from osmo.tasks.qa.rule import Rule, found, spans, times


def create_rule(settings: QualityConfig) -> Rule:
    """Error on each region longer than nothing and shorter than `min_duration_s`; `zero_length` has the others."""
    least_ms = milliseconds(settings.min_duration_s)

    def check(annotations: pa.Table, clips: pa.Table) -> pa.Table:
        at = spans(annotations)
        flagged = at.timed & (at.duration_ms > 0) & (at.duration_ms < least_ms)
        return found(
            annotations,
            flagged,
            rule="too_short",
            severity="error",
            detail=lambda rows: [f"{span} is shorter than {settings.min_duration_s:g} s" for span in times(rows)],
        )

    return Rule("too_short", "error", check)
