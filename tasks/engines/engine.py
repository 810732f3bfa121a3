"""The contract of speech engines: stretches of speech in, what was said in each out, with the evidence for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from osmo.schemas.config import SegmentConfig
from osmo.tasks.sentences import Word
from osmo.tasks.speech import Hear, Stretch


class EngineUnavailableError(RuntimeError):
    """An engine cannot listen now: its model is not at hand, its file is no model, or a package is missing."""

    def __init__(self, engine: str, model: str, problem: str, remedy: str) -> None:
        self.engine = engine
        self.model = model
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"Speech engine {engine}, model {model!r}: {problem}. {remedy}")


@dataclass(frozen=True)
class Passage:
    """What an engine heard in one stretch of speech, or in the rest of one that its first answer did not reach.

    Attributes:
        start_s: Start of its sound, seconds from the recording's start.
        end_s: End of its sound, seconds from the recording's start.
        words: In order of time, on the recording's clock, inside its sound; each with the passage's `logprob`,
            `no_speech` and `language`. One that is refused already says why.
        text: The engine's own text.
        language: BCP 47 primary language that it was heard in.
        language_prob: The model's probability of that language, 0–1; null: it was not asked.
        logprob: Mean log-probability of its tokens.
        no_speech: The model's probability that there is no speech in it, 0–1.
    """

    start_s: float
    end_s: float
    words: tuple[Word, ...]
    text: str
    language: str
    language_prob: float | None
    logprob: float
    no_speech: float


class Engine(Protocol):
    """Someone who hears words. Its file is tasks/engines/<name>.py, with `create_engine`."""

    @property
    def name(self) -> str:
        """The file's name."""
        ...

    def model(self, settings: SegmentConfig) -> str:
        """The model's identity: its name, or the content of the file or folder at a path."""
        ...

    def identity(self, settings: SegmentConfig) -> str:
        """Everything beside the sound, the language and the thresholds that an answer depends on.

        It never raises: where a package or model is missing it says so, and `listen` raises.
        """
        ...

    def listen(
        self, hear: Hear, stretches: Sequence[Stretch], *, language: str | None, settings: SegmentConfig
    ) -> list[Passage]:
        """What is said in stretches of speech.

        An answer does not depend on what else is heard at the same time, nor on what was heard before.

        Args:
            hear: The recording's sound.
            stretches: Where speech is, none longer than 30 s.
            language: BCP 47 primary language that the recording is told to be in; null: unknown.
            settings: `whisper_model`, `batch_size`, and what decides when a stretch is heard again.

        Returns:
            Passages in order of time; those without text are there too.

        Raises:
            EngineUnavailableError: The engine cannot listen now.
        """
        ...
