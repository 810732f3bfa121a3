"""The contract of SENSE writers: an event and its evidence in, a chain of six steps out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from osmo.annotators.answer import NOTHING, Unanswered, Usage

STEP_NAMES = ("visual", "audio", "dialogue", "ocular", "previous_emotion", "inference")
"""The six steps of SENSE, in order."""

NO_DIALOGUE = "dialogue:none"
"""What a sentence cites that says that no dialogue was given."""

NO_HISTORY = "history:none"
"""What a sentence cites that says that no earlier event was given."""


@dataclass(frozen=True)
class CueGiven:
    """One modality's cue: its sentence, or why there is none; `ref` is `cue:<modality>`."""

    modality: str
    text: str | None
    absent_reason: str | None

    @property
    def ref(self) -> str:
        """How a sentence cites it."""
        return f"cue:{self.modality}"


@dataclass(frozen=True)
class Said:
    """One turn during or before the event; `ref` is `segment:<id>`."""

    segment_id: str
    speaker: str
    text: str

    @property
    def ref(self) -> str:
        """How a sentence cites it."""
        return f"segment:{self.segment_id}"


@dataclass(frozen=True)
class Earlier:
    """One earlier event of the same wearer; `ref` is `event:<id>`.

    Attributes:
        event_id: The event.
        emotions: Its concept ids.
        own_words: Its annotators' own words.
        gap_s: Seconds from its end to this event's start, 0 or more.
        duration_s: Its length.
    """

    event_id: str
    emotions: tuple[str, ...]
    own_words: tuple[str, ...]
    gap_s: float
    duration_s: float

    @property
    def ref(self) -> str:
        """How a sentence cites it."""
        return f"event:{self.event_id}"


@dataclass(frozen=True)
class Bundle:
    """Everything that a writer gets for one event.

    Attributes:
        event_id: The event.
        language: Language to write in (en, zh); null: English.
        emotions: The human emotions, concept ids.
        own_words: The annotators' own words.
        polarity: null where not collected.
        intensity: null where not collected.
        cause: The human description; null where not collected.
        annotation_ids: The annotations that these come from.
        cues: One per modality (visual, acoustic, ocular).
        dialogue: What was said, oldest first.
        history: Earlier events of the wearer, oldest first, at most N_p.
        polarity_reason: Why polarity is null: not_collected, missing or tie; null: not told.
        intensity_reason: Why intensity is null: not_collected or missing; null: not told.
        cause_reason: Why cause is null: not_collected or missing; null: not told.
    """

    event_id: str
    language: str | None
    emotions: tuple[str, ...]
    own_words: tuple[str, ...]
    polarity: str | None
    intensity: int | None
    cause: str | None
    annotation_ids: tuple[str, ...]
    cues: tuple[CueGiven, ...]
    dialogue: tuple[Said, ...]
    history: tuple[Earlier, ...]
    polarity_reason: str | None = None
    intensity_reason: str | None = None
    cause_reason: str | None = None


@dataclass(frozen=True)
class Step:
    """One step of a chain: its number (1–6), its sentences and what each cites (one ref per sentence)."""

    number: int
    sentences: tuple[str, ...]
    cited: tuple[str, ...]

    def __post_init__(self) -> None:
        assert len(self.sentences) == len(self.cited), "every sentence cites its evidence"


@dataclass(frozen=True)
class Chain:
    """What a writer answers.

    Attributes:
        steps: Six steps; empty: none could be read in the answer.
        unread: Why; null where there are steps.
        raw_text: The unchanged answer; null without a model.
        usage: What the answer took.
    """

    steps: tuple[Step, ...]
    unread: str | None = None
    raw_text: str | None = None
    usage: Usage = NOTHING

    def __post_init__(self) -> None:
        assert bool(self.steps) == (self.unread is None), "a chain has steps or a reason for none"


@dataclass(frozen=True)
class Refused:
    """A chain that is not stored: for which event, what it was, and what it says that it must not say."""

    bundle: Bundle
    chain: Chain
    reasons: tuple[str, ...]


class Writer(Protocol):
    """Someone who writes chains. Its file is annotators/llm/<name>.py."""

    @property
    def name(self) -> str:
        """The file's name."""
        ...

    @property
    def revision(self) -> str:
        """Model revision, or hash of the composer's phrases."""
        ...

    @property
    def prompt_sha(self) -> str | None:
        """Hash of its prompt; null without one."""
        ...

    def write(self, bundles: Sequence[Bundle]) -> Sequence[Chain | Unanswered]:
        """One chain per bundle, in order; `Unanswered` where no answer was had, which leaves the event open."""
        ...


@runtime_checkable
class Rewriter(Writer, Protocol):
    """A writer who can do better when told why a chain was refused."""

    def write_again(self, refused: Sequence[Refused]) -> Sequence[Chain | Unanswered]:
        """One chain per refused one, in order, as `write` says; the usage is that of this try alone."""
        ...
