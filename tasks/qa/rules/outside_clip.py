"""A region that reaches out of its clip, or whose clip is unknown. Error."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from osmo.schemas.config import QualityConfig
from osmo.tasks.qa.rule import Rule, found, spans, times

TOLERANCE_MS = 100
"""One frame of the labelling proxy: its last frame may reach this far beyond the clip."""


def create_rule(settings: QualityConfig) -> Rule:
    """Error on each region more than `TOLERANCE_MS` outside its clip, and on each of a clip that is in no table."""

    def check(annotations: pa.Table, clips: pa.Table) -> pa.Table:
        at = spans(annotations)
        length_ms = np.rint(_clip_lengths_s(annotations, clips) * 1000.0)
        outside = (at.start_ms < -TOLERANCE_MS) | (at.end_ms > length_ms + TOLERANCE_MS) | np.isnan(length_ms)

        def detail(rows: pa.Table) -> list[str]:
            lengths = _clip_lengths_s(rows, clips).tolist()
            return [
                f"{span} lies in clip {clip_id}, which no table of clips has"
                if length != length
                else f"{span} reaches out of its clip of {length:.3f} s"
                for span, clip_id, length in zip(times(rows), rows["clip_id"].to_pylist(), lengths, strict=True)
            ]

        return found(annotations, at.timed & outside, rule="outside_clip", severity="error", detail=detail)

    return Rule("outside_clip", "error", check)


def _clip_lengths_s(annotations: pa.Table, clips: pa.Table) -> npt.NDArray[np.float64]:
    """Length of each row's clip; NaN where the clip is unknown."""
    lengths = pc.subtract(clips["end_s"], clips["start_s"])
    places = pc.index_in(annotations["clip_id"], value_set=clips["clip_id"].combine_chunks())
    return np.asarray(lengths.take(places).to_numpy(), dtype=np.float64)
