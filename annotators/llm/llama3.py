"""LLaMA3-8B-Instruct, or whatever model models.llama3 names: judges annotations.

Each factory imports what it needs, so that a judge does not load a writer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osmo.schemas.endpoints import NO_MODELS, Models

if TYPE_CHECKING:
    from osmo.annotators.judge import Judge

NAME = "llama3"


def create_judge(models: Models = NO_MODELS) -> Judge:
    """The judge of this file; making it asks nothing of the server."""
    from osmo.annotators.llm.judging import LanguageJudge

    return LanguageJudge(NAME, models.endpoint(NAME))
