"""Reads what a Whisper model answered: its tokens as words with times, and how far its answer reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from osmo.tasks.quarantine import after_the_end
from osmo.tasks.sentences import Word
from osmo.tasks.speech import Stretch

_TOKEN_S = 0.02
"""Resolution of Whisper's times."""
_LEAST_PROGRESS_S = 1.0
_LEAST_REST_S = 0.5
_OPENING = "\"'“¿([{-"
_CLOSING = "\"'.。,，!！?？:：”)]}、；…』」》"

Pairs = Sequence[tuple[int, int]]
"""Text token by encoder frame of 20 ms, in order: the path that dynamic time warping took."""


@dataclass(frozen=True)
class Answer:
    """What a model answered to one stretch.

    Attributes:
        tokens: Without the prompt and the end mark; time tokens are among them.
        logprob: Mean log-probability of its tokens, the end mark counted.
        no_speech: The model's probability that there is no speech.
    """

    tokens: tuple[int, ...]
    logprob: float
    no_speech: float


def reached(tokens: Sequence[int], times_from: int, length_s: float) -> tuple[tuple[int, ...], float | None]:
    """The part of an answer that is complete, and where the rest of the sound begins; null: the answer reached its end.

    Whisper's own rule: two time tokens in a row say that something begins which the answer does not finish; it is
    heard again from there. A rest of less than 0.5 s, or progress of less than 1 s, is left alone.

    Args:
        tokens: Of the answer.
        times_from: The first time token.
        length_s: Length of the sound in seconds.
    """
    is_time = [token >= times_from for token in tokens]
    pairs = [at for at in range(1, len(tokens)) if is_time[at - 1] and is_time[at]]
    if not pairs or is_time[-2:] == [False, True]:
        return tuple(tokens), None
    done_s = (tokens[pairs[-1] - 1] - times_from) * _TOKEN_S
    if done_s < _LEAST_PROGRESS_S or length_s - done_s < _LEAST_REST_S:
        return tuple(tokens), None
    return tuple(tokens[: pairs[-1]]), done_s


def timed_words(
    tokenizer: Any, answer: Answer, pairs: Pairs, stretch: Stretch, *, language: str, heard_s: float
) -> tuple[Word, ...]:
    """Words of an answer on the recording's clock.

    Args:
        tokenizer: Whisper's, for the answer's language.
        answer: Its complete part.
        pairs: Alignment of its text tokens with the sound.
        stretch: Where the sound lies.
        language: That it was heard in.
        heard_s: Length of the sound in seconds; a word whose time token lies after it was invented.
    """
    from whisper.timing import WordTiming, merge_punctuations

    text, since_s = _text_tokens(answer.tokens, tokenizer)
    words, parts = tokenizer.split_to_word_tokens([*text, tokenizer.eot])
    starts = _first_frames(pairs, len(text) + 1)
    timings, at = [], 0
    for word, part in zip(words[:-1], parts[:-1], strict=True):
        begin, end = starts[at] * _TOKEN_S, starts[at + len(part)] * _TOKEN_S
        timings.append(WordTiming(word, part, begin, end, 0.0))
        at += len(part)
    merge_punctuations(timings, _OPENING, _CLOSING)
    made, at = [], 0
    for timing in timings:
        if timing.word:
            late = after_the_end(since_s[at], heard_s)
            start_s, end_s = _inside(timing.start, timing.end, stretch)
            made.append(Word(start_s, end_s, timing.word, answer.logprob, answer.no_speech, language, late))
        at += len(timing.tokens)
    return tuple(made)


def text_tokens(tokens: Sequence[int], tokenizer: Any) -> list[int]:
    """The tokens that are text."""
    return [token for token in tokens if token < tokenizer.eot]


def _text_tokens(tokens: Sequence[int], tokenizer: Any) -> tuple[list[int], list[float]]:
    """Text tokens, and the latest time token before each, in seconds."""
    text, since, now_s = [], [], 0.0
    for token in tokens:
        if token >= tokenizer.timestamp_begin:
            now_s = (token - tokenizer.timestamp_begin) * _TOKEN_S
        elif token < tokenizer.eot:
            text.append(token)
            since.append(now_s)
    return text, since


def _first_frames(pairs: Pairs, count: int) -> list[int]:
    """The first frame of each token; one that the path does not reach begins where the last one does."""
    first: dict[int, int] = {}
    for token, frame in pairs:
        first.setdefault(token, max(frame, 0))
    frames, latest = [], 0
    for token in range(count):
        latest = max(first.get(token, latest), latest)
        frames.append(latest)
    return frames


def _inside(start_s: float, end_s: float, stretch: Stretch) -> tuple[float, float]:
    """Times on the recording's clock: an alignment may leave the stretch, or give a word no time."""
    begin = min(max(stretch.start_s + start_s, stretch.start_s), stretch.end_s - _TOKEN_S)
    return begin, min(max(stretch.start_s + end_s, begin + _TOKEN_S), stretch.end_s)
