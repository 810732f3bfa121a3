"""Finds annotators by the names of their files, and imports one only when it is asked for."""

from __future__ import annotations

from typing import cast

from osmo.annotators.describer import Describer
from osmo.annotators.judge import Judge
from osmo.annotators.voter import Voter
from osmo.annotators.writer import Writer
from osmo.schemas.endpoints import NO_MODELS, Models
from osmo.schemas.extensions import ExtensionPoint

VOTERS = ExtensionPoint("voter", ("osmo.annotators.embedded", "osmo.annotators.lmm"), "create_voter")
JUDGES = ExtensionPoint("judge", ("osmo.annotators.llm",), "create_judge")
WRITERS = ExtensionPoint("writer", ("osmo.annotators.llm",), "create_writer")
DESCRIBERS = ExtensionPoint("describer", ("osmo.annotators.lmm",), "create_describer")


def voter(name: str, models: Models = NO_MODELS) -> Voter:
    """The voter of annotators/embedded/<name>.py or annotators/lmm/<name>.py.

    Args:
        name: The file's name.
        models: Where models answer, for annotators that ask one.

    Raises:
        UnknownExtensionError: There is none.
        MissingEndpointError: It asks a model of which `models` says nothing.
        UnpinnedModelError: Its model's revision is not pinned. So for all of these.
    """
    return cast(Voter, VOTERS.create(name, models))


def judge(name: str, models: Models = NO_MODELS) -> Judge:
    """The judge of annotators/llm/<name>.py, as `voter` says."""
    return cast(Judge, JUDGES.create(name, models))


def writer(name: str, models: Models = NO_MODELS) -> Writer:
    """The writer of annotators/llm/<name>.py, as `voter` says."""
    return cast(Writer, WRITERS.create(name, models))


def describer(name: str, models: Models = NO_MODELS) -> Describer:
    """The describer of annotators/lmm/<name>.py, as `voter` says."""
    return cast(Describer, DESCRIBERS.create(name, models))
