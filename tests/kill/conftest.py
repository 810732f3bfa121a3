"""A small source, and the store that an undisturbed build makes of it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from osmo.storage.store import Store


def _load(name: str) -> ModuleType:  # with importlib mode no folder of tests is importable by name
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


_load("driver")
write_source = _load("small_source").write_source
_stores = _load("kill_stores")
Driven, LOGS = _stores.Driven, _stores.LOGS


@pytest.fixture(scope="session")
def driven(tmp_path_factory: pytest.TempPathFactory) -> Driven:
    scratch = tmp_path_factory.mktemp("scratch")
    return Driven(write_source(tmp_path_factory.mktemp("source")), scratch)


@pytest.fixture(scope="session")
def undisturbed(driven: Driven, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store that nothing disturbed, with something in every log that a build fills."""
    store = tmp_path_factory.mktemp("undisturbed") / "store"
    assert driven.build(str(store)) == 0
    empty = {table.name for table in LOGS if not Store.open(str(store)).read(table).num_rows}
    assert empty == {"reviews", "consents", "erasures"}
    return store
