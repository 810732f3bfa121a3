"""Extractors are found by the names of their files."""

from __future__ import annotations

import pytest

from osmo.schemas.config import SenseConfig
from osmo.schemas.extensions import UnknownExtensionError
from osmo.tasks.cues.registry import EXTRACTORS, extractor


def test_every_extractor_is_named_after_its_file() -> None:
    assert EXTRACTORS.names() == ["acoustic", "ocular", "visual"]
    assert [extractor(name).name for name in EXTRACTORS.names()] == EXTRACTORS.names()
    assert set(SenseConfig().extractors) <= set(EXTRACTORS.names())


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownExtensionError, match="Did you mean 'ocular'"):
        extractor("oculer")
