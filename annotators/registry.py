"""Finds annotators by the names of their files, and imports one only when it is asked for."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from typing import cast

from osmo.annotators.judge import Judge
from osmo.annotators.voter import Voter
from osmo.annotators.writer import Writer

_VOTERS = ("osmo.annotators.embedded", "osmo.annotators.lmm")
_LLM = ("osmo.annotators.llm",)


class UnknownAnnotatorError(ValueError):
    """No annotator of a kind has this name."""

    def __init__(self, kind: str, name: str, available: list[str]) -> None:
        self.name = name
        self.available = available
        close = difflib.get_close_matches(name, available, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        super().__init__(f"No {kind} {name!r}.{hint} Available: {', '.join(available)}.")


def voters() -> list[str]:
    """Names of all voters."""
    return sorted(_places("create_voter", _VOTERS))


def voter(name: str) -> Voter:
    """The voter of annotators/embedded/<name>.py or annotators/lmm/<name>.py.

    Raises:
        UnknownAnnotatorError: There is none.
    """
    return cast(Voter, _create("voter", name, _VOTERS))


def judge(name: str) -> Judge:
    """The judge of annotators/llm/<name>.py.

    Raises:
        UnknownAnnotatorError: There is none.
    """
    return cast(Judge, _create("judge", name, _LLM))


def writer(name: str) -> Writer:
    """The writer of annotators/llm/<name>.py.

    Raises:
        UnknownAnnotatorError: There is none.
    """
    return cast(Writer, _create("writer", name, _LLM))


def _create(kind: str, name: str, packages: tuple[str, ...]) -> object:
    factory = f"create_{kind}"
    places = _places(factory, packages)
    if name not in places:
        raise UnknownAnnotatorError(kind, name, sorted(places))
    return getattr(importlib.import_module(places[name]), factory)()


def _places(factory: str, packages: tuple[str, ...]) -> dict[str, str]:
    """Modules whose source defines `factory`: the name of the file is the name of the annotator."""
    places: dict[str, str] = {}
    for package_name in packages:
        package = importlib.import_module(package_name)
        for found in pkgutil.iter_modules(package.__path__):
            spec = found.module_finder.find_spec(found.name, None)
            loader = spec.loader if spec else None
            source = loader.get_source(found.name) if loader and hasattr(loader, "get_source") else None
            if source and f"def {factory}(" in source:
                assert found.name not in places, f"two annotators are called {found.name}"
                places[found.name] = f"{package_name}.{found.name}"
    return places
