"""Which annotation regions are accepted: no error, a verdict that suffices, no rejecting review."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from osmo.tasks.qa.rule import Mask, is_region, truth
from osmo.tasks.reviews import REVIEWED, rejected

_FOUND = ("annotation_id", "region_id", "revision")


def accepted_regions(
    annotations: pa.Table, findings: pa.Table, verdicts: pa.Table, reviews: pa.Table, *, accept_score: int
) -> pa.Table:
    """The regions that count.

    Accepted ⇔ no error finding, every verdict on its content at least `accept_score` and none abstained, no rejecting
    review. A missing verdict means not accepted; a missing review does not block.

    Args:
        annotations: `ANNOTATIONS` body, current revisions.
        findings: `FINDINGS`.
        verdicts: `VERDICTS` body of the active judge.
        reviews: `REVIEWS` body.
        accept_score: 1–10.

    Returns:
        Rows of `annotations`, in their order.
    """
    living = is_region(annotations) & ~truth(annotations["deleted"]) & ~truth(annotations["skipped"])
    return annotations.filter(
        pa.array(
            living
            & ~with_errors(annotations, findings)
            & _scored(annotations, verdicts, accept_score)
            & ~_matches(annotations, rejected(reviews), REVIEWED)
        )
    )


def with_errors(annotations: pa.Table, findings: pa.Table) -> Mask:
    """Whether each region has an error finding; a finding on the whole clip is none of its regions'."""
    errors = findings.filter(pc.equal(findings["severity"], pa.scalar("error")))
    return _matches(annotations, errors, _FOUND) & is_region(annotations)


def _scored(annotations: pa.Table, verdicts: pa.Table, accept_score: int) -> Mask:
    enough = truth(pc.greater_equal(verdicts["score"], pa.scalar(accept_score)))
    passed = verdicts.filter(pa.array(enough))["content_key"].combine_chunks()
    failed = verdicts.filter(pa.array(~enough))["content_key"].combine_chunks()
    keys = annotations["content_key"]
    return truth(pc.is_in(keys, value_set=passed)) & ~truth(pc.is_in(keys, value_set=failed))


def _matches(annotations: pa.Table, others: pa.Table, names: tuple[str, ...]) -> Mask:
    """Whether each row agrees with some row of `others` in all of `names`."""
    if not others.num_rows:
        return np.zeros(annotations.num_rows, dtype=np.bool_)
    return truth(pc.is_in(_joined(annotations, names), value_set=_joined(others, names)))


def _joined(rows: pa.Table, names: tuple[str, ...]) -> pa.Array[Any]:
    texts = [rows[name].cast(pa.string()).combine_chunks() for name in names]
    # The unit separator occurs in no id; a null region_id becomes a text that is none either.
    joined: pa.Array[Any] = pc.binary_join_element_wise(  # type: ignore[call-overload]  # stubs know no separator
        *texts, "\x1f", null_handling="replace", null_replacement="\x1e"
    )
    return joined
