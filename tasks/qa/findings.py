"""Runs every rule over the annotations."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from osmo.schemas.config import QualityConfig
from osmo.schemas.tables import FINDINGS
from osmo.tasks.qa.registry import RULES, rule


def findings(annotations: pa.Table, clips: pa.Table, settings: QualityConfig) -> pa.Table:
    """What the rules found.

    Args:
        annotations: `ANNOTATIONS`, current revisions only; what was deleted or skipped is passed over.
        clips: `CLIPS`, those that the annotations are of among them.
        settings: Thresholds.

    Returns:
        `FINDINGS` by rule, within a rule in the order of the annotations.
    """
    spoken = annotations.filter(pc.invert(pc.or_(annotations["deleted"], annotations["skipped"])))
    return pa.concat_tables(
        [FINDINGS.empty(), *(rule(name, settings).check(spoken, clips) for name in RULES.names())]
    ).combine_chunks()
