"""Adapters are found by the names of their files."""

from __future__ import annotations

import pytest

from osmo.tasks.sources.registry import UnknownAdapterError, adapter, adapters


def test_an_adapter_is_called_like_its_file() -> None:
    assert "folder" in adapters()
    assert adapter("folder").name == "folder"


def test_an_unknown_name_is_refused_with_what_there_is() -> None:
    with pytest.raises(UnknownAdapterError, match=r"No adapter 'foldr'\. Did you mean 'folder'\? Available: .*folder"):
        adapter("foldr")
