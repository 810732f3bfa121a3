"""The contract of voters: an utterance in, a label or an abstention out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from osmo.annotators.answer import NOTHING, Unanswered, Usage
from osmo.storage.media import Media

Sees = Literal["text", "dialogue", "audio", "speech", "film"]
"""What a voter's answer depends on: the segment's own words; these and the turns before it; the sound alone; sound and
own words; sound, own words and pictures."""


@dataclass(frozen=True)
class Turn:
    """One turn of a dialogue: wearer, other or unknown said `text`."""

    speaker: str
    text: str


@dataclass(frozen=True)
class Utterance:
    """One segment as a voter sees it.

    Attributes:
        segment_id: The segment.
        recording_id: Its recording.
        start_s: Start, seconds from the recording's start.
        end_s: End, seconds from the recording's start.
        text: What was said; may be empty.
        language: BCP 47 primary language; null: unknown.
        speaker: wearer, other or unknown.
        dialogue: The turns before it, oldest first.
    """

    segment_id: str
    recording_id: str
    start_s: float
    end_s: float
    text: str
    language: str | None
    speaker: str
    dialogue: tuple[Turn, ...] = ()


@dataclass(frozen=True)
class Ballot:
    """What a voter answers: a label of `EKMAN_LABELS`, or null with the reason.

    Attributes:
        label: Ekman six or neutral; null: abstained.
        abstain_reason: Why; null where there is a label.
        raw_text: The unchanged answer, or the evidence counted.
        extraction: How the label was read from it.
        confidence: 0–1; null: gives none.
        usage: What the answer took.
    """

    label: str | None
    abstain_reason: str | None
    raw_text: str | None
    extraction: str | None
    confidence: float | None = None
    usage: Usage = NOTHING

    def __post_init__(self) -> None:
        assert (self.label is None) != (self.abstain_reason is None), "a ballot is a label or an abstention"


class Voter(Protocol):
    """Someone who labels utterances. Its file is annotators/embedded/<name>.py or annotators/lmm/<name>.py."""

    @property
    def name(self) -> str:
        """The file's name."""
        ...

    @property
    def revision(self) -> str:
        """What its answers depend on beside the utterance: model revision, or hash of lexicon and parameters."""
        ...

    @property
    def prompt_sha(self) -> str | None:
        """Hash of its prompt; null without one."""
        ...

    @property
    def sees(self) -> Sees:
        """What its answer depends on."""
        ...

    def vote(self, utterances: Sequence[Utterance], media: Media) -> Sequence[Ballot | Unanswered]:
        """One ballot per utterance, in order; `Unanswered` where no answer was had, which leaves the segment open."""
        ...
