"""Checks the names in a configuration before anything runs: a misspelt voter must not cost a night."""

from __future__ import annotations

from osmo.annotators.registry import JUDGES, VOTERS, WRITERS
from osmo.schemas.config import OsmoConfig
from osmo.schemas.extensions import UnknownExtensionError
from osmo.tasks.cues.registry import EXTRACTORS
from osmo.tasks.engines.registry import ENGINES
from osmo.tasks.sources.registry import ADAPTERS
from osmo.tasks.splits import PROTOCOLS
from osmo.tasks.tracks.registry import TRACKERS


def check_names(config: OsmoConfig) -> None:
    """Look up every extension that a configuration names; none is imported.

    Raises:
        UnknownExtensionError: The first that does not exist.
    """
    asked = (
        (ADAPTERS, [source.adapter for source in config.sources]),
        (ENGINES, [config.segment.engine]),
        (TRACKERS, config.evidence.trackers),
        (VOTERS, config.prescreen.voters),
        (JUDGES, [config.quality.judge]),
        (EXTRACTORS, config.sense.extractors),
        (WRITERS, [config.sense.writer]),
        (PROTOCOLS, config.release.protocols),
    )
    for point, names in asked:
        available = point.names()
        for name in names:
            if name not in available:
                raise UnknownExtensionError(point.kind, name, available)
