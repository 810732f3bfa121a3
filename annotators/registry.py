"""Finds annotators by the names of their files, and imports one only when it is asked for."""

from __future__ import annotations

from typing import cast

from osmo.annotators.judge import Judge
from osmo.annotators.voter import Voter
from osmo.annotators.writer import Writer
from osmo.schemas.extensions import ExtensionPoint

VOTERS = ExtensionPoint("voter", ("osmo.annotators.embedded", "osmo.annotators.lmm"), "create_voter")
JUDGES = ExtensionPoint("judge", ("osmo.annotators.llm",), "create_judge")
WRITERS = ExtensionPoint("writer", ("osmo.annotators.llm",), "create_writer")


def voter(name: str) -> Voter:
    """The voter of annotators/embedded/<name>.py or annotators/lmm/<name>.py.

    Raises:
        UnknownExtensionError: There is none.
    """
    return cast(Voter, VOTERS.create(name))


def judge(name: str) -> Judge:
    """The judge of annotators/llm/<name>.py.

    Raises:
        UnknownExtensionError: There is none.
    """
    return cast(Judge, JUDGES.create(name))


def writer(name: str) -> Writer:
    """The writer of annotators/llm/<name>.py.

    Raises:
        UnknownExtensionError: There is none.
    """
    return cast(Writer, WRITERS.create(name))
