"""A model with the published one's names, which says what it was given in place of an answer."""

import json
import wave
from dataclasses import dataclass
from typing import Any

import torch
from transformers import (  # noqa: F401
    AutoConfig,
    AutoModelForCausalLM,
    AutoProcessor,
    AutoTokenizer,
    WhisperForConditionalGeneration,
)

LLM = "DeSTA-ntu/Llama-3.1-8B-Instruct"


@dataclass
class GenerationOutput:
    audios: list[Any]
    generated_ids: list[list[int]]
    text: list[str]


class DeSTA25AudioModel(torch.nn.Module):
    @classmethod
    def from_pretrained(cls, folder: str, **options: Any) -> "DeSTA25AudioModel":
        print(f"Loading LLM model from {LLM}")  # noqa: T201
        model = cls()
        model.given = {"folder": folder, "options": options}
        model.llm_model = AutoModelForCausalLM.from_pretrained(LLM, cache_dir=None, token=None)
        return model

    def _setup_generation(self) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(LLM, cache_dir=None)
        self.vad_model, utils = torch.hub.load(repo_or_dir="snakers4/silero-vad", model="silero_vad")
        (self.get_speech_timestamps, _, _, _, _) = utils

    def generate(
        self, messages: list[Any], temperature: float = 0.7, top_p: float = 0.9, do_sample: bool = True,
        max_new_tokens: int = 512,
    ) -> GenerationOutput:  # fmt: skip
        [message] = messages
        [audio] = message["audios"]
        assert message["content"].count("<|AUDIO|>") == 1, "audio count does not match"
        with wave.open(audio["audio"]) as sound:
            seconds = sound.getnframes() / sound.getframerate()
        text = audio["text"] if self.get_speech_timestamps(None, self.vad_model) else " "
        said = {
            "given": self.given, "layers": len(self.llm_model.model.layers), "content": message["content"],
            "text": text, "seconds": seconds, "training": self.training,
            "options": [temperature, top_p, do_sample, max_new_tokens],
        }  # fmt: skip
        return GenerationOutput([], [[1, 2, 3]], [json.dumps(said)])
