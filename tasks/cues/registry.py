"""Finds extractors by the names of their files, and imports one only when it is asked for."""

from __future__ import annotations

from typing import cast

from osmo.schemas.extensions import ExtensionPoint
from osmo.tasks.cues.extractor import Extractor

EXTRACTORS = ExtensionPoint("cue extractor", ("osmo.tasks.cues",), "create_extractor")


def extractor(name: str) -> Extractor:
    """The extractor of tasks/cues/<name>.py.

    Raises:
        UnknownExtensionError: There is none.
    """
    return cast(Extractor, EXTRACTORS.create(name))
