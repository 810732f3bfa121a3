"""Finds extractors by the names of their files, and imports one only when it is asked for."""

from __future__ import annotations

from typing import cast

from osmo.annotators.describer import Describer
from osmo.schemas.endpoints import NO_MODELS, Models
from osmo.schemas.extensions import ExtensionPoint, UnknownExtensionError
from osmo.tasks.cues.described import Described
from osmo.tasks.cues.extractor import Extractor

EXTRACTORS = ExtensionPoint("cue extractor", ("osmo.tasks.cues",), "create_extractor")

# Found by its place, and not through the registry of annotators, which knows voters and their labels.
_DESCRIBERS = ExtensionPoint("describer", ("osmo.annotators.lmm",), "create_describer")


def names() -> list[str]:
    """Names of all extractors, those that describe among them, sorted."""
    measuring, describing = EXTRACTORS.names(), _DESCRIBERS.names()
    both = set(measuring) & set(describing)
    assert not both, f"both an extractor and a describer are called {both}"
    return sorted([*measuring, *describing])


def extractor(name: str, models: Models = NO_MODELS) -> Extractor:
    """The extractor of tasks/cues/<name>.py, or the describer of annotators/lmm/<name>.py as one.

    Args:
        name: The file's name.
        models: Where models answer, for describers.

    Raises:
        UnknownExtensionError: There is none.
        MissingEndpointError: It asks a model of which `models` says nothing.
        UnpinnedModelError: Its model's revision is not pinned.
    """
    if name in EXTRACTORS.names():
        return cast(Extractor, EXTRACTORS.create(name))
    known = names()
    if name not in known:
        raise UnknownExtensionError(EXTRACTORS.kind, name, known)
    return Described(cast(Describer, _DESCRIBERS.create(name, models)))
