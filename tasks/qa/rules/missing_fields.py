"""An answer that leaves out what the page asks for. Error; a field that its source never had is passed over."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from osmo.schemas.config import QualityConfig
from osmo.tasks.qa.rule import Mask, Rule, found, is_region, missing_for_good, spans, truth

_ASKED = ("polarity", "intensity", "cause")


def create_rule(settings: QualityConfig) -> Rule:
    """Error on each region without times, emotion, polarity, intensity or cause, and each clip without an answer.

    Own words stand for an emotion; blank text stands for none.
    """

    def check(annotations: pa.Table, clips: pa.Table) -> pa.Table:
        masks = missing(annotations)
        flagged = np.logical_or.reduce([*masks.values()])

        def detail(rows: pa.Table) -> list[str]:
            where = {name: mask[flagged].tolist() for name, mask in masks.items()}
            return [f"missing: {', '.join(name for name in where if where[name][row])}" for row in range(rows.num_rows)]

        return found(annotations, flagged, rule="missing_fields", severity="error", detail=detail)

    return Rule("missing_fields", "error", check)


def missing(annotations: pa.Table) -> dict[str, Mask]:
    """For each field, the rows that leave it out."""
    region = is_region(annotations)
    named = truth(pc.greater(pc.list_value_length(annotations["emotions"]), pa.scalar(0)))
    worded = truth(pc.greater(pc.list_value_length(annotations["own_words"]), pa.scalar(0)))
    masks = {"times": region & ~spans(annotations).timed, "emotion": region & ~(named | worded)}
    for field in _ASKED:
        given = truth(annotations[field].is_valid())
        if field == "cause":
            given &= truth(pc.not_equal(pc.utf8_trim_whitespace(annotations[field]), pa.scalar("")))
        masks[field] = region & ~given & ~missing_for_good(annotations, field)
    masks["clip_status"] = ~region & ~truth(annotations["clip_status"].is_valid())
    return masks
