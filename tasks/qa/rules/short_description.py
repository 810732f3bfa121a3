"""A cause in fewer words than can say why. Error."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from osmo.schemas.config import QualityConfig
from osmo.tasks.qa.rule import Rule, found, truth

_HAN = r"\p{Han}"
_WORD = r"[\p{L}\p{N}]+(?:['’\-][\p{L}\p{N}]+)*"


def create_rule(settings: QualityConfig) -> Rule:
    """Error on each cause of fewer than `min_cause_words` words; an empty one is `missing_fields`'."""

    def check(annotations: pa.Table, clips: pa.Table) -> pa.Table:
        causes = annotations["cause"]
        given = truth(pc.not_equal(pc.utf8_trim_whitespace(causes), pa.scalar("")))
        few = word_counts(causes) < settings.min_cause_words
        return found(
            annotations,
            given & few,
            rule="short_description",
            severity="error",
            detail=lambda rows: [
                f"{cause!r} has {count:g} words, fewer than {settings.min_cause_words}"
                for cause, count in zip(rows["cause"].to_pylist(), word_counts(rows["cause"]).tolist(), strict=True)
            ],
        )

    return Rule("short_description", "error", check)


def word_counts(texts: pa.ChunkedArray[Any]) -> npt.NDArray[np.float64]:
    """Words of each text, two Chinese characters counting as one; null has none."""
    han = pc.count_substring_regex(texts, _HAN).fill_null(0)
    rest = pc.replace_substring_regex(texts, _HAN, " ")
    words = pc.count_substring_regex(rest, _WORD).fill_null(0)
    return np.asarray(words.to_numpy() + han.to_numpy() / 2, dtype=np.float64)
