"""From what models say to ballots: the choice they kept to, else their words, else what a reading model reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from osmo.annotators.answer import Unanswered, Usage
from osmo.annotators.lmm.traits import VoterTraits
from osmo.annotators.parse.by_schema import read_by_schema
from osmo.annotators.parse.reading import Reading
from osmo.annotators.parse.reply import read_reply
from osmo.annotators.transports import opening
from osmo.annotators.transports.question import Answer, Refused
from osmo.annotators.voter import Ballot
from osmo.schemas.endpoints import Models
from osmo.schemas.prescreen_contract import MAX_RAW_CHARS, Prediction

if TYPE_CHECKING:
    from osmo.annotators.transports.predicting import Predicted

Said: TypeAlias = "Answer | Predicted | Refused | Unanswered"
"""What a model, or its server, says about one utterance."""

READABLE = ("contradiction", "unclear")
"""Reasons, by their first word, that a reading model may resolve; a refusal or a loop holds no label to be read."""


class Ballots:
    """Reads what one voter's model says."""

    def __init__(self, traits: VoterTraits, models: Models) -> None:
        """Bind the reader.

        Args:
            traits: The labels that the model can answer, and its words for them.
            models: Which reads what no rule can, if any.
        """
        self._traits = traits
        self._models = models

    def of(self, said: Mapping[int, Said], without: Mapping[int, str]) -> list[Ballot | Unanswered]:
        """The ballots, in order of places.

        Args:
            said: By place, from 0 without gaps.
            without: By place, what the model was not given.
        """
        read: dict[int, tuple[Reading, Usage]] = {}
        for place, one in said.items():
            if isinstance(one, Answer | Prediction):
                read[place] = self._reading(one), one.usage
        unanswered = self._ask_reader({place: _raw(said[place]) for place in read}, read)
        ballots: list[Ballot | Unanswered] = []
        for place in range(len(said)):
            one = unanswered.get(place, said[place])
            if isinstance(one, Unanswered):
                ballots.append(one)
            elif isinstance(one, Refused):
                ballots.append(Ballot(None, one.reason, one.raw, None, usage=one.usage))
            else:
                ballots.append(_ballot(_raw(one), *read[place], without.get(place)))
        return ballots

    def _reading(self, said: Answer | Predicted) -> Reading:
        labels = self._traits.labels
        if isinstance(said, Prediction) and said.label in labels:
            return Reading(said.label, None, said.extraction or "constrained")
        cut = isinstance(said, Answer) and said.finish == "length"
        return read_reply(_raw(said), labels=labels, language="en", words=self._traits.own_words, cut=cut)

    def _ask_reader(self, raw: Mapping[int, str], read: dict[int, tuple[Reading, Usage]]) -> dict[int, Unanswered]:
        """Have the reading model read what no rule can; gives those on which it did not answer."""
        reader = self._models.reader
        places = [place for place, (reading, _) in read.items() if _readable(reading)]
        if reader is None or not places:
            return {}
        chat = opening.chat(reader, self._models.endpoint(reader))
        answers = read_by_schema(chat, [raw[place] for place in places], labels=self._traits.labels)
        silent: dict[int, Unanswered] = {}
        for place, answer in zip(places, answers, strict=True):
            if isinstance(answer, Unanswered):
                # The voter's own server answers: only what needs the reader waits for it.
                silent[place] = replace(answer, gone=False)
            else:
                reading, usage = answer
                read[place] = reading, read[place][1] + usage
        return silent


def _readable(reading: Reading) -> bool:
    return reading.abstain_reason is not None and reading.abstain_reason.partition(":")[0] in READABLE


def _raw(said: Said) -> str:
    if isinstance(said, Prediction):
        return said.raw_text or ""
    return said.text if isinstance(said, Answer) else ""


def _ballot(raw: str, reading: Reading, usage: Usage, without: str | None) -> Ballot:
    cut = f"raw text cut at {MAX_RAW_CHARS} characters" if len(raw) >= MAX_RAW_CHARS else None
    notes = [note for note in (reading.extraction, without, cut) if note]
    return Ballot(reading.label, reading.abstain_reason, raw, "; ".join(notes) or None, usage=usage)
