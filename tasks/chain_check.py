"""Checks a chain against what its writer was given: nothing else may stand in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from osmo.annotators.mentions import mentioned, unquoted
from osmo.annotators.writer import NO_DIALOGUE, NO_HISTORY, Bundle, CueGiven, Earlier, Step
from osmo.schemas.vocabulary import vocabulary

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_QUOTED = re.compile(r"“([^“”]*)”|「([^「」]*)」|\"([^\"]*)\"")
_MODALITIES = {1: "visual", 2: "acoustic", 4: "ocular"}
_GAP_UNITS_S = (1, 60, 3_600, 86_400)
_INTENSITY_SCALE = ("1", "3")


@dataclass(frozen=True)
class _Evidence:
    """What one ref stands for: its text, and the numbers that may be said of it."""

    text: str
    numbers: frozenset[str]


def check_chain(bundle: Bundle, steps: Sequence[Step]) -> list[str]:
    """What a chain says that it must not say.

    Rules: six steps in order, none empty; every sentence cites evidence that was given for its step; an absent modality
    is said to be absent with its reason, in one sentence, and not described; steps 1–4 name no emotion concept outside
    quoted dialogue, and quote only what was said; step 5 names only concepts of the history, which lies in the past;
    step 6 names only concepts that some evidence names; every number stands in the evidence cited.

    Args:
        bundle: What the writer was given.
        steps: What it wrote.

    Returns:
        Violations, one line each, in order of steps; empty: the chain may be stored.
    """
    problems = [
        f"step 5: {event.ref} lies {-event.gap_s:g} s in the future" for event in bundle.history if event.gap_s < 0
    ]
    if [step.number for step in steps] != [1, 2, 3, 4, 5, 6]:
        return [*problems, f"steps are {[step.number for step in steps]}, expected 1 to 6 in order"]
    for step in steps:
        problems += [f"step {step.number}: {problem}" for problem in _check_step(bundle, step)]
    return problems


def _check_step(bundle: Bundle, step: Step) -> Iterable[str]:
    if not step.sentences:
        yield "says nothing"
    given = _given(bundle, step.number)
    modality = _MODALITIES.get(step.number)
    if modality is not None:
        yield from _check_absence(next((cue for cue in bundle.cues if cue.modality == modality), None), step)
    allowed = _allowed(bundle, step.number)
    for sentence, ref in zip(step.sentences, step.cited, strict=True):
        if not sentence.strip():
            yield "has an empty sentence"
        if not ref:
            yield f"{sentence!r} cites nothing"
            continue
        if ref not in given:
            yield f"{sentence!r} cites {ref}, which was not given for this step"
            continue
        rest = sentence
        if step.number == 3:
            rest = _QUOTED.sub("", sentence)
            for quote in _quotes(sentence):
                if unquoted(quote) not in unquoted(given[ref].text):
                    yield f"{quote!r} is not what {ref} says"
        if wrong := sorted(mentioned(rest) - allowed):
            yield f"{sentence!r} names {', '.join(wrong)}, which nothing given for this step allows"
        if invented := sorted(set(_NUMBER.findall(sentence)) - given[ref].numbers):
            yield f"{sentence!r} says {', '.join(invented)}, which {ref} does not"


def _check_absence(cue: CueGiven | None, step: Step) -> Iterable[str]:
    if cue is None or cue.text is not None:
        return
    if len(step.sentences) != 1:
        yield f"{cue.modality} is absent and described in {len(step.sentences)} sentences"
    reason = cue.absent_reason
    if reason and not mentioned(reason) and not any(reason in sentence for sentence in step.sentences):
        yield f"{cue.modality} is absent and its reason is not said: {reason}"


def _given(bundle: Bundle, step: int) -> Mapping[str, _Evidence]:
    """Evidence that a step may cite, by ref."""
    cues = {cue.ref: _evidence(cue.text or cue.absent_reason or "") for cue in bundle.cues}
    if step in _MODALITIES:
        return {ref: found for ref, found in cues.items() if ref == f"cue:{_MODALITIES[step]}"}
    said = {turn.ref: _evidence(turn.text) for turn in bundle.dialogue} or {NO_DIALOGUE: _evidence("")}
    if step == 3:
        return said
    earlier = {event.ref: _evidence(" ".join(event.own_words), _gaps(event)) for event in bundle.history}
    earlier = earlier or {NO_HISTORY: _evidence("")}
    if step == 5:
        return earlier
    described = " ".join((bundle.cause or "", *bundle.own_words))
    counted = (str(bundle.intensity), *_INTENSITY_SCALE, str(len(bundle.annotation_ids)))
    human = _evidence(described, counted)
    refs = (f"event:{bundle.event_id}", *(f"annotation:{annotation}" for annotation in bundle.annotation_ids))
    return {**cues, **said, **earlier, **dict.fromkeys(refs, human)}


def _allowed(bundle: Bundle, step: int) -> frozenset[str]:
    """Concepts that a step may name."""
    if step < 5:
        return frozenset()
    allowed = {c for event in bundle.history for c in _concepts(event.emotions, event.own_words)}
    if step == 6:
        allowed |= _concepts(bundle.emotions, (*bundle.own_words, bundle.cause or ""))
        allowed |= {concept for turn in bundle.dialogue for concept in mentioned(unquoted(turn.text))}
    return frozenset(allowed)


def _concepts(ids: Iterable[str], words: Iterable[str]) -> set[str]:
    """Concepts by id, with whatever else their names and the words name."""
    ids = list(ids)
    known = vocabulary()
    names = [name for concept in ids for name in (known.get(concept).en, known.get(concept).zh)]
    return {*ids, *(concept for text in (*names, *words) for concept in mentioned(unquoted(text)))}


def _evidence(text: str, numbers: Iterable[str] = ()) -> _Evidence:
    return _Evidence(text, frozenset({*_NUMBER.findall(text), *numbers}))


def _gaps(event: Earlier) -> set[str]:
    """Whole seconds, minutes, hours and days that a gap or a length may be said with."""
    return {str(round(value / unit)) for value in (event.gap_s, event.duration_s) for unit in _GAP_UNITS_S}


def _quotes(sentence: str) -> list[str]:
    return [next((group for group in match.groups() if group is not None), "") for match in _QUOTED.finditer(sentence)]
