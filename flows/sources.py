"""Sources that are named on the command line or by a deployment's parameters, instead of the configured ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from osmo.schemas.config import ConfigError, Source


def named_sources(named: Sequence[str], subjects: Path | None) -> list[Source]:
    """Sources from words such as `aea:/data/aea` or `egolife:s3://bucket/egolife`.

    Args:
        named: Adapter and place with a colon between; relative places count from the working folder.
        subjects: Subjects file of all of them; null: none.

    Raises:
        ConfigError: A word has no colon, or there is a subjects file and nothing that it is of.
    """
    if subjects is not None and not named:
        raise ConfigError(None, "--subjects goes with SOURCE:PATH; in osmo.toml it is `subjects` of a source")
    return [_source(word, subjects) for word in named]


def _source(word: str, subjects: Path | None) -> Source:
    adapter, colon, place = word.partition(":")
    if not colon or not adapter or not place or place.startswith("//"):
        raise ConfigError(None, f"{word!r} is no source: expected SOURCE:PATH such as folder:/data/recordings")
    path = place if "://" in place else str(Path(place).absolute())
    return Source(adapter=adapter, path=path, subjects=None if subjects is None else str(subjects.absolute()))
