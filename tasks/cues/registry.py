"""Finds extractors by the names of their files, and imports one only when it is asked for."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from typing import cast

from osmo.tasks.cues.extractor import Extractor

_PACKAGE = "osmo.tasks.cues"
_FACTORY = "create_extractor"


class UnknownExtractorError(ValueError):
    """No extractor has this name."""

    def __init__(self, name: str, available: list[str]) -> None:
        self.name = name
        self.available = available
        close = difflib.get_close_matches(name, available, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        super().__init__(
            f"No cue extractor {name!r}.{hint} Available: {', '.join(available)}. Correct sense.extractors."
        )


def extractors() -> list[str]:
    """Names of all extractors: the files of tasks/cues/ that define `create_extractor`."""
    package = importlib.import_module(_PACKAGE)
    names: list[str] = []
    for found in pkgutil.iter_modules(package.__path__):
        spec = found.module_finder.find_spec(found.name, None)
        loader = spec.loader if spec else None
        source = loader.get_source(found.name) if loader and hasattr(loader, "get_source") else None
        if source and f"\ndef {_FACTORY}(" in source:
            names.append(found.name)
    return sorted(names)


def extractor(name: str) -> Extractor:
    """The extractor of tasks/cues/<name>.py.

    Raises:
        UnknownExtractorError: There is none.
    """
    available = extractors()
    if name not in available:
        raise UnknownExtractorError(name, available)
    return cast(Extractor, getattr(importlib.import_module(f"{_PACKAGE}.{name}"), _FACTORY)())
