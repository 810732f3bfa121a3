"""A chat model loaded into this process: greedy answers, and choices weighed, for batches of prompts.

B prompts, C choices, L tokens of the longest prompt, K tokens of the longest choice, V tokens of the vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoProcessor,
    AutoTokenizer,
    GenerationConfig,
    Qwen2AudioForConditionalGeneration,
)

_LISTENS = "qwen2_audio"
"""Kind of model, in its config.json, that hears."""


@dataclass(frozen=True)
class Prompt:
    """What a model is given.

    Attributes:
        system: The system prompt; empty: none.
        text: The user's text.
        sounds: Samples at the model's rate, before the text.
    """

    system: str
    text: str
    sounds: tuple[NDArray[np.float32], ...] = ()


@dataclass(frozen=True)
class Written:
    """What a model wrote: its text, whether it was cut, and the tokens of prompt and answer."""

    text: str
    cut: bool
    tokens_in: int
    tokens_out: int


class LocalModel:
    """A model and what prepares its input. Not safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        """Load a folder of safetensors; the device is cuda if there is one, else cpu. No code of the folder is run.

        Args:
            folder: Model, tokenizer or processor, and chat template.
        """
        safe: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        self.listens = AutoConfig.from_pretrained(folder, **safe).model_type == _LISTENS
        kind = Qwen2AudioForConditionalGeneration if self.listens else AutoModelForCausalLM
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        model: Any = kind.from_pretrained(folder, use_safetensors=True, dtype="auto", **safe)
        self._model = model.to(self._device).eval()
        self._processor: Any = (AutoProcessor if self.listens else AutoTokenizer).from_pretrained(folder, **safe)
        self._tokenizer: Any = self._processor.tokenizer if self.listens else self._processor
        self._tokenizer.padding_side = "left"
        ends = self._model.generation_config.eos_token_id
        ends = self._tokenizer.eos_token_id if ends is None else ends
        self._ends: list[int] = list(ends) if isinstance(ends, list) else [ends]
        if self._tokenizer.pad_token_id is None:
            self._tokenizer.pad_token_id = self._ends[0]
        # Greedy and nothing else, whatever the folder asks for.
        self._model.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
            do_sample=False, eos_token_id=self._ends, pad_token_id=self._tokenizer.pad_token_id
        )

    @property
    def sample_rate_hz(self) -> int:
        """Rate at which it hears; 0: it does not."""
        return int(self._processor.feature_extractor.sampling_rate) if self.listens else 0

    @torch.inference_mode()
    def write(self, prompts: Sequence[Prompt], max_tokens: Sequence[int]) -> list[Written]:
        """Greedy answers, in order.

        Args:
            prompts: A batch.
            max_tokens: Most tokens of each answer.
        """
        inputs = self._inputs(prompts)
        longest = inputs["input_ids"].shape[1]
        tokens_BL = self._model.generate(**inputs, max_new_tokens=max(max_tokens))
        read = inputs["attention_mask"].sum(dim=1).tolist()
        return [
            self._written(row[longest:].tolist(), most, tokens_in)
            for row, most, tokens_in in zip(tokens_BL, max_tokens, read, strict=True)
        ]

    @torch.inference_mode()
    def choose(self, prompts: Sequence[Prompt], choices: Sequence[str]) -> list[Written]:
        """For each prompt the likeliest choice.

        A choice's likelihood is that of its tokens and of the end of the answer after them, all together and divided
        by nothing: the chance that the model, bound to the choices, would write exactly it. Of equal ones the first.

        Args:
            prompts: A batch.
            choices: The same for all of them.
        """
        inputs = self._inputs(prompts)
        mask_BL = inputs["attention_mask"]
        rows = len(choices)
        first = self._model(**inputs, position_ids=_positions(mask_BL), use_cache=True, logits_to_keep=1)
        ends = [[*self._tokenizer.encode(choice, add_special_tokens=False), self._ends[0]] for choice in choices]
        wanted_CK = torch.nn.utils.rnn.pad_sequence([torch.tensor(one) for one in ends], batch_first=True)
        counts_CK = torch.nn.utils.rnn.pad_sequence([torch.ones(len(one)) for one in ends], batch_first=True)
        wanted_NK = wanted_CK.repeat(len(prompts), 1).to(self._device)
        counts_NK = counts_CK.repeat(len(prompts), 1).to(self._device)
        cache = first.past_key_values
        cache.batch_repeat_interleave(rows)
        mask_NL = mask_BL.repeat_interleave(rows, dim=0)
        mask = torch.cat([mask_NL, counts_NK[:, :-1].to(mask_NL.dtype)], dim=1)
        start_N = mask_NL.sum(dim=1, keepdim=True)
        places_NK = start_N + torch.arange(wanted_NK.shape[1] - 1, device=self._device)
        rest = self._model(
            input_ids=wanted_NK[:, :-1],
            attention_mask=mask,
            position_ids=places_NK,
            past_key_values=cache,
            use_cache=True,
        )
        logits_NKV = torch.cat([first.logits[:, -1:].repeat_interleave(rows, dim=0), rest.logits], dim=1)
        likely_NK = logits_NKV.float().log_softmax(-1).gather(-1, wanted_NK.unsqueeze(-1)).squeeze(-1)
        likely_BC = (likely_NK * counts_NK).sum(dim=1).view(len(prompts), rows)
        best = likely_BC.argmax(dim=1).tolist()
        read = mask_BL.sum(dim=1).tolist()
        return [
            Written(choices[index], False, tokens_in, len(ends[index]))
            for index, tokens_in in zip(best, read, strict=True)
        ]

    def _written(self, tokens: list[int], most: int, tokens_in: int) -> Written:
        end = next((at for at, token in enumerate(tokens[:most]) if token in self._ends), None)
        kept = tokens[:most] if end is None else tokens[:end]
        text = self._tokenizer.decode(kept, skip_special_tokens=True)
        return Written(text, end is None, tokens_in, len(kept) + (end is not None))

    def _inputs(self, prompts: Sequence[Prompt]) -> dict[str, Tensor]:
        texts = [
            self._processor.apply_chat_template(self._messages(prompt), add_generation_prompt=True, tokenize=False)
            for prompt in prompts
        ]
        sounds = [sound for prompt in prompts for sound in prompt.sounds]
        more: dict[str, Any] = {"audio": sounds, "sampling_rate": self.sample_rate_hz} if sounds else {}
        inputs = self._processor(text=texts, return_tensors="pt", padding=True, add_special_tokens=False, **more)
        inputs.pop("token_type_ids", None)
        # float16 and bfloat16 weights take sound of their own kind.
        return {
            name: values.to(self._device, self._model.dtype if values.is_floating_point() else values.dtype)
            for name, values in inputs.items()
        }

    def _messages(self, prompt: Prompt) -> list[dict[str, object]]:
        system: list[dict[str, object]] = [{"role": "system", "content": prompt.system}] if prompt.system else []
        if not prompt.sounds:
            return [*system, {"role": "user", "content": prompt.text}]
        parts = [*({"type": "audio", "audio_url": ""} for _ in prompt.sounds), {"type": "text", "text": prompt.text}]
        return [*system, {"role": "user", "content": parts}]


def _positions(mask_BL: Tensor) -> Tensor:
    """Places of tokens that do not count what pads them on the left."""
    return (mask_BL.cumsum(dim=1) - 1).clamp(min=0)
