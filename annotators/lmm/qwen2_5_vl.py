"""Describer: Qwen2.5-VL (Bai et al., 2025): what is seen, behind a chat server."""

from __future__ import annotations

from osmo.annotators.lmm.describer import LmmDescriber
from osmo.annotators.lmm.media_parts import Pictures
from osmo.annotators.lmm.traits import DescriberTraits
from osmo.schemas.endpoints import Models

DESCRIBES = DescriberTraits(
    name="qwen2_5_vl", describes="visual", longest_s=60.0, pictures=Pictures(fps=2.0, most=32, longest_s=60.0)
)


def create_describer(models: Models) -> LmmDescriber:
    """The describer."""
    return LmmDescriber(DESCRIBES, models)
