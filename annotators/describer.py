"""The contract of describers: a stretch of a recording in, a sentence or two on what is seen or heard out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from osmo.annotators.answer import NOTHING, Unanswered, Usage
from osmo.storage.media import Media

Describes = Literal["visual", "acoustic"]


@dataclass(frozen=True)
class Stretch:
    """What is to be described. It has no label: a description must not know what people felt.

    Attributes:
        recording_id: The recording.
        start_s: Start, seconds from the recording's start.
        end_s: End, seconds from the recording's start.
        language: BCP 47 primary language to write in; null: English.
    """

    recording_id: str
    start_s: float
    end_s: float
    language: str | None


@dataclass(frozen=True)
class Description:
    """What a describer answers.

    Attributes:
        text: What is seen or heard, in words; null: none, with the reason.
        absent_reason: Why there is none; null where there is one.
        raw_text: The unchanged answer; null where nothing was asked.
        usage: What the answer took.
    """

    text: str | None
    absent_reason: str | None
    raw_text: str | None
    usage: Usage = NOTHING

    def __post_init__(self) -> None:
        assert (self.text is None) != (self.absent_reason is None), "a description is a text or a reason for none"


class Describer(Protocol):
    """A captioning model. Its file is annotators/lmm/<name>.py, with `create_describer`."""

    @property
    def name(self) -> str:
        """The file's name."""
        ...

    @property
    def revision(self) -> str:
        """Model, its revision, and everything else that an answer depends on beside the stretch and the prompt."""
        ...

    @property
    def prompt_sha(self) -> str | None:
        """Hash of its prompt."""
        ...

    @property
    def describes(self) -> Describes:
        """What it looks at (visual) or listens to (acoustic)."""
        ...

    def describe(self, stretches: Sequence[Stretch], media: Media) -> Sequence[Description | Unanswered]:
        """One description per stretch, in order; `Unanswered` leaves it open."""
        ...
