"""openai-whisper on the CPU in fp32: one encoder pass a stretch for language, words and times, decoded in batches."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from osmo.schemas.config import SegmentConfig
from osmo.tasks.engines.answers import Answer, Pairs
from osmo.tasks.engines.checkpoints import checkpoint_identity, installed, load_checkpoint, unless_refused
from osmo.tasks.engines.engine import Engine, Passage
from osmo.tasks.engines.listening import REVISION, Chances, Mels, listen
from osmo.tasks.speech import Hear, Stretch

if TYPE_CHECKING:
    import torch

NAME = "whisper"
_TEMPERATURES = (0.2, 0.4, 0.6, 0.8, 1.0)
_MEDIAN_FRAMES = 7

_ONE_AT_A_TIME = threading.Lock()
"""Whisper keeps its caches on the model itself, and the random seed is the process's: buckets run in threads."""


def create_engine() -> Engine:
    """The engine."""
    return WhisperEngine()


class WhisperEngine:
    """Listens with openai-whisper."""

    name = NAME

    def model(self, settings: SegmentConfig) -> str:
        """The model's name, or the content of its checkpoint."""
        return checkpoint_identity(settings.whisper_model)

    def identity(self, settings: SegmentConfig) -> str:
        """Model, package and revision."""
        return f"{self.model(settings)}, {installed('openai-whisper')}, fp32, {REVISION}"

    def listen(
        self, hear: Hear, stretches: Sequence[Stretch], *, language: str | None, settings: SegmentConfig
    ) -> list[Passage]:
        """What is said in stretches of speech; see `Engine.listen`."""
        name, identity = settings.whisper_model, self.model(settings)
        with _ONE_AT_A_TIME:
            ear = unless_refused(NAME, name, identity, lambda: _ear(name, identity))
            return listen(ear, hear, stretches, language=language, settings=settings)


class TorchEar:
    """A loaded openai-whisper model; what it encodes is a tensor (B, 1500, width)."""

    def __init__(self, model: Any) -> None:
        self._model = model

    @property
    def mels(self) -> int:
        """Mel bands that it hears."""
        return int(self._model.dims.n_mels)

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

    def encode(self, mels: Mels) -> torch.Tensor:
        """Encode mel spectrograms (B, bands, 3000), one after the other: together they are slower, out of the cache."""
        import torch

        with torch.inference_mode():
            return torch.cat([self._model.encoder(torch.from_numpy(one[None])) for one in mels])

    def rows(self, encoded: torch.Tensor, rows: Sequence[int]) -> torch.Tensor:
        """Some rows of what it encoded."""
        return encoded[list(rows)]

    def chances(self, encoded: torch.Tensor) -> list[Chances]:
        """Probability of each language, a row each."""
        _, chances = self._model.detect_language(encoded)
        return [{str(code): float(chance) for code, chance in row.items()} for row in chances]

    def decode(self, encoded: torch.Tensor, language: str, sample_len: int | None) -> list[Answer]:
        """Greedy answers at temperature 0."""
        return self._decode(encoded, language, sample_len, temperature=0.0)

    def again(self, encoded: torch.Tensor, language: str, sample_len: int | None, seed: int) -> Iterator[Answer]:
        """Sampled answers at rising temperatures. A seed of the sound itself makes a rerun say the same."""
        import torch

        for temperature in _TEMPERATURES:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                (answer,) = self._decode(encoded, language, sample_len, temperature=temperature)
            yield answer

    def align(
        self, encoded: torch.Tensor, language: str, texts: Sequence[list[int]], frames: Sequence[int]
    ) -> list[Pairs]:
        """Where in the sound each text token is, by the attention that the decoder pays to it.

        As `whisper.timing.find_alignment` does it, which would encode the sound once more.
        """
        tokenizer = self.tokenizer(language)
        return [
            self._path(encoded[at : at + 1], tokenizer, text, count)
            for at, (text, count) in enumerate(zip(texts, frames, strict=True))
        ]

    def _decode(
        self, encoded: torch.Tensor, language: str, sample_len: int | None, *, temperature: float
    ) -> list[Answer]:
        import whisper

        options = whisper.DecodingOptions(language=language, temperature=temperature, sample_len=sample_len, fp16=False)
        answers = whisper.decode(self._model, encoded, options)
        return [Answer(tuple(one.tokens), float(one.avg_logprob), float(one.no_speech_prob)) for one in answers]

    def _path(self, encoded: torch.Tensor, tokenizer: Any, text: list[int], frames: int) -> Pairs:
        import torch
        from whisper.timing import dtw, median_filter

        prompt = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        attention = self._attention(encoded, [*prompt, *text, tokenizer.eot])
        weights = attention[:, :, : max(1, frames // 2)].softmax(dim=-1)
        deviation, mean = torch.std_mean(weights, dim=-2, keepdim=True, unbiased=False)
        weights = median_filter((weights - mean) / deviation, _MEDIAN_FRAMES).mean(dim=0)
        tokens, times = dtw(-weights[len(tokenizer.sot_sequence) : -1])
        return list(zip(np.asarray(tokens).tolist(), np.asarray(times).tolist(), strict=True))

    def _attention(self, encoded: torch.Tensor, tokens: list[int]) -> torch.Tensor:
        """Attention logits (heads, tokens, 1500) of the heads that follow the sound."""
        import torch
        from whisper.model import disable_sdpa

        seen: dict[int, Any] = {}
        blocks = self._model.decoder.blocks
        hooks = [
            block.cross_attn.register_forward_hook(lambda _, __, out, at=at: seen.__setitem__(at, out[-1][0]))
            for at, block in enumerate(blocks)
        ]
        try:
            with torch.inference_mode(), disable_sdpa():
                self._model.decoder(torch.tensor([tokens]), encoded)
        finally:
            for hook in hooks:
                hook.remove()
        return torch.stack([seen[int(layer)][int(head)] for layer, head in self._model.alignment_heads.indices().T])


@functools.lru_cache(maxsize=1)
def _ear(name: str, _identity: str) -> TorchEar:
    """The model, once per process."""
    return TorchEar(load_checkpoint(NAME, name))
