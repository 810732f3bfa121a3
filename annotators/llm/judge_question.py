"""The question to a judging model: the rubric, and what the annotator stated, as data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from osmo.annotators.judge import Statement
from osmo.annotators.llm.judge_reply import SCHEMA
from osmo.annotators.prompt import prompt
from osmo.annotators.quoted import announcement, nonce_for, quote
from osmo.annotators.transports.question import Question
from osmo.annotators.voter import Turn
from osmo.schemas.vocabulary import vocabulary

PROMPT = "judge"
REVISION = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]
"""Hash of this file: what of a statement is shown, and how."""

MOST_WORDS = 8
LONGEST_WORDS = 100
"""Own words that are shown, and characters of each."""
LONGEST_CAUSE = 1_000
"""Characters of a cause that are shown."""
LONGEST_TURN = 200
MOST_DIALOGUE = 3_000
"""Characters of a turn that are shown, and of all turns as they stand in the prompt: the question must fit into 8,192
tokens, in Mandarin too."""

_POLARITIES = frozenset({"negative", "neutral", "positive", "mixed"})
_LANGUAGES = frozenset({"en", "zh"})
_SPEAKERS = frozenset({"wearer", "other"})
_NONE = "none"


def question(statement: Statement) -> Question:
    """The question about one statement; equal statements give equal questions."""
    asked = prompt(PROMPT)
    nonce = nonce_of(statement)
    text = asked.fill(
        announcement=announcement(nonce),
        emotions=", ".join(_emotion(concept, nonce) for concept in statement.emotions) or _NONE,
        own_words=_own_words(statement.own_words, nonce),
        polarity=_given(statement.polarity, statement.polarity_reason, nonce),
        intensity=_given(statement.intensity, statement.intensity_reason, nonce),
        cause=_given(statement.cause, statement.cause_reason, nonce),
        duration_s=f"{statement.duration_s:.1f}",
        clip_duration_s=f"{statement.clip_duration_s:.1f}",
        language=_known(statement.language or "unknown", _LANGUAGES, nonce),
        dialogue=_dialogue(statement.dialogue, nonce),
        unreadable="",
    )
    return Question(asked.system, text.rstrip(), schema=SCHEMA)


def nonce_of(statement: Statement) -> str:
    """The code of the marks in the question about a statement."""
    return nonce_for(*_texts(statement))


def ask_again(asked: Question, reason: str) -> Question:
    """The same question, with why the first answer could not be read.

    Args:
        asked: The question.
        reason: In words of ours: it stands outside of the data.
    """
    return replace(asked, text=f"{asked.text}\nUnreadable: {reason}.")


def _texts(statement: Statement) -> Iterator[str]:
    """Everything that may be quoted; what is known to be harmless as well, which changes nothing."""
    yield from statement.emotions
    yield from statement.own_words
    yield from (one or "" for one in (statement.polarity, statement.cause, statement.language))
    yield from (turn.text for turn in statement.dialogue)


def _emotion(concept: str, nonce: str) -> str:
    known = {one.id: one for one in vocabulary().concepts}.get(concept)
    return quote(concept, nonce, longest=LONGEST_WORDS) if known is None else f"{known.en} ({known.polarity})"


def _own_words(words: tuple[str, ...], nonce: str) -> str:
    shown = [quote(word, nonce, longest=LONGEST_WORDS) for word in words[:MOST_WORDS]]
    left = len(words) - len(shown)
    return " ".join([*shown, f"({left} more are not shown)"] if left else shown) or _NONE


def _given(value: str | int | None, reason: str | None, nonce: str) -> str:
    if value is None:
        return "not collected" if reason == "not_collected" else "missing"
    if isinstance(value, int):
        return str(value)
    return value if value in _POLARITIES else quote(value, nonce, longest=LONGEST_CAUSE)


def _known(word: str, words: frozenset[str], nonce: str) -> str:
    return word if word in words or word == "unknown" else quote(word, nonce, longest=LONGEST_WORDS)


def _dialogue(turns: tuple[Turn, ...], nonce: str) -> str:
    lines: list[str] = []
    length = 0
    for turn in turns:
        speaker = turn.speaker if turn.speaker in _SPEAKERS else "unknown"
        line = f"{speaker}: {quote(turn.text, nonce, longest=LONGEST_TURN)}"
        length += len(line)
        if length > MOST_DIALOGUE:
            lines.append(f"({len(turns) - len(lines)} more turns are not shown)")
            break
        lines.append(line)
    return "\n".join(lines) or _NONE
