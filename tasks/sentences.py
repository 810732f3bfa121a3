"""Makes sentences of timed words: an end mark or a pause ends one, and none is longer than allowed."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib import resources

_END_MARKS = ".!?。！？｡…⋯‼⁇⁈⁉"
_CLOSERS = "\"'”’」』）)]》】〉〕｝}"
_INITIALS = re.compile(r"(?:[A-Za-z]\.)+")  # "J." and "U.S." end no sentence
_PIECES = re.compile(r"\s*(?:[^\s\u3400-\u9fff\u3040-\u30ff\uff00-\uffef\u3000-\u303f]+|\S)")


@dataclass(frozen=True)
class Word:
    """One timed word.

    Attributes:
        start_s: Start in seconds.
        end_s: End in seconds.
        text: As written, with the space before it where its script puts one.
        logprob: Mean token log-probability of the passage it comes from; null where no model heard it.
        no_speech: The model's probability that its passage is no speech; null where no model heard it.
        language: BCP 47 primary language that it was heard in; null: not known for the word.
        refused: Why it is quarantined; null: it is not.
    """

    start_s: float
    end_s: float
    text: str
    logprob: float | None = None
    no_speech: float | None = None
    language: str | None = None
    refused: str | None = None


@dataclass(frozen=True)
class Sentence:
    """One sentence, or what stands for one: its words in order."""

    words: tuple[Word, ...]

    @property
    def start_s(self) -> float:
        """Start of its first word, seconds."""
        return self.words[0].start_s

    @property
    def end_s(self) -> float:
        """End of its last word, seconds."""
        return max(word.end_s for word in self.words)

    @property
    def text(self) -> str:
        """What was said, without space around it."""
        return "".join(word.text for word in self.words).strip()

    @property
    def language(self) -> str | None:
        """Language that its words were heard in; null: not known."""
        return self.words[0].language

    @property
    def refused(self) -> str | None:
        """Why its words are quarantined; null: they are not."""
        return self.words[0].refused

    @property
    def confidence(self) -> float | None:
        """exp(mean log-probability) over its words, 0–1; null where no model heard them."""
        heard = [word.logprob for word in self.words if word.logprob is not None]
        return min(1.0, math.exp(sum(heard) / len(heard))) if heard else None

    @property
    def no_speech(self) -> float | None:
        """Mean no-speech probability over its words, 0–1; null where no model heard them."""
        heard = [word.no_speech for word in self.words if word.no_speech is not None]
        return sum(heard) / len(heard) if heard else None


def sentences(words: Iterable[Word], *, pause_s: float, max_s: float) -> list[Sentence]:
    """Sentences of words in order of time.

    No sentence holds words of two languages, or words that are quarantined beside words that are not.

    Args:
        words: In order.
        pause_s: A longer pause between two words ends a sentence.
        max_s: No sentence is longer; a longer one is cut at its longest pause, of equal ones the most central.

    Returns:
        Sentences with text, in order; every word with text is in exactly one of them.
    """
    made: list[Sentence] = []
    open_words: list[Word] = []
    ended = False
    for word in words:
        if ended and not _continues(open_words[-1].text, word.text):
            made += _cut(open_words, max_s)
            open_words = []
        if open_words and _parted(open_words[-1], word, pause_s):
            made += _cut(open_words, max_s)
            open_words = []
        ended = _ends_sentence(word.text) or (ended and bool(open_words) and _only_marks(word.text))
        open_words.append(word)
    made += _cut(open_words, max_s)
    return [sentence for sentence in made if sentence.text]


def spread(start_s: float, end_s: float, text: str) -> list[Word]:
    """Words of a text whose own times are not known: each takes a share of the time by its length.

    Args:
        start_s: Start in seconds.
        end_s: End in seconds.
        text: Words stand between spaces; each Chinese or Japanese character is one.
    """
    pieces = _PIECES.findall(text)
    total = sum(len(piece.strip()) for piece in pieces)
    words, said = [], 0
    for piece in pieces:
        began, said = said, said + len(piece.strip())
        span = (end_s - start_s) / total
        words.append(Word(start_s + began * span, start_s + said * span, piece))
    return words


def _parted(before: Word, after: Word, pause_s: float) -> bool:
    """Whether a sentence ends between two words whatever they say."""
    kinds = [(word.language, word.refused is None) for word in (before, after)]
    return after.start_s - before.end_s > pause_s or kinds[0] != kinds[1]


def _cut(words: Sequence[Word], max_s: float) -> list[Sentence]:
    if not words:
        return []
    if words[-1].end_s - words[0].start_s <= max_s:
        return [Sentence(tuple(words))]
    if len(words) == 1:
        word = words[0]
        return [Sentence((replace(word, end_s=word.start_s + max_s),))]
    middle = (words[0].start_s + words[-1].end_s) / 2
    pauses = [(words[i].start_s - words[i - 1].end_s, -abs(words[i].start_s - middle), i) for i in range(1, len(words))]
    # Rounded to a hundredth: what arithmetic leaves between evenly spread words is no pause.
    at = max((round(pause, 2), round(nearness, 2), -i, i) for pause, nearness, i in pauses)[-1]
    return _cut(words[:at], max_s) + _cut(words[at:], max_s)


def _continues(ended: str, text: str) -> bool:
    """Whether a word still belongs to what an end mark seemed to end: more marks, or the rest of "3.5" and "a.org"."""
    if text[:1].isspace():
        return False
    return _only_marks(text) or (ended.endswith(".") and text[:1].isascii() and text[:1].isalnum())


def _only_marks(text: str) -> bool:
    bare = text.strip()
    return bool(bare) and all(letter in _END_MARKS or letter in _CLOSERS for letter in bare)


def _ends_sentence(text: str) -> bool:
    word = text.strip().rstrip(_CLOSERS)
    if not word or word[-1] not in _END_MARKS:
        return False
    if word[-1] != ".":
        return True
    bare = word.lstrip("\"'“‘「『（([《")
    return not (_INITIALS.fullmatch(bare) or bare.casefold() in _abbreviations())


@functools.cache
def _abbreviations() -> frozenset[str]:
    """English abbreviations that seldom end a sentence."""
    return frozenset(resources.files("osmo.tasks").joinpath("abbreviations.txt").read_text("utf-8").split())
