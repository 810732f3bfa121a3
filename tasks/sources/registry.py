"""Finds dataset adapters by the names of their files, and imports one only when it is asked for."""

from __future__ import annotations

from typing import cast

from osmo.schemas.extensions import ExtensionPoint
from osmo.tasks.sources.adapter import Adapter

ADAPTERS = ExtensionPoint("adapter", ("osmo.tasks.sources",), "create_adapter")


def adapter(name: str) -> Adapter:
    """The adapter of tasks/sources/<name>.py.

    Raises:
        UnknownExtensionError: There is none.
    """
    return cast(Adapter, ADAPTERS.create(name))
