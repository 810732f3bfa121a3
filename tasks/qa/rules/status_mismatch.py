"""The answer for the whole clip and the regions contradict each other.

Regions under `no_emotion` or `unusable` are errors, one on each region: what the annotator meant is unknown, and none
becomes an event. `has_emotion` without a region is a warning: the clip counts as finished, with nothing marked.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from osmo.schemas.config import QualityConfig
from osmo.schemas.tables import FINDINGS
from osmo.tasks.qa.rule import Mask, Rule, found, is_region, truth


def create_rule(settings: QualityConfig) -> Rule:
    """Compare the regions of each annotation with its answer for the clip."""

    def check(annotations: pa.Table, clips: pa.Table) -> pa.Table:
        region = is_region(annotations)
        refused = region & _among(annotations, ~region & _status(annotations, "no_emotion", "unusable"))
        bare = ~region & _status(annotations, "has_emotion") & ~_among(annotations, region)
        return pa.concat_tables(
            [
                FINDINGS.empty(),
                found(
                    annotations,
                    refused,
                    rule="status_mismatch",
                    severity="error",
                    detail=lambda rows: (
                        ["the same annotation answers no_emotion or unusable for the clip"] * rows.num_rows
                    ),
                ),
                found(
                    annotations,
                    bare,
                    rule="status_mismatch",
                    severity="warning",
                    detail=lambda rows: ["has_emotion, but no region is marked"] * rows.num_rows,
                ),
            ]
        )

    return Rule("status_mismatch", "error", check)


def _status(annotations: pa.Table, *statuses: str) -> Mask:
    return truth(pc.is_in(annotations["clip_status"], value_set=pa.array(statuses)))


def _among(annotations: pa.Table, chosen: Mask) -> Mask:
    """Whether each row's annotation has a chosen row."""
    ids = annotations["annotation_id"]
    theirs = ids.take(np.flatnonzero(chosen)).combine_chunks()
    return truth(pc.is_in(ids, value_set=theirs))
