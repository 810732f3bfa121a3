"""What a chat model is asked, and what it answers: the contract between annotators and transports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pydantic import JsonValue

from osmo.annotators.answer import NOTHING, Unanswered, Usage


@dataclass(frozen=True)
class Attachment:
    """Sound or pictures that go with a question.

    Attributes:
        kind: audio (WAV, mono, 16 kHz), video (MP4) or image (JPEG).
        content: Gives the file's bytes; called once the question is about to be sent, so that thousands can wait.
        seconds: Length; null for an image.
    """

    kind: Literal["audio", "video", "image"]
    content: Callable[[], bytes] = field(compare=False)
    seconds: float | None = None


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes:
        system: The system prompt; empty: none.
        text: The user's text.
        attachments: In the order in which the model gets them, before the text.
        schema: JSON schema that the answer must keep to; null: free text. It is a promise asked for, never relied on.
        choices: The answer must be one of these, word by word; null: free text. By `response_format` it comes as a
            JSON string, in quotes.
        max_tokens: Most tokens of the answer; null: the endpoint's.
        seed: For servers that sample all the same; decoding is greedy.
    """

    system: str
    text: str
    attachments: tuple[Attachment, ...] = ()
    schema: JsonValue | None = None
    choices: tuple[str, ...] | None = None
    max_tokens: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class Answer:
    """What a model answered.

    Attributes:
        text: The unchanged text; may be empty.
        finish: stop, length (cut at max_tokens), or what else the server says; null: it says nothing.
        usage: What it took.
    """

    text: str
    finish: str | None = None
    usage: Usage = NOTHING


@dataclass(frozen=True)
class Refused:
    """The server answered, and will not answer this question however often it is asked: the annotator abstains.

    Attributes:
        reason: One line, starting with a word and a colon: `refused: 400 …`, `unreadable: …`.
        raw: What the server said, if it is text; at most some thousand characters.
        usage: What it took.
    """

    reason: str
    raw: str | None = None
    usage: Usage = NOTHING


Result = Answer | Refused | Unanswered


class Chat(Protocol):
    """One model that answers questions; one per endpoint and process, safe to share between threads."""

    @property
    def where(self) -> str:
        """Address of the server, or the folder of the weights."""
        ...

    def ask_each(self, questions: Iterable[Question]) -> Iterator[tuple[int, Result]]:
        """Ask many, as many at a time as the endpoint allows.

        Args:
            questions: Taken one by one, as places become free, and never all held.

        Yields:
            Position of a question and its result, as they come; each question once. After a result whose server is
            gone, every question that is left is `Unanswered` without being sent.
        """
        ...

    def ask(self, questions: Iterable[Question]) -> list[Result]:
        """One result per question, in order."""
        ...
