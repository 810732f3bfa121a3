"""Sources named by words."""

from __future__ import annotations

from pathlib import Path

import pytest

from osmo.flows.sources import named_sources
from osmo.schemas.config import ConfigError, Source


def test_a_word_is_an_adapter_and_a_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert named_sources(["aea:s3://bucket/aea", "folder:here"], Path("s.csv")) == [
        Source(adapter="aea", path="s3://bucket/aea", subjects=str(tmp_path / "s.csv")),
        Source(adapter="folder", path=str(tmp_path / "here"), subjects=str(tmp_path / "s.csv")),
    ]


@pytest.mark.parametrize("word", ["folder", "folder:", ":/data", "s3://bucket/x"])
def test_another_word_is_refused(word: str) -> None:
    with pytest.raises(ConfigError, match="expected SOURCE:PATH"):
        named_sources([word], None)


def test_subjects_need_a_source_that_they_are_of() -> None:
    with pytest.raises(ConfigError, match="--subjects goes with SOURCE:PATH"):
        named_sources([], Path("s.csv"))
