"""Hears words: Whisper on the CPU in fp32, over stretches of speech, with word times and its own confidence."""

from __future__ import annotations

import functools
import hashlib
import pickle
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osmo.schemas.config import SegmentConfig
from osmo.storage.media import file_sha256
from osmo.tasks.sentences import Word, spread
from osmo.tasks.speech import SAMPLE_RATE_HZ, Hear, Sound, Stretch

_SHORTEST_S = 0.02
"""Resolution of Whisper's times."""
_REFUSED_S = 300.0


class WhisperUnavailableError(RuntimeError):
    """Whisper's model is not at hand, or its file is no checkpoint."""

    def __init__(self, model: str, problem: str) -> None:
        self.model = model
        self.problem = problem
        self.remedy = (
            "Set segment.whisper_model to the path of an openai-whisper checkpoint, or run once where the named "
            "model can be downloaded."
        )
        super().__init__(f"Whisper model {model!r}: {problem}. {self.remedy}")


_refused: dict[tuple[str, str], tuple[float, WhisperUnavailableError]] = {}


@dataclass(frozen=True)
class Heard:
    """What Whisper heard in a recording: words in order of time, and the language it heard or was told."""

    words: tuple[Word, ...]
    language: str


_ONE_AT_A_TIME = threading.Lock()
"""Whisper hangs its word timing on the model itself, and the random seed is the process's: buckets run in threads."""


def model_identity(name: str) -> str:
    """What a transcription depends on: a model's name, or the content of the checkpoint at a path."""
    path = Path(name)
    if not path.is_file():
        return name
    info = path.stat()
    return f"sha256:{_hash_of(name, info.st_size, info.st_mtime_ns)[:20]}"


def transcribe(hear: Hear, stretches: Sequence[Stretch], *, language: str | None, settings: SegmentConfig) -> Heard:
    """Words of stretches of speech.

    Args:
        hear: The recording's sound.
        stretches: Where speech is, at least one.
        language: BCP 47 primary language; null or unknown to Whisper: detected on the longest stretch.
        settings: `whisper_model` and `whisper_sample_len`.

    Raises:
        WhisperUnavailableError: The model is not at hand.
    """
    words: list[Word] = []
    with _ONE_AT_A_TIME:
        model = _model(settings.whisper_model, model_identity(settings.whisper_model))
        spoken = _language(model, hear, stretches, language)
        for stretch in stretches:
            words += _words(model, hear(stretch.start_s, stretch.end_s), stretch, spoken, settings.whisper_sample_len)
    return Heard(tuple(words), spoken)


def _words(model: Any, sound: Sound, stretch: Stretch, language: str, sample_len: int | None) -> list[Word]:
    import torch
    import whisper

    # Whisper samples where its greedy answer looks broken: a seed of the sound itself makes a rerun say the same.
    seed = int.from_bytes(hashlib.blake2b(sound.tobytes(), digest_size=7).digest(), "big")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        answer = whisper.transcribe(
            model,
            sound,
            language=language,
            sample_len=sample_len,
            word_timestamps=True,
            condition_on_previous_text=False,
            no_speech_threshold=None,
            fp16=False,
        )
    words: list[Word] = []
    for passage in answer["segments"]:
        timed = [Word(float(w["start"]), float(w["end"]), str(w["word"])) for w in passage.get("words") or ()]
        if not timed and passage["text"].strip():
            timed = spread(float(passage["start"]), float(passage["end"]), passage["text"])
        words += [
            _placed(word, stretch, float(passage["avg_logprob"]), float(passage["no_speech_prob"])) for word in timed
        ]
    return words


def _placed(word: Word, stretch: Stretch, logprob: float, no_speech: float) -> Word:
    """A word on the recording's clock: Whisper's times may leave the stretch, or take none."""
    start_s = min(max(stretch.start_s + word.start_s, stretch.start_s), stretch.end_s - _SHORTEST_S)
    end_s = min(max(stretch.start_s + word.end_s, start_s + _SHORTEST_S), stretch.end_s)
    return Word(start_s, end_s, word.text, logprob, no_speech)


def _language(model: Any, hear: Hear, stretches: Sequence[Stretch], told: str | None) -> str:
    import whisper
    from whisper.tokenizer import LANGUAGES

    if not model.is_multilingual:
        return "en"
    if told in LANGUAGES:
        return str(told)
    longest = max(stretches, key=lambda stretch: stretch.end_s - stretch.start_s)
    sound = whisper.pad_or_trim(hear(longest.start_s, longest.end_s), 30 * SAMPLE_RATE_HZ)
    _, chances = model.detect_language(whisper.log_mel_spectrogram(sound, model.dims.n_mels))
    return str(max(sorted(chances), key=lambda code: float(chances[code])))


def _model(name: str, identity: str) -> Any:
    """The model; a refusal holds for a while, so that a thousand recordings do not wait for one dead network."""
    at, error = _refused.get((name, identity), (0.0, None))
    if error is not None and time.monotonic() - at < _REFUSED_S:
        raise error
    try:
        return _load(name, identity)
    except WhisperUnavailableError as refusal:
        _refused[name, identity] = (time.monotonic(), refusal)
        raise


@functools.lru_cache(maxsize=1)
def _load(name: str, _identity: str) -> Any:
    """The model, once per process; whisper reads checkpoints with `weights_only=True`, so a file runs no code."""
    import whisper

    if name not in whisper.available_models() and not Path(name).is_file():
        raise WhisperUnavailableError(name, f"no such file, and none of {', '.join(whisper.available_models())}")
    try:
        return whisper.load_model(name, device="cpu")
    except OSError as error:
        raise WhisperUnavailableError(name, f"cannot be downloaded or read: {error}") from error
    except (RuntimeError, KeyError, TypeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        line = (str(error).splitlines() or [type(error).__name__])[0]
        raise WhisperUnavailableError(name, f"is no openai-whisper checkpoint: {line}") from error


@functools.lru_cache(maxsize=4)
def _hash_of(name: str, _size: int, _modified_ns: int) -> str:
    return file_sha256(Path(name))
