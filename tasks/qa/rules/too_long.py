"""A region longer than one emotional episode (paper: 25 s). Error."""

from __future__ import annotations

import pyarrow as pa

from osmo.schemas.config import QualityConfig
from osmo.schemas.keys import milliseconds
from osmo.tasks.qa.rule import Rule, found, spans, times


def create_rule(settings: QualityConfig) -> Rule:
    """Error on each region longer than `max_duration_s`."""
    most_ms = milliseconds(settings.max_duration_s)

    def check(annotations: pa.Table, clips: pa.Table) -> pa.Table:
        at = spans(annotations)
        return found(
            annotations,
            at.timed & (at.duration_ms > most_ms),
            rule="too_long",
            severity="error",
            detail=lambda rows: [f"{span} is longer than {settings.max_duration_s:g} s" for span in times(rows)],
        )

    return Rule("too_long", "error", check)
