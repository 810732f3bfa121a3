"""CTranslate2, the machine under faster-whisper: Whisper in fp32 or int8, batches decoded at once."""

from __future__ import annotations

import functools
import tempfile
import threading
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from osmo.schemas.config import SegmentConfig
from osmo.tasks.engines.answers import Answer, Pairs
from osmo.tasks.engines.checkpoints import (
    checkpoint_identity,
    file_identity,
    first_line,
    installed,
    load_checkpoint,
    unless_refused,
)
from osmo.tasks.engines.ct2_model import write_ct2
from osmo.tasks.engines.engine import Engine, EngineUnavailableError, Passage
from osmo.tasks.engines.listening import REVISION, Chances, Mels, listen
from osmo.tasks.speech import Hear, Stretch

NAME = "faster_whisper"
_REMEDY = (
    "Set segment.whisper_model to the path of an openai-whisper checkpoint or of a folder with a CTranslate2 model, or "
    "run once where the named model can be downloaded."
)
_MEMBERS = ("model.bin", "config.json")
_BEAMS: tuple[dict[str, int], ...] = ({"beam_size": 5}, {"beam_size": 5, "no_repeat_ngram_size": 3})
"""What is tried where the greedy answer looks broken. CTranslate2 seeds a thread's sampling once only, so that sampled
answers would depend on what was sampled before; beams do not."""

_ONE_AT_A_TIME = threading.Lock()
"""Buckets run in threads; two batches at once would hold twice the memory."""


def create_engine() -> Engine:
    """The engine."""
    return FasterWhisperEngine()


class FasterWhisperEngine:
    """Listens with CTranslate2, on the weights of an openai-whisper checkpoint or of a CTranslate2 folder."""

    name = NAME

    def model(self, settings: SegmentConfig) -> str:
        """The model's name, or the content of its checkpoint or folder."""
        folder = Path(settings.whisper_model)
        members = [folder / member for member in _MEMBERS]
        if all(member.is_file() for member in members):
            return "+".join(file_identity(member) for member in members)
        return checkpoint_identity(settings.whisper_model)

    def identity(self, settings: SegmentConfig) -> str:
        """Model, packages, compute type and revision."""
        packages = ", ".join(installed(package) for package in ("ctranslate2", "openai-whisper"))
        return f"{self.model(settings)}, {packages}, {settings.compute_type}, {REVISION}"

    def listen(
        self, hear: Hear, stretches: Sequence[Stretch], *, language: str | None, settings: SegmentConfig
    ) -> list[Passage]:
        """What is said in stretches of speech; see `Engine.listen`."""
        name, kind = settings.whisper_model, settings.compute_type
        identity = f"{self.model(settings)} {kind}"
        with _ONE_AT_A_TIME:
            ear = unless_refused(NAME, name, identity, lambda: _ear(name, kind, identity))
            return listen(ear, hear, stretches, language=language, settings=settings)


