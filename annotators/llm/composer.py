"""Embedded writer: composes the six steps from the evidence and the human description, adding nothing.

It needs no model. Every sentence rests on one piece of evidence and cites it; what is absent is said to be absent, with
its reason. A cue that names an emotion is withheld from the first four steps instead of passed on.
"""

from __future__ import annotations

import functools
import hashlib
import tomllib
from collections.abc import Iterable, Sequence
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from osmo.annotators.everyday import everyday_revision
from osmo.annotators.mentions import mentioned, unquoted
from osmo.annotators.writer import NO_DIALOGUE, NO_HISTORY, Bundle, Chain, CueGiven, Earlier, Said, Step
from osmo.schemas.endpoints import NO_MODELS, Models
from osmo.schemas.vocabulary import vocabulary

VERSION = 1
_FILE = files("osmo.annotators.llm").joinpath("composer_phrases.toml")
_UNITS = ((86_400, "d", 2 * 86_400), (3_600, "h", 2 * 3_600), (60, "min", 120), (1, "s", 1))
"""Length of each unit in seconds, its phrase, and the gap from which it is used."""

Sentence = tuple[str, str]
"""A sentence and what it cites."""


class Phrases(BaseModel):
    """The phrases of one language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    comma: str
    absent: dict[str, str]
    absent_withheld: dict[str, str]
    withheld: dict[str, str]
    no_reason: str
    cue: str
    said: dict[str, str]
    no_dialogue: str
    gap: dict[str, str]
    earlier: str
    earlier_own_words: str
    earlier_both: str
    earlier_unnamed: str
    no_history: str
    emotions: str
    own_words: str
    no_emotion: str
    quoted: str
    polarity: dict[str, str]
    no_polarity: dict[str, str]
    intensity: str
    no_intensity: dict[str, str]
    cause: str
    no_cause: dict[str, str]


@functools.cache
def phrases() -> dict[str, Phrases]:
    """The composer's phrases by language."""
    return {name: Phrases.model_validate(table) for name, table in tomllib.loads(_FILE.read_text("utf-8")).items()}


class Composer:
    """The writer that composes chains without a model."""

    name = "composer"
    prompt_sha: str | None = None

    @property
    def revision(self) -> str:
        """Code version, hash of the phrases and of what counts as naming an emotion, and version of the vocabulary."""
        sha = hashlib.sha256(_FILE.read_bytes() + everyday_revision().encode()).hexdigest()[:16]
        return f"{VERSION}+{sha}+vocabulary-{vocabulary().version}"

    def write(self, bundles: Sequence[Bundle]) -> list[Chain]:
        """Six steps per bundle, in order."""
        return [Chain(_steps(bundle)) for bundle in bundles]


def _steps(bundle: Bundle) -> tuple[Step, ...]:
    language = bundle.language if bundle.language in phrases() else "en"
    say = phrases()[language or "en"]
    cues = {cue.modality: cue for cue in bundle.cues}
    written = (
        [_cue(cues["visual"], say)],
        [_cue(cues["acoustic"], say)],
        [_said(turn, say) for turn in bundle.dialogue] or [(say.no_dialogue, NO_DIALOGUE)],
        [_cue(cues["ocular"], say)],
        [_earlier(event, language, say) for event in bundle.history] or [(say.no_history, NO_HISTORY)],
        _inference(bundle, language, say),
    )
    return tuple(
        Step(number, tuple(text for text, _ in sentences), tuple(ref for _, ref in sentences))
        for number, sentences in enumerate(written, 1)
    )


def _cue(cue: CueGiven, say: Phrases) -> Sentence:
    if cue.text is not None:
        text = say.withheld[cue.modality] if mentioned(cue.text) else say.cue.format(text=cue.text)
    elif cue.absent_reason is None:
        text = say.absent[cue.modality].format(reason=say.no_reason)
    elif mentioned(cue.absent_reason):
        text = say.absent_withheld[cue.modality]
    else:
        text = say.absent[cue.modality].format(reason=cue.absent_reason)
    return text, cue.ref


def _said(turn: Said, say: Phrases) -> Sentence:
    phrase = say.said.get(turn.speaker, say.said["unknown"])
    return phrase.format(text=unquoted(turn.text)), turn.ref


def _earlier(event: Earlier, language: str | None, say: Phrases) -> Sentence:
    phrase = {
        (True, True): say.earlier_both,
        (True, False): say.earlier,
        (False, True): say.earlier_own_words,
        (False, False): say.earlier_unnamed,
    }[bool(event.emotions), bool(event.own_words)]
    text = phrase.format(
        gap=_gap(event.gap_s, say),
        emotions=_named(event.emotions, language, say),
        words=_quoted(event.own_words, say),
    )
    return text, event.ref


def _inference(bundle: Bundle, language: str | None, say: Phrases) -> list[Sentence]:
    """What the people who annotated the event say of it, and what was not asked of them."""
    texts: list[str] = []
    if bundle.emotions:
        texts.append(say.emotions.format(emotions=_named(bundle.emotions, language, say)))
    if bundle.own_words:
        texts.append(say.own_words.format(words=_quoted(bundle.own_words, say)))
    if not texts:
        texts.append(say.no_emotion)
    if bundle.polarity is None:
        texts.append(_missing(say.no_polarity, bundle.polarity_reason))
    else:
        texts.append(say.polarity[bundle.polarity])
    if bundle.intensity is None:
        texts.append(_missing(say.no_intensity, bundle.intensity_reason))
    else:
        texts.append(say.intensity.format(intensity=bundle.intensity))
    if bundle.cause is None:
        texts.append(_missing(say.no_cause, bundle.cause_reason))
    else:
        texts.append(say.cause.format(cause=unquoted(bundle.cause)))
    # What several annotators agree on is said by none of them alone: then the consolidated event is the evidence.
    ids = bundle.annotation_ids
    ref = f"annotation:{ids[0]}" if len(ids) == 1 else f"event:{bundle.event_id}"
    return [(text, ref) for text in texts]


def _gap(gap_s: float, say: Phrases) -> str:
    for length_s, unit, from_s in _UNITS:
        if gap_s >= from_s:
            return say.gap[unit].format(n=round(gap_s / length_s))
    return say.gap["now"]


def _named(concepts: Iterable[str], language: str | None, say: Phrases) -> str:
    known = vocabulary()
    return say.comma.join(known.get(concept).zh if language == "zh" else known.get(concept).en for concept in concepts)


def _quoted(words: Iterable[str], say: Phrases) -> str:
    return say.comma.join(say.quoted.format(text=unquoted(word)) for word in words)


def _missing(phrases_by_reason: dict[str, str], reason: str | None) -> str:
    return phrases_by_reason.get(reason or "", phrases_by_reason["not_collected"])


def create_writer(_models: Models = NO_MODELS) -> Composer:
    """The writer of this file."""
    return Composer()
