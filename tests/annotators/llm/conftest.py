"""What tests of writers share."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def chain_bundles() -> ModuleType:
    """tests/annotators/llm/chain_bundles.py."""
    place = Path(__file__).with_name("chain_bundles.py")
    spec = importlib.util.spec_from_file_location("chain_bundles", place)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
