"""Finds what a speech model invented: loops, words over silence, more text than anyone can say; kept, and refused."""

from __future__ import annotations

import functools
import re
import zlib
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources

from osmo.schemas.config import SegmentConfig
from osmo.tasks.engines.engine import Passage
from osmo.tasks.sentences import Sentence, Word, spread

_MARKS = re.compile(r"[\W_]+")
_LATE_S = 0.5
_RUNS = ((1, 12), (2, 8), (3, 6), (6, 5), (24, 4))
"""Up to so many words: so many times in a row are a loop. Who laughs or insists says one word eight times, not 12."""
_LONGEST_UNIT = _RUNS[-1][0]
_FEWEST_WORDS = 8
"""Fewer words in a passage say nothing about a rate."""
_FEWEST_BYTES = 120
"""zlib's ratio of a shorter text says nothing: a knock at the door, three times over, compresses to 2.7."""


def checked_words(passage: Passage, settings: SegmentConfig) -> list[Word]:
    """The words of a passage, those that are to be quarantined with the reason.

    In this order: silence by Whisper's own rule (no-speech probability and log-probability together), a rate that
    nobody speaks at, a unit of words again and again, a text that zlib compresses further than speech. The first two
    and the last refuse the whole passage, a repetition only its words.
    """
    if is_silence(passage.no_speech, passage.logprob, settings):
        return _all_refused(passage.words, _silence(passage, settings))
    if (reason := _too_fast(passage, settings)) is not None:
        return _all_refused(passage.words, reason)
    words = _loops_refused(passage.words)
    rest = "".join(word.text for word in words if word.refused is None)
    ratio = compression_ratio(rest)
    if ratio > settings.compression_ratio_max and len(rest.encode()) >= _FEWEST_BYTES:
        return _all_refused(words, f"loop: compression ratio {ratio:.1f} over {settings.compression_ratio_max:g}")
    return words


def checked_sentence(sentence: Sentence, settings: SegmentConfig) -> str | None:
    """Why a sentence is quarantined: as its words are, or it is a well-known invention over weak evidence of speech.

    Weak is a no-speech probability of more than half of the threshold.
    """
    if sentence.refused is not None:
        return sentence.refused
    weak = settings.no_speech_threshold / 2
    if (sentence.no_speech or 0.0) > weak and _known_inventions().fullmatch(_bare(sentence.text)):
        return f"invented: a phrase models are known to invent, at no-speech probability {sentence.no_speech:.2f}"
    return None


def is_silence(no_speech: float, logprob: float, settings: SegmentConfig) -> bool:
    """Whisper's own rule: silence is likely, and the words over it are not."""
    return no_speech > settings.no_speech_threshold and logprob < settings.logprob_min


def after_the_end(since_s: float, length_s: float) -> str | None:
    """Why a word is refused that its model places after the end of the sound; null: it does not."""
    if since_s < length_s + _LATE_S:
        return None
    return f"invented: placed {since_s:.1f} s into a sound of {length_s:.1f} s"


def compression_ratio(text: str) -> float:
    """Bytes of a text by its bytes when compressed, as Whisper measures it."""
    data = text.strip().encode()
    return len(data) / len(zlib.compress(data))


def _silence(passage: Passage, settings: SegmentConfig) -> str:
    over = f"no-speech probability {passage.no_speech:.2f} over {settings.no_speech_threshold:g}"
    return f"silence: {over} with mean log-probability {passage.logprob:.1f}"


def _too_fast(passage: Passage, settings: SegmentConfig) -> str | None:
    text = "".join(word.text for word in passage.words if word.refused is None)
    length_s = max(passage.end_s - passage.start_s, 0.02)
    count = len(_units(text))
    if count < _FEWEST_WORDS:
        return None
    for what, found, most in (
        ("characters", len("".join(text.split())) / length_s, settings.chars_per_s_max),
        ("words", count / length_s, settings.words_per_s_max),
    ):
        if found > most:
            return f"invented: {found:.0f} {what} a second over {most:g}"
    return None


def _loops_refused(words: Sequence[Word]) -> list[Word]:
    """Words, those of each run of a repeated unit refused. Units are counted in words, Chinese ones in characters."""
    units: list[tuple[str, int]] = []
    for at, word in enumerate(words):
        units += [(unit, at) for unit in _units(word.text)]
    refused: dict[int, str] = {}
    at = 0
    while at < len(units):
        size, times = _run([unit for unit, _ in units[at : at + _LONGEST_UNIT * _RUNS[0][1] * 4]])
        if not times:
            at += 1
            continue
        name = "the same word" if size == 1 else f"the same {size} words"
        end = at + size * times
        for _, word_at in units[at:end]:
            refused[word_at] = f"repetition: {name} {times} times"
        at = end
    return [replace(word, refused=word.refused or refused.get(at)) for at, word in enumerate(words)]


def _run(units: Sequence[str]) -> tuple[int, int]:
    """Size of the unit that begins here and how often it follows itself; (0, 0) where that is speech."""
    for size in range(1, min(_LONGEST_UNIT, len(units) // 2) + 1):
        times = 1
        while units[times * size : (times + 1) * size] == units[:size]:
            times += 1
        fewest = next(least for longest, least in _RUNS if size <= longest)
        if times >= fewest:
            return size, times
    return 0, 0


def _units(text: str) -> list[str]:
    """Words of a text, each Chinese or Japanese character one, without marks and case."""
    return [bare for piece in spread(0.0, 1.0, text) if (bare := _bare(piece.text))]


def _all_refused(words: Sequence[Word], reason: str) -> list[Word]:
    return [replace(word, refused=word.refused or reason) for word in words]


def _bare(text: str) -> str:
    return _MARKS.sub("", text).casefold()


@functools.cache
def _known_inventions() -> re.Pattern[str]:
    lines = resources.files("osmo.tasks").joinpath("invented.txt").read_text("utf-8").splitlines()
    phrases = [line for line in lines if line and not line.startswith("#")]
    return re.compile("|".join(".*".join(map(re.escape, map(_bare, phrase.split("*")))) for phrase in phrases))
