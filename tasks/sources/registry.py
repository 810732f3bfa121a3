"""Finds dataset adapters by the names of their files, and imports one only when it is asked for."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from typing import cast

from osmo.tasks.sources.adapter import Adapter

_PACKAGE = "osmo.tasks.sources"
_FACTORY = "create_adapter"


class UnknownAdapterError(ValueError):
    """No adapter has this name."""

    def __init__(self, name: str, available: list[str]) -> None:
        self.name = name
        self.available = available
        close = difflib.get_close_matches(name, available, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        super().__init__(f"No adapter {name!r}.{hint} Available: {', '.join(available)}. See [[sources]].")


def adapters() -> list[str]:
    """Names of all adapters."""
    found = []
    for module in pkgutil.iter_modules(importlib.import_module(_PACKAGE).__path__):
        spec = module.module_finder.find_spec(module.name, None)
        loader = spec.loader if spec else None
        source = loader.get_source(module.name) if loader and hasattr(loader, "get_source") else None
        if source and f"def {_FACTORY}(" in source:
            found.append(module.name)
    return sorted(found)


def adapter(name: str) -> Adapter:
    """The adapter of tasks/sources/<name>.py.

    Raises:
        UnknownAdapterError: There is none.
    """
    available = adapters()
    if name not in available:
        raise UnknownAdapterError(name, available)
    return cast(Adapter, getattr(importlib.import_module(f"{_PACKAGE}.{name}"), _FACTORY)())
