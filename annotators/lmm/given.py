"""What a voter's model is given about each utterance: its question and media, cut when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from osmo.annotators.answer import Unanswered, Usage
from osmo.annotators.lmm.media_parts import (
    CACHE_ERRORS,
    NoMediaError,
    Part,
    no_pictures,
    no_sound,
    picture_part,
    sound_part,
)
from osmo.annotators.lmm.traits import Kind, VoterTraits
from osmo.annotators.lmm.wording import vote_text
from osmo.annotators.prompt import Prompt
from osmo.annotators.transports.question import Refused
from osmo.annotators.voter import Utterance
from osmo.storage.media import Media

UNASKED = Usage(attempts=0)
"""Of what nobody was asked about."""


@dataclass(frozen=True)
class Given:
    """What goes with one question: the user's text, and the files: WAV of audio, MP4 of video."""

    text: str
    media: dict[Kind, Part]


class Asking:
    """Utterances that are about to be asked about, and what became of those that cannot be."""

    def __init__(self, traits: VoterTraits, asked: Prompt, utterances: Sequence[Utterance], media: Media) -> None:
        self._traits = traits
        self._prompt = asked
        self.utterances = utterances
        self._media = media
        self.instead: dict[int, Refused | Unanswered] = {}
        """Answers by place that need no asking."""
        self.without: dict[int, str] = {}
        """By place, what the model was not given."""

    def places(self) -> list[int]:
        """Places of the utterances that can be asked about, as far as can be told without opening any media."""
        for place, utterance in enumerate(self.utterances):
            why_not = self._hindrance(utterance)
            if why_not is not None:
                self.instead[place] = Refused(why_not, usage=UNASKED)
        return [place for place in range(len(self.utterances)) if place not in self.instead]

    def give(self, place: int) -> Given | None:
        """The question and media of an utterance; null: its media cannot be had, and `instead` says why."""
        utterance, traits = self.utterances[place], self._traits
        found: dict[Kind, Part] = {}
        lacks: list[str] = []
        try:
            for kind in traits.takes:
                try:
                    found[kind] = self._cut(kind, utterance)
                except NoMediaError as none:
                    if kind in traits.needs:
                        self.instead[place] = Refused(none.reason, usage=UNASKED)
                        return None
                    lacks.append(none.reason)
        except CACHE_ERRORS as error:
            self.instead[place] = cannot_give(error, self._media, utterance.recording_id, ("audio", "proxy"))
            return None
        if not found:
            self.instead[place] = Refused("; ".join(lacks), usage=UNASKED)
            return None
        if lacks:
            self.without[place] = "; ".join(lacks)
        text = vote_text(self._prompt, utterance, words=traits.words.values(), given=found)
        return Given(text, found)

    def _hindrance(self, utterance: Utterance) -> str | None:
        traits = self._traits
        if utterance.language is not None and utterance.language not in traits.languages:
            return f"language: {utterance.language} is none of {', '.join(traits.languages)}"
        absent = {"video": no_pictures, "audio": no_sound}
        reasons = {kind: absent[kind](self._media, utterance.recording_id) for kind in traits.takes}
        lacks = [reason for reason in reasons.values() if reason is not None]
        if len(lacks) == len(traits.takes):
            return "; ".join(lacks)
        return next((reason for kind in traits.needs if (reason := reasons[kind]) is not None), None)

    def _cut(self, kind: Kind, utterance: Utterance) -> Part:
        recording_id, start_s, end_s = utterance.recording_id, utterance.start_s, utterance.end_s
        if kind == "audio":
            longest_s = self._traits.longest_audio_s
            return sound_part(self._media, recording_id, start_s, end_s, longest_s=longest_s)
        pictures = self._traits.pictures
        assert pictures is not None, "who takes video says how many pictures"
        return picture_part(self._media, recording_id, start_s, end_s, pictures=pictures)


def cannot_give(error: Exception, media: Media, recording_id: str, kinds: Sequence[str]) -> Unanswered:
    """Media that the store has and cannot give now: what was to be asked about stays open.

    Args:
        error: What happened, one of `CACHE_ERRORS`.
        media: The handle.
        recording_id: The recording.
        kinds: The media that were looked at.
    """
    rows = (media.row(recording_id, kind) for kind in kinds)
    where = ", ".join(str(row["uri"]) for row in rows if row is not None)
    return Unanswered(
        problem=f"its media cannot be read: {str(error).splitlines()[0]}",
        where=where,
        remedy="See that the store can be reached; if it can, delete the file and run the media stage again.",
        attempts=0,
    )
