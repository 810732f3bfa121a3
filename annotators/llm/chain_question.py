"""The question to a writing model: the rules of a chain, and the evidence of one event as data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from osmo.annotators.llm.chain_reply import schema
from osmo.annotators.prompt import prompt
from osmo.annotators.quoted import announcement, nonce_for, quote
from osmo.annotators.transports.question import Question
from osmo.annotators.writer import NO_DIALOGUE, NO_HISTORY, Bundle, CueGiven, Earlier, Said
from osmo.schemas.vocabulary import vocabulary

PROMPT, PROMPT_AGAIN = "sense", "sense_again"
REVISION = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]
"""Hash of this file: what of a bundle is shown, and how."""
PROMPT_SHA = hashlib.sha256((prompt(PROMPT).sha + prompt(PROMPT_AGAIN).sha).encode()).hexdigest()[:16]
"""Hash of both prompts."""
MAX_TOKENS = 2_048
"""Most tokens of a chain, where the endpoint says no more."""

LONGEST_CUE = 1_500
LONGEST_CAUSE = 1_000
LONGEST_TURN = 300
LONGEST_WORDS = 100
LONGEST_REASON = 400
MOST_DIALOGUE = 3_000
MOST_REASONS = 12
"""Characters that are shown of a cue, a cause, a turn, one's own words, a reason of refusal, all turns together; and
how many reasons: question and answer must fit into 8,192 tokens."""

_SIGNS = {"visual": "V", "acoustic": "A", "ocular": "E"}
_LANGUAGES = {"en": "English", "zh": "Mandarin Chinese"}
_SPEAKERS = {"wearer": "the wearer", "other": "someone else"}
_POLARITIES = frozenset({"negative", "neutral", "positive", "mixed"})
_UNITS = ((86_400, "d", 2 * 86_400), (3_600, "h", 2 * 3_600), (60, "min", 120), (1, "s", 0))
_NONE = "none"


def signs(bundle: Bundle) -> dict[str, str]:
    """What a model cites in place of refs: V, A, E, D1 …, H1 …, R; D0 and H0 for what is not there."""
    turns = {f"D{n}": turn.ref for n, turn in enumerate(_shown(bundle.dialogue), 1)} or {"D0": NO_DIALOGUE}
    events = {f"H{n}": event.ref for n, event in enumerate(bundle.history, 1)} or {"H0": NO_HISTORY}
    ids = bundle.annotation_ids
    people = f"annotation:{ids[0]}" if len(ids) == 1 else f"event:{bundle.event_id}"
    return {**{_SIGNS[cue.modality]: cue.ref for cue in bundle.cues}, **turns, **events, "R": people}


def question(bundle: Bundle, *, max_tokens: int | None = None) -> Question:
    """The question about one event; equal bundles give equal questions.

    Args:
        bundle: What is known of the event.
        max_tokens: Most tokens of the answer.
    """
    asked = prompt(PROMPT)
    language = "zh" if bundle.language == "zh" else "en"
    nonce = nonce_for(*_texts(bundle))
    cues = {cue.modality: _cue(cue, nonce) for cue in bundle.cues}
    turns = _shown(bundle.dialogue)
    text = asked.fill(
        announcement=announcement(nonce),
        **{modality: cues[modality] for modality in _SIGNS},
        dialogue="\n".join(_turn(n, turn, nonce) for n, turn in enumerate(turns, 1)) or "[D0] no words are given",
        history="\n".join(_earlier(n, event, language, nonce) for n, event in enumerate(bundle.history, 1))
        or "[H0] no earlier event is given",
        emotions=_emotions(bundle.emotions, language, nonce),
        own_words=_quoted(bundle.own_words, nonce),
        polarity=_polarity(bundle, nonce),
        intensity=_why(bundle.intensity_reason, nonce) if bundle.intensity is None else str(bundle.intensity),
        cause=_why(bundle.cause_reason, nonce)
        if bundle.cause is None
        else quote(bundle.cause, nonce, longest=LONGEST_CAUSE),
        language=_LANGUAGES[language],
    )
    return Question(asked.system, text, schema=schema(signs(bundle)), max_tokens=max_tokens)


def ask_again(asked: Question, bundle: Bundle, reasons: Sequence[str]) -> Question:
    """The same question, with why an earlier chain was refused.

    Args:
        asked: The question.
        bundle: Its event.
        reasons: What was wrong; they hold words of the model and of the evidence, so they are data too.
    """
    named = [_with_signs(reason, signs(bundle)) for reason in reasons[:MOST_REASONS]]
    nonce = nonce_for(asked.text, *named)
    lines = [quote(reason, nonce, longest=LONGEST_REASON) for reason in named]
    more = prompt(PROMPT_AGAIN).fill(reasons="\n".join(lines))
    return replace(asked, text=f"{asked.text}\n\n{announcement(nonce)}\n\n{more}")


def _with_signs(reason: str, known: Mapping[str, str]) -> str:
    for sign, ref in known.items():
        reason = reason.replace(ref, f"[{sign}]")
    return reason


def _texts(bundle: Bundle) -> Iterator[str]:
    """Everything that may be quoted."""
    for cue in bundle.cues:
        yield cue.text or cue.absent_reason or ""
    yield from (turn.text for turn in bundle.dialogue)
    for words in (bundle.own_words, bundle.emotions, *(event.own_words for event in bundle.history)):
        yield from words
    yield from (concept for event in bundle.history for concept in event.emotions)
    reasons = (bundle.polarity_reason, bundle.intensity_reason, bundle.cause_reason)
    yield from (text or "" for text in (bundle.cause, bundle.polarity, *reasons))


def _cue(cue: CueGiven, nonce: str) -> str:
    sign = f"[{_SIGNS[cue.modality]}] {cue.modality} cue"
    if cue.text is not None:
        return f"{sign}: {quote(cue.text, nonce, longest=LONGEST_CUE)}"
    reason = quote(cue.absent_reason, nonce, longest=LONGEST_CUE) if cue.absent_reason else "no reason is given"
    return f"{sign} is absent; the reason: {reason}"


def _shown(turns: Sequence[Said]) -> tuple[Said, ...]:
    """The latest turns that fit, oldest first."""
    length, first = 0, len(turns)
    while first > 0 and (length := length + min(len(turns[first - 1].text), LONGEST_TURN)) <= MOST_DIALOGUE:
        first -= 1
    return tuple(turns[first:])


def _turn(number: int, turn: Said, nonce: str) -> str:
    speaker = _SPEAKERS.get(turn.speaker, "someone, perhaps the wearer,")
    return f"[D{number}] {speaker} says: {quote(turn.text, nonce, longest=LONGEST_TURN)}"


def _earlier(number: int, event: Earlier, language: str, nonce: str) -> str:
    felt = f"emotions: {_emotions(event.emotions, language, nonce)}; own words: {_quoted(event.own_words, nonce)}"
    return f"[H{number}] {_gap(event.gap_s)} before this event; {felt}"


def _gap(gap_s: float) -> str:
    length_s, unit = next((length_s, unit) for length_s, unit, from_s in _UNITS if gap_s >= from_s or unit == "s")
    return f"{round(gap_s / length_s)} {unit}"


def _emotions(concepts: Iterable[str], language: str, nonce: str) -> str:
    known = {one.id: one.zh if language == "zh" else one.en for one in vocabulary().concepts}
    shown = (known.get(concept) or quote(concept, nonce, longest=LONGEST_WORDS) for concept in concepts)
    return ", ".join(shown) or _NONE


def _quoted(words: Iterable[str], nonce: str) -> str:
    return " ".join(quote(word, nonce, longest=LONGEST_WORDS) for word in words) or _NONE


def _polarity(bundle: Bundle, nonce: str) -> str:
    known = bundle.polarity
    if known is None:
        return _why(bundle.polarity_reason, nonce)
    return known if known in _POLARITIES else quote(known, nonce, longest=LONGEST_WORDS)


def _why(reason: str | None, nonce: str) -> str:
    known = {"not_collected": "was not collected", "missing": "was left out", "tie": "undecided, people are split"}
    return "was not collected" if reason is None else known.get(reason) or quote(reason, nonce, longest=LONGEST_WORDS)
