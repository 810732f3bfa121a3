"""The contract of judges: what an annotator stated in, a score of 1 to 10 with a rationale out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from osmo.annotators.answer import NOTHING, Unanswered, Usage
from osmo.annotators.voter import Turn


@dataclass(frozen=True)
class Statement:
    """One region of an annotation as a judge sees it.

    Attributes:
        duration_s: Length of the region.
        clip_duration_s: Length of the clip.
        emotions: Concept ids; may be empty.
        own_words: The annotator's own words.
        polarity: negative, neutral, positive, mixed; null with the reason.
        polarity_reason: missing or not_collected.
        intensity: 1 to 3; null with the reason.
        intensity_reason: missing or not_collected.
        cause: The annotator's description; null with the reason.
        cause_reason: missing or not_collected.
        language: Language of the recording; null: unknown.
        dialogue: What was said during the region.
    """

    duration_s: float
    clip_duration_s: float
    emotions: tuple[str, ...]
    own_words: tuple[str, ...]
    polarity: str | None
    polarity_reason: str | None
    intensity: int | None
    intensity_reason: str | None
    cause: str | None
    cause_reason: str | None
    language: str | None
    dialogue: tuple[Turn, ...]


@dataclass(frozen=True)
class Verdict:
    """A judge's answer.

    Attributes:
        score: 1 to 10; null: abstained.
        abstain_reason: Why; null where there is a score.
        rationale: Why this score.
        raw_text: The unchanged answer.
        usage: What the answer took.
    """

    score: int | None
    abstain_reason: str | None
    rationale: str | None
    raw_text: str | None
    usage: Usage = NOTHING


class Judge(Protocol):
    """Someone who scores annotations. Its file is annotators/llm/<name>.py."""

    @property
    def name(self) -> str:
        """The file's name."""
        ...

    @property
    def revision(self) -> str:
        """Model revision, or hash of the rubric."""
        ...

    @property
    def prompt_sha(self) -> str | None:
        """Hash of its prompt; null without one."""
        ...

    def judge(self, statements: Sequence[Statement]) -> Sequence[Verdict | Unanswered]:
        """One verdict per statement, in order; `Unanswered` where no answer was had, which leaves the region open."""
        ...
