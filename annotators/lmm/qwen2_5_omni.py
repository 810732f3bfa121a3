"""Describer: Qwen2.5-Omni (Xu et al., 2025): what is heard, behind a chat server."""

from __future__ import annotations

from osmo.annotators.lmm.describer import LmmDescriber
from osmo.annotators.lmm.traits import DescriberTraits
from osmo.schemas.endpoints import Models

DESCRIBES = DescriberTraits(name="qwen2_5_omni", describes="acoustic", longest_s=30.0)


def create_describer(models: Models) -> LmmDescriber:
    """The describer."""
    return LmmDescriber(DESCRIBES, models)
