"""What a voter's or a describer's file states: what its model is given, and what it can answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

from pydantic import JsonValue

from osmo.annotators.describer import Describes
from osmo.annotators.lmm.media_parts import ENCODER, LEAST_SOUND_S, MARGIN_S, RATE_HZ, Pictures
from osmo.annotators.voter import Sees

Kind = Literal["video", "audio"]


@dataclass(frozen=True)
class VoterTraits:
    """A voter's model; all of it is in the voter's revision.

    Attributes:
        name: The file's name, of its prompt too.
        sees: What its answer depends on.
        takes: Media that it is given.
        needs: Media without which it is not asked.
        languages: BCP 47 primary languages of words that it understands; another one is an abstention.
        words: The labels that it can answer, each as its own word for it, in the order in which they are offered.
        also: More words of its own, each with its label.
        longest_audio_s: Longest sound in seconds; what is longer is cut at its end.
        pictures: How many pictures it gets; null: none.
    """

    name: str
    sees: Sees
    takes: tuple[Kind, ...]
    needs: tuple[Kind, ...]
    languages: tuple[str, ...]
    words: Mapping[str, str]
    longest_audio_s: float
    pictures: Pictures | None = None
    also: Mapping[str, str] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that it can answer, of `EKMAN_LABELS`."""
        return tuple(self.words)

    @property
    def own_words(self) -> dict[str, str]:
        """Its own words, each with its label."""
        return {**self.also, **{word: label for label, word in self.words.items()}}

    @property
    def parameters(self) -> dict[str, JsonValue]:
        """Everything that an answer depends on."""
        return {
            "takes": list(self.takes), "needs": list(self.needs), "languages": list(self.languages),
            "words": [[label, word] for label, word in self.words.items()], "also": dict(self.also),
            "media": media_parameters(self.longest_audio_s, self.pictures),
        }  # fmt: skip


@dataclass(frozen=True)
class DescriberTraits:
    """A describer's model; all of it is in the describer's revision.

    Attributes:
        name: The file's name.
        describes: What it is given, and which prompt: describe_visual or describe_acoustic.
        longest_s: Longest stretch in seconds; what is longer is cut at its end.
        pictures: How many pictures it gets; null: none.
    """

    name: str
    describes: Describes
    longest_s: float
    pictures: Pictures | None = None

    @property
    def parameters(self) -> dict[str, JsonValue]:
        """Everything that an answer depends on."""
        return {"describes": self.describes, "media": media_parameters(self.longest_s, self.pictures)}


def media_parameters(longest_audio_s: float, pictures: Pictures | None) -> dict[str, JsonValue]:
    """How media are cut."""
    return {
        "longest_audio_s": longest_audio_s,
        "least_audio_s": LEAST_SOUND_S,
        "rate_hz": RATE_HZ,
        "pictures": None if pictures is None else {**asdict(pictures), "margin_s": MARGIN_S, **ENCODER},
    }
