"""What each piece of evidence of a bundle says: words, numbers and emotion concepts that a chain may take from it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from osmo.annotators.mentions import mentioned, unquoted
from osmo.annotators.writer import NO_DIALOGUE, NO_HISTORY, Bundle, CueGiven, Earlier, Said
from osmo.schemas.vocabulary import vocabulary
from osmo.tasks.chain_words import words

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
STEP_MODALITY = {1: "visual", 2: "acoustic", 4: "ocular"}
"""The modality that a step describes."""
_GAP_UNITS_S = (1, 60, 3_600, 86_400)
_INTENSITY_SCALE = ("1", "3")


@dataclass(frozen=True)
class Evidence:
    """What one ref stands for.

    Attributes:
        text: Its words, with the names of its concepts.
        numbers: Numbers that may be said of it.
        concepts: Emotion concepts that it names.
        cue: The cue that it is; null: it is none.
        turn: The turn that it is; null: it is none.
        earlier: The earlier event that it is; null: it is none.
        human: Whether it is the human description of this event.
    """

    text: str
    numbers: frozenset[str] = frozenset()
    concepts: frozenset[str] = frozenset()
    cue: CueGiven | None = None
    turn: Said | None = None
    earlier: Earlier | None = None
    human: bool = False


def given(bundle: Bundle, step: int) -> Mapping[str, Evidence]:
    """Evidence that a step may cite, by ref."""
    if step in STEP_MODALITY:
        return {cue.ref: _of_cue(cue) for cue in bundle.cues if cue.modality == STEP_MODALITY[step]}
    said = {turn.ref: _of_turn(turn) for turn in bundle.dialogue} or {NO_DIALOGUE: Evidence("")}
    if step == 3:
        return said
    earlier = {event.ref: _of_earlier(event) for event in bundle.history} or {NO_HISTORY: Evidence("")}
    if step == 5:
        return earlier
    human = _of_people(bundle)
    refs = (f"event:{bundle.event_id}", *(f"annotation:{annotation}" for annotation in bundle.annotation_ids))
    return {**{cue.ref: _of_cue(cue) for cue in bundle.cues}, **said, **earlier, **dict.fromkeys(refs, human)}


def names(concepts: Iterable[str]) -> list[str]:
    """Every name of some concepts, in both languages."""
    known = [vocabulary().get(concept) for concept in concepts]
    return [name for one in known for name in (one.en, one.zh, *one.aliases_en, *one.aliases_zh)]


def _of_cue(cue: CueGiven) -> Evidence:
    text = cue.text or cue.absent_reason or ""
    return Evidence(text, frozenset(NUMBER.findall(text)), cue=cue)


def _of_turn(turn: Said) -> Evidence:
    concepts = mentioned(unquoted(turn.text))
    return Evidence(turn.text, frozenset(NUMBER.findall(turn.text)), concepts, turn=turn)


def _of_earlier(event: Earlier) -> Evidence:
    text = " ; ".join((*event.own_words, *names(event.emotions)))
    numbers = {*NUMBER.findall(" ".join(event.own_words)), *_gaps(event)}
    return Evidence(text, frozenset(numbers), _concepts(event.emotions, event.own_words), earlier=event)


def _of_people(bundle: Bundle) -> Evidence:
    described = (bundle.cause or "", *bundle.own_words)
    polarity = words().polarity.get(bundle.polarity or "", "")
    text = " ; ".join((*described, *names(bundle.emotions), polarity))
    counted = (str(bundle.intensity), *_INTENSITY_SCALE, str(len(bundle.annotation_ids)))
    numbers = frozenset({*NUMBER.findall(" ".join(described)), *counted})
    return Evidence(text, numbers, _concepts(bundle.emotions, described), human=True)


def _concepts(ids: Iterable[str], texts: Iterable[str]) -> frozenset[str]:
    """Concepts by id, with whatever else their names and the texts name."""
    ids = list(ids)
    own = [name for concept in ids for name in (vocabulary().get(concept).en, vocabulary().get(concept).zh)]
    return frozenset({*ids, *(concept for text in (*own, *texts) for concept in mentioned(unquoted(text)))})


def _gaps(event: Earlier) -> set[str]:
    """Whole seconds, minutes, hours and days that a gap or a length may be said with."""
    return {str(round(value / unit)) for value in (event.gap_s, event.duration_s) for unit in _GAP_UNITS_S}
