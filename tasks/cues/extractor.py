"""The contract of cue extractors: times of events and media in, one measured cue per event out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from osmo.annotators.answer import Unanswered, Usage
from osmo.storage.media import Media

Modality = Literal["visual", "acoustic", "ocular"]
MediaKind = Literal["audio", "proxy", "eye", "acoustic_track", "visual_track", "ocular_track"]
"""What an extractor looks at: cached media, or the track that a tracker of tasks/tracks/ made of them."""

Evidence = tuple[str, float, str]
"""One measured number: its name, value and unit."""


@dataclass(frozen=True)
class Span:
    """Where an event lies. It has no label: evidence must not know what people felt.

    Attributes:
        event_id: The event.
        recording_id: Its recording.
        start_s: Start, seconds from the recording's start.
        end_s: End, seconds from the recording's start.
        language: BCP 47 primary language to write in; null: English.
    """

    event_id: str
    recording_id: str
    start_s: float
    end_s: float
    language: str | None


@dataclass(frozen=True)
class Told:
    """Where a model described instead of a measurement: which, and what it took.

    Attributes:
        raw_text: What it answered, unchanged; null: it was not asked.
        model_revision: The model, and everything else that its description depends on beside the prompt.
        prompt_sha: Hash of its prompt.
        usage: What the description took.
    """

    raw_text: str | None
    model_revision: str
    prompt_sha: str | None
    usage: Usage


@dataclass(frozen=True)
class Cue:
    """What was measured of one event in one modality.

    Attributes:
        text: The cue in words, every number of which is in `evidence` if it was measured; null: the modality is absent.
        absent_reason: Why there is no cue; null where there is one.
        evidence: The measured numbers, rounded as the text says them.
        confidence: 0–1: 1 where event and baseline were measured in full, less where who speaks is not known or the
            baseline is short, half of that without a baseline; null where absent, and where a model described.
        told: Who described it; null: it was measured.
    """

    text: str | None
    absent_reason: str | None
    evidence: tuple[Evidence, ...]
    confidence: float | None
    told: Told | None = None

    def __post_init__(self) -> None:
        assert (self.text is None) != (self.absent_reason is None), "a cue has a text or a reason for its absence"

    @classmethod
    def absent(cls, reason: str) -> Cue:
        """A modality that is not there."""
        return cls(None, reason, (), None)


class MediaUndecodableError(RuntimeError):
    """A cached media file that cannot be decoded."""

    def __init__(self, where: str, problem: str) -> None:
        self.where = where
        self.problem = problem
        super().__init__(
            f"{where} cannot be decoded: {problem}. Delete it, run the media stage again, then `osmo retry`."
        )


class Extractor(Protocol):
    """Someone who measures one modality. Its file is tasks/cues/<name>.py, with `create_extractor`.

    A describer of annotators/lmm/ is one too, by `described.py`.
    """

    @property
    def name(self) -> str:
        """The file's name."""
        ...

    @property
    def revision(self) -> str:
        """What its cues depend on beside span and media: code version, parameters and phrases."""
        ...

    @property
    def modality(self) -> Modality:
        """What it measures."""
        ...

    @property
    def kind(self) -> MediaKind:
        """The kind of cached media, or of track, that it looks at."""
        ...

    def extract(self, spans: Sequence[Span], media: Media) -> Sequence[Cue | Unanswered]:
        """One cue per span, in order; what a span gets does not depend on the others. `Unanswered` leaves it open.

        Raises:
            MediaUndecodableError: The media is there and cannot be decoded.
        """
        ...