class CT2Ear:
    """A loaded CTranslate2 Whisper model; what it encodes is an array (B, 1500, width)."""

    def __init__(self, model: Any) -> None:
        self._model = model

    @property
    def mels(self) -> int:
        """Mel bands that it hears."""
        return int(self._model.n_mels)

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that it tells apart."""
        return tuple(self.tokenizer("en").all_language_codes) if self._model.is_multilingual else ("en",)

    def tokenizer(self, language: str) -> Any:
        """Whisper's tokenizer of its vocabulary."""
        from whisper.tokenizer import get_tokenizer

        model = self._model
        return get_tokenizer(
            model.is_multilingual, num_languages=model.num_languages, language=language, task="transcribe"
        )

    def encode(self, mels: Mels) -> Any:
        """Encode mel spectrograms (B, bands, 3000), one after the other: together they are slower, out of the cache."""
        return np.concatenate([np.array(self._model.encode(_view(one[None]), to_cpu=True)) for one in mels])

    def rows(self, encoded: Any, rows: Sequence[int]) -> Any:
        """Some rows of what it encoded."""
        return encoded[list(rows)]

    def chances(self, encoded: Any) -> list[Chances]:
        """Probability of each language, a row each."""
        found = self._model.detect_language(_view(encoded))
        return [{token[2:-2]: float(chance) for token, chance in row} for row in found]

    def decode(self, encoded: Any, language: str, sample_len: int | None) -> list[Answer]:
        """Greedy answers."""
        return self._decode(encoded, language, sample_len, beam_size=1)

    def again(self, encoded: Any, language: str, sample_len: int | None, seed: int) -> Iterator[Answer]:
        """Answers of a beam search, then of one that repeats no three tokens; no chance plays a part."""
        for options in _BEAMS:
            yield self._decode(encoded, language, sample_len, **options)[0]

    def align(self, encoded: Any, language: str, texts: Sequence[list[int]], frames: Sequence[int]) -> list[Pairs]:
        """Where in the sound each text token is, by the attention that the decoder pays to it."""
        start = list(self.tokenizer(language).sot_sequence)
        # Of sounds of one length CTranslate2 leaves the padding of shorter texts in, which moves words: one at a time.
        step = len(texts) if len({count // 2 for count in frames}) > 1 else 1
        found = []
        for at in range(0, len(texts), step):
            some = slice(at, at + step)
            found += self._model.align(_view(encoded[some]), start, list(texts[some]), list(frames[some]))
        return [one.alignments for one in found]

    def _decode(self, encoded: Any, language: str, sample_len: int | None, **search: int) -> list[Answer]:
        tokenizer = self.tokenizer(language)
        special = (tokenizer.transcribe, tokenizer.translate, tokenizer.sot, tokenizer.sot_prev, tokenizer.sot_lm)
        length = sample_len or 224  # half of Whisper's text context, as whisper.DecodingOptions has it
        found = self._model.generate(
            _view(encoded),
            [list(tokenizer.sot_sequence)] * len(encoded),
            max_length=max(2 * length, length + 3),  # CTranslate2 keeps half of it for a prompt
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=sorted({*tokenizer.non_speech_tokens, *special, tokenizer.no_speech}),
            **search,
        )
        return [_answer(one) for one in found]


def _answer(found: Any) -> Answer:
    tokens = tuple(found.sequences_ids[0])
    logprob = float(found.scores[0]) * len(tokens) / (len(tokens) + 1)  # a mean over tokens; Whisper counts the end too
    return Answer(tokens, logprob, float(found.no_speech_prob))


def _view(encoded: Any) -> Any:
    from ctranslate2 import StorageView

    return StorageView.from_array(np.ascontiguousarray(encoded))


@functools.lru_cache(maxsize=1)
def _ear(name: str, compute_type: str, _identity: str) -> CT2Ear:
    """The model, once per process.

    An openai-whisper checkpoint is converted in the system's temporary folder; nothing is left there.
    """
    if find_spec("ctranslate2") is None or find_spec("faster_whisper") is None:
        remedy = "Install it: pip install 'osmo[faster-whisper]', or set segment.engine = \"whisper\"."
        raise EngineUnavailableError(NAME, name, "the package faster-whisper is not installed", remedy)
    if Path(name).is_file():
        with tempfile.TemporaryDirectory() as folder:
            write_ct2(load_checkpoint(NAME, name), Path(folder))
            return CT2Ear(_load(folder, name, compute_type))
    return CT2Ear(_load(_folder(name), name, compute_type))


def _folder(name: str) -> str:
    """Folder of a CTranslate2 model, by its path or its name."""
    if Path(name).is_dir():
        return name
    from faster_whisper.utils import available_models, download_model

    if name not in available_models():
        known = ", ".join(available_models())
        raise EngineUnavailableError(NAME, name, f"no such file or folder, and none of {known}", _REMEDY)
    try:
        return str(download_model(name))
    except (OSError, RuntimeError, ValueError) as error:
        raise EngineUnavailableError(NAME, name, f"cannot be downloaded: {first_line(error)}", _REMEDY) from error


def _load(folder: str, name: str, compute_type: str) -> Any:
    from ctranslate2.models import Whisper

    try:
        return Whisper(folder, device="cpu", compute_type=compute_type)
    except (OSError, RuntimeError, ValueError, MemoryError) as error:
        problem = f"is no CTranslate2 Whisper model: {first_line(error)}"
        raise EngineUnavailableError(NAME, name, problem, _REMEDY) from error
