"""The stated polarity speaks against the polarity of the named concepts.

Error: `positive` where every concept that has a polarity is negative, or the other way round. Warning: `positive` or
`negative` where the concepts are of both; `neutral` beside any concept that has a polarity; `mixed` where all concepts
have one and the same. Concepts that are neutral or mixed by themselves (surprise) go with everything, and so do own
words.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from osmo.schemas.config import QualityConfig
from osmo.schemas.tables import FINDINGS
from osmo.schemas.vocabulary import vocabulary
from osmo.tasks.qa.rule import Mask, Rule, found, truth

Counts = npt.NDArray[np.int64]


def create_rule(settings: QualityConfig) -> Rule:
    """Compare each region's polarity with its concepts'."""

    def detail(rows: pa.Table) -> list[str]:
        stated, emotions = rows["polarity"].to_pylist(), rows["emotions"].to_pylist()
        return [f"{polarity} beside {', '.join(named or ())}" for polarity, named in zip(stated, emotions, strict=True)]

    def check(annotations: pa.Table, clips: pa.Table) -> pa.Table:
        error, warning = contradictions(annotations)
        return pa.concat_tables(
            [
                FINDINGS.empty(),
                found(annotations, error, rule="contradicting_polarity", severity="error", detail=detail),
                found(annotations, warning, rule="contradicting_polarity", severity="warning", detail=detail),
            ]
        )

    return Rule("contradicting_polarity", "error", check)


def contradictions(annotations: pa.Table) -> tuple[Mask, Mask]:
    """Rows with an error, and rows with a warning, as the module says."""
    positive, negative, either = (
        _count(annotations, *polarities) for polarities in (("positive",), ("negative",), ("neutral", "mixed"))
    )
    says = {
        name: truth(pc.equal(annotations["polarity"], pa.scalar(name)))
        for name in ("positive", "negative", "neutral", "mixed")
    }
    up, down = positive > 0, negative > 0
    error = (says["positive"] & down & ~up) | (says["negative"] & up & ~down)
    both = (says["positive"] | says["negative"]) & up & down
    warning = both | (says["neutral"] & (up | down)) | (says["mixed"] & (up ^ down) & (either == 0))
    return error, warning


def _count(annotations: pa.Table, *polarities: str) -> Counts:
    """How many concepts of these polarities each row names; concepts outside the vocabulary have none."""
    concepts = pa.array(
        [concept.id for concept in vocabulary().concepts if concept.polarity in polarities], pa.string()
    )
    emotions = annotations["emotions"].combine_chunks()
    named = truth(pc.is_in(pc.list_flatten(emotions), value_set=concepts))
    parents = np.asarray(pc.list_parent_indices(emotions).to_numpy(), dtype=np.int64)
    return np.bincount(parents[named], minlength=annotations.num_rows)
