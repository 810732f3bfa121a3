"""What the three-way human reviews say of an annotation region."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from osmo.tasks.qa.rule import truth

REVIEWED = ("annotation_id", "region_id", "content_key")
"""What a review is of: the region as it was when it was reviewed. An edit ends what was said of it."""


def rejected(reviews: pa.Table) -> pa.Table:
    """The regions that a reviewer rejects.

    The latest review by each reviewer counts; it rejects where category, localization or reasoning is false. Of two
    reviews of the same instant a rejecting one counts. What was not judged (null) rejects nothing.

    Args:
        reviews: `REVIEWS` body.

    Returns:
        annotation_id, region_id and content_key, one row per rejected region.
    """
    judged = [truth(pc.equal(reviews[name], pa.scalar(False))) for name in ("category", "localization", "reasoning")]
    rejecting = pa.array(np.logical_or.reduce(judged))
    rows = reviews.select([*REVIEWED, "reviewer_id", "reviewed_at"]).append_column("rejecting", rejecting)
    by = [*REVIEWED, "reviewer_id"]
    latest = rows.group_by([*by, "reviewed_at"]).aggregate([("rejecting", "any")])
    newest = rows.group_by(by).aggregate([("reviewed_at", "max")]).rename_columns([*by, "reviewed_at"])
    kept = latest.join(newest, [*by, "reviewed_at"], join_type="left semi")
    found = kept.filter(kept["rejecting_any"])
    return found.group_by(list(REVIEWED)).aggregate([]).sort_by([(name, "ascending") for name in REVIEWED])
