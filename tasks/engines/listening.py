"""How both Whisper engines listen: many stretches at once, one encoder pass each, and again only what looks broken."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from osmo.schemas.config import SegmentConfig
from osmo.tasks.engines.answers import Answer, Pairs, reached, text_tokens, timed_words
from osmo.tasks.engines.engine import Passage
from osmo.tasks.quarantine import compression_ratio, is_silence
from osmo.tasks.speech import SAMPLE_RATE_HZ, Hear, Sound, Stretch

REVISION = "listening 1"
"""Rises when the same model, sound and settings would give other words."""
_SURE_FROM_S = 3.0
"""A shorter stretch says too little about its language."""
_SAMPLED = 4
"""Longest stretches on which the language of a recording is detected that is told none."""
_HOP = 160

Mels = npt.NDArray[np.float32]
Chances = dict[str, float]


class Ear(Protocol):
    """A loaded Whisper model. What it encodes is its own; rows count as the sounds did."""

    @property
    def mels(self) -> int:
        """Mel bands that it hears."""
        ...

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that it tells apart; one: it knows no other."""
        ...

    def tokenizer(self, language: str) -> Any:
        """Whisper's tokenizer of its vocabulary."""
        ...

    def encode(self, mels: Mels) -> Any:
        """Encode mel spectrograms (B, bands, 3000)."""
        ...

    def rows(self, encoded: Any, rows: Sequence[int]) -> Any:
        """Some rows of what it encoded."""
        ...

    def chances(self, encoded: Any) -> list[Chances]:
        """Probability of each language, a row each; asked only of a model that tells languages apart."""
        ...

    def decode(self, encoded: Any, language: str, sample_len: int | None) -> list[Answer]:
        """Greedy answers at temperature 0."""
        ...

    def again(self, encoded: Any, language: str, sample_len: int | None, seed: int) -> Iterator[Answer]:
        """Other answers to one row, to try until one passes; the same ones for the same sound."""
        ...

    def align(self, encoded: Any, language: str, texts: Sequence[list[int]], frames: Sequence[int]) -> list[Pairs]:
        """Where in the sound (of `frames` of 10 ms) each text token is; no text is empty."""
        ...


@dataclass(frozen=True)
class _Heard:
    stretch: Stretch
    sound: Sound
    language: str
    chance: float | None


def listen(
    ear: Ear, hear: Hear, stretches: Sequence[Stretch], *, language: str | None, settings: SegmentConfig
) -> list[Passage]:
    """Passages in order of time, `settings.batch_size` stretches at once, those of like length together.

    The told language counts. It yields where a stretch of 3 s or more is in another one with a probability over
    `settings.language_switch`. A recording that is told none, or one that the model does not know, has the language
    that its four longest stretches are most probably in.
    """
    told = language if language in ear.languages else _detected(ear, hear, stretches, settings.batch_size)
    found: list[Passage] = []
    waiting = list(stretches)
    while waiting:
        waiting.sort(key=lambda one: (one.start_s - one.end_s, one.start_s))
        rests: list[Stretch] = []
        for at in range(0, len(waiting), settings.batch_size):
            for passage, rest in _batch(ear, hear, waiting[at : at + settings.batch_size], told, settings):
                found.append(passage)
                rests += [] if rest is None else [rest]
        waiting = rests
    return sorted(found, key=lambda passage: passage.start_s)


def chosen_language(told: str, chances: Chances, *, switch: float) -> str:
    """The language to hear a stretch in: as told, unless the model is very sure of another one.

    Args:
        told: The recording's language.
        chances: What the model says of the stretch; empty: it was not asked.
        switch: A higher probability of another language counts.
    """
    best = max(sorted(chances), key=lambda code: chances[code], default=told)
    return best if chances.get(best, 0.0) > switch else told


def mel_spectrograms(sounds: Sequence[Sound], bands: int) -> Mels:
    """Log-mel spectrograms (B, bands, 3000) of sounds, each padded to Whisper's window of 30 s."""
    import whisper

    padded = (whisper.pad_or_trim(sound, 30 * SAMPLE_RATE_HZ) for sound in sounds)
    return np.stack([whisper.log_mel_spectrogram(sound, bands).numpy() for sound in padded])


def _batch(
    ear: Ear, hear: Hear, stretches: Sequence[Stretch], told: str, settings: SegmentConfig
) -> list[tuple[Passage, Stretch | None]]:
    sounds = [hear(one.start_s, one.end_s) for one in stretches]
    encoded = ear.encode(mel_spectrograms(sounds, ear.mels))
    asked = _to_ask(ear, stretches, settings)
    chances: list[Chances] = [{} for _ in stretches]
    if asked:
        for at, found in zip(asked, ear.chances(ear.rows(encoded, asked)), strict=True):
            chances[at] = found
    heard = []
    for stretch, sound, chance in zip(stretches, sounds, chances, strict=True):
        code = chosen_language(told, chance, switch=settings.language_switch)
        heard.append(_Heard(stretch, sound, code, chance.get(code)))
    made: dict[int, tuple[Passage, Stretch | None]] = {}
    for code in sorted({one.language for one in heard}):
        rows = [at for at, one in enumerate(heard) if one.language == code]
        same = [heard[at] for at in rows]
        made |= zip(rows, _one_language(ear, ear.rows(encoded, rows), same, settings), strict=True)
    return [made[at] for at in range(len(heard))]


