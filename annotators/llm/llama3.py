"""LLaMA3-8B-Instruct, or whatever model models.llama3 names: judges annotations and writes chains.

Each factory imports what it needs, so that a judge does not load a writer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osmo.annotators.transports.reaching import CHATS, reachable
from osmo.schemas.endpoints import NO_MODELS, Models

if TYPE_CHECKING:
    from osmo.annotators.judge import Judge
    from osmo.annotators.writer import Writer

NAME = "llama3"


def create_judge(models: Models = NO_MODELS) -> Judge:
    """The judge of this file; making it asks nothing of the server."""
    from osmo.annotators.llm.judging import LanguageJudge

    return LanguageJudge(NAME, reachable(NAME, models, transports=CHATS))


def create_writer(models: Models = NO_MODELS) -> Writer:
    """The writer of this file; making it asks nothing of the server."""
    from osmo.annotators.llm.writing import LlmWriter

    return LlmWriter(NAME, reachable(NAME, models, transports=CHATS))
