"""Adapters are found by the names of their files."""

from __future__ import annotations

import pytest

from osmo.schemas.extensions import UnknownExtensionError
from osmo.tasks.sources.registry import ADAPTERS, adapter


def test_an_adapter_is_called_like_its_file() -> None:
    assert "folder" in ADAPTERS.names()
    assert adapter("folder").name == "folder"


def test_an_unknown_name_is_refused_with_what_there_is() -> None:
    with pytest.raises(UnknownExtensionError, match=r"No adapter 'foldr'\. Did you mean 'folder'\? Available: "):
        adapter("foldr")