def _to_ask(ear: Ear, stretches: Sequence[Stretch], settings: SegmentConfig) -> list[int]:
    """Rows whose language could be another one than the told one; asking costs a tenth of an encoder pass."""
    if len(ear.languages) == 1 or settings.language_switch >= 1:
        return []
    return [at for at, one in enumerate(stretches) if one.end_s - one.start_s >= _SURE_FROM_S]


def _one_language(
    ear: Ear, encoded: Any, heard: Sequence[_Heard], settings: SegmentConfig
) -> Iterator[tuple[Passage, Stretch | None]]:
    code = heard[0].language
    tokenizer = ear.tokenizer(code)
    first = ear.decode(encoded, code, settings.whisper_sample_len)
    answers: list[Answer] = []
    rests: list[Stretch | None] = []
    for at, one in enumerate(heard):
        answer = _checked(ear, lambda at=at: ear.rows(encoded, [at]), first[at], one, tokenizer, settings)
        length_s = len(one.sound) / SAMPLE_RATE_HZ
        tokens, rest_s = reached(answer.tokens, tokenizer.timestamp_begin, length_s)
        answers.append(Answer(tokens, answer.logprob, answer.no_speech))
        start_s = one.stretch.start_s
        rests.append(None if rest_s is None else Stretch(start_s + rest_s, one.stretch.end_s))
    aligned = _aligned(ear, encoded, heard, [text_tokens(answer.tokens, tokenizer) for answer in answers])
    for one, answer, rest, pairs in zip(heard, answers, rests, aligned, strict=True):
        yield _passage(tokenizer, one, answer, rest, pairs), rest


def _checked(ear: Ear, encoded: Any, answer: Answer, heard: _Heard, tokenizer: Any, settings: SegmentConfig) -> Answer:
    """The greedy answer, or the first other one that passes where it looks broken; where none passes it stands."""
    if _passes(answer, tokenizer, settings):
        return answer
    seed = int.from_bytes(hashlib.blake2b(heard.sound.tobytes(), digest_size=7).digest(), "big")
    others = ear.again(encoded(), heard.language, settings.whisper_sample_len, seed)
    return next((other for other in others if _passes(other, tokenizer, settings)), answer)


def _passes(answer: Answer, tokenizer: Any, settings: SegmentConfig) -> bool:
    """Whether an answer is to be kept: probable and no loop; or silence, to which no other answer is better."""
    if is_silence(answer.no_speech, answer.logprob, settings):
        return True
    text = tokenizer.decode(text_tokens(answer.tokens, tokenizer))
    return answer.logprob >= settings.logprob_min and compression_ratio(text) <= settings.compression_ratio_max


def _aligned(ear: Ear, encoded: Any, heard: Sequence[_Heard], texts: Sequence[list[int]]) -> list[Pairs]:
    spoken = [at for at, text in enumerate(texts) if text]
    found: list[Pairs] = [() for _ in texts]
    if spoken:
        frames = [max(2, len(heard[at].sound) // _HOP) for at in spoken]
        rows = encoded if len(spoken) == len(texts) else ear.rows(encoded, spoken)
        for at, pairs in zip(
            spoken, ear.align(rows, heard[0].language, [texts[i] for i in spoken], frames), strict=True
        ):
            found[at] = pairs
    return found


def _passage(tokenizer: Any, heard: _Heard, answer: Answer, rest: Stretch | None, pairs: Pairs) -> Passage:
    stretch = heard.stretch if rest is None else Stretch(heard.stretch.start_s, rest.start_s)
    text = tokenizer.decode(text_tokens(answer.tokens, tokenizer)).strip()
    heard_s = len(heard.sound) / SAMPLE_RATE_HZ
    words = timed_words(tokenizer, answer, pairs, stretch, language=heard.language, heard_s=heard_s) if pairs else ()
    return Passage(
        stretch.start_s, stretch.end_s, words, text, heard.language, heard.chance, answer.logprob, answer.no_speech
    )


def _detected(ear: Ear, hear: Hear, stretches: Sequence[Stretch], batch_size: int) -> str:
    if len(ear.languages) == 1:
        return ear.languages[0]
    longest = sorted(stretches, key=lambda one: (one.start_s - one.end_s, one.start_s))[:_SAMPLED]
    total: Chances = {}
    for at in range(0, len(longest), batch_size):
        some = longest[at : at + batch_size]
        encoded = ear.encode(mel_spectrograms([hear(one.start_s, one.end_s) for one in some], ear.mels))
        for one, chances in zip(some, ear.chances(encoded), strict=True):
            for code, chance in chances.items():
                total[code] = total.get(code, 0.0) + chance * (one.end_s - one.start_s)
    return max(sorted(total), key=lambda code: total[code])
