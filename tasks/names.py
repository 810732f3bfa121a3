"""Checks the names in a configuration before anything runs: a misspelt voter must not cost a night."""

from __future__ import annotations

from collections.abc import Iterable

from osmo.annotators.registry import DESCRIBERS, JUDGES, VOTERS, WRITERS
from osmo.schemas.config import OsmoConfig
from osmo.schemas.extensions import ExtensionPoint, UnknownExtensionError
from osmo.tasks.cues.registry import EXTRACTORS
from osmo.tasks.cues.registry import names as extractor_names
from osmo.tasks.engines.registry import ENGINES
from osmo.tasks.sources.registry import ADAPTERS
from osmo.tasks.splits import PROTOCOLS
from osmo.tasks.tracks.registry import TRACKERS

_LMM_VOTERS = ExtensionPoint("voter", ("osmo.annotators.lmm",), "create_voter")


def check_names(config: OsmoConfig) -> None:
    """Look up every extension that a configuration names, and whether it says where their models answer.

    Only who may ask a model is imported, and nothing is asked.

    Raises:
        UnknownExtensionError: The first that does not exist.
        MissingEndpointError: The first whose model is not configured.
        UnpinnedModelError: The first whose model's revision is not pinned.
    """
    asked = (
        (ADAPTERS, [source.adapter for source in config.sources]),
        (ENGINES, [config.segment.engine]),
        (TRACKERS, config.evidence.trackers),
        (VOTERS, config.prescreen.voters),
        (JUDGES, [config.quality.judge]),
        (WRITERS, [config.sense.writer]),
        (PROTOCOLS, config.release.protocols),
    )
    for point, names in asked:
        _look_up(point.kind, names, point.names())
    _look_up(EXTRACTORS.kind, config.sense.extractors, extractor_names())
    _bind(config)


def _look_up(kind: str, names: Iterable[str], available: list[str]) -> None:
    for name in names:
        if name not in available:
            raise UnknownExtensionError(kind, name, available)


def _bind(config: OsmoConfig) -> None:
    """Create everyone who may ask a model: whose model is not configured refuses that."""
    models = config.known_models()
    asking = (
        (_LMM_VOTERS, config.prescreen.voters),
        (JUDGES, [config.quality.judge]),
        (WRITERS, [config.sense.writer]),
        (DESCRIBERS, config.sense.extractors),
    )
    for point, names in asking:
        known = point.names()
        for name in names:
            if name in known:
                point.create(name, models)
