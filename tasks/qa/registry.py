"""Finds rules by the names of their files, and imports one only when it is asked for."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from typing import cast

from osmo.schemas.config import QualityConfig
from osmo.tasks.qa.rule import Rule

_PACKAGE = "osmo.tasks.qa.rules"


class UnknownRuleError(ValueError):
    """No rule has this name."""

    def __init__(self, name: str, available: list[str]) -> None:
        self.name = name
        self.available = available
        close = difflib.get_close_matches(name, available, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        super().__init__(f"No rule {name!r} in tasks/qa/rules/.{hint} Available: {', '.join(available)}.")


def rules() -> list[str]:
    """Names of all rules."""
    return sorted(module.name for module in pkgutil.iter_modules(importlib.import_module(_PACKAGE).__path__))


def rule(name: str, settings: QualityConfig) -> Rule:
    """The rule of tasks/qa/rules/<name>.py, with its thresholds.

    Raises:
        UnknownRuleError: There is none.
    """
    available = rules()
    if name not in available:
        raise UnknownRuleError(name, available)
    created = cast(Rule, importlib.import_module(f"{_PACKAGE}.{name}").create_rule(settings))
    assert created.name == name, f"tasks/qa/rules/{name}.py makes a rule called {created.name!r}"
    return created
