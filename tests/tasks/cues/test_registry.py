"""Extractors are found by the names of their files."""

from __future__ import annotations

import pytest

from osmo.schemas.config import SenseConfig
from osmo.tasks.cues.registry import UnknownExtractorError, extractor, extractors


def test_every_extractor_is_named_after_its_file() -> None:
    assert extractors() == ["acoustic", "ocular", "visual"]
    assert [extractor(name).name for name in extractors()] == extractors()
    assert set(SenseConfig().extractors) <= set(extractors())


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownExtractorError, match="Did you mean 'ocular'"):
        extractor("oculer")
