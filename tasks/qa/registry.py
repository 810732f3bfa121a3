"""Finds rules by the names of their files, and imports one only when it is asked for."""

from __future__ import annotations

from typing import cast

from osmo.schemas.config import QualityConfig
from osmo.schemas.extensions import ExtensionPoint
from osmo.tasks.qa.rule import Rule

RULES = ExtensionPoint("rule", ("osmo.tasks.qa.rules",), "create_rule")


def rule(name: str, settings: QualityConfig) -> Rule:
    """The rule of tasks/qa/rules/<name>.py, with its thresholds.

    Raises:
        UnknownExtensionError: There is none.
    """
    created = cast(Rule, RULES.create(name, settings))
    assert created.name == name, f"tasks/qa/rules/{name}.py makes a rule called {created.name!r}"
    return created
