"""DeSTA2.5-Audio (Lu et al., 2025), by its published code.

Read from github.com/kehanlu/DeSTA2.5-Audio: `desta/models/modeling_desta25.py` at 5741303 and 74ef72e, `setup.py` at
5741303. It was written against those; without the weights it was never run.

- `--code`: the repository's folder, which holds `desta/`.
- `--weights`: `DeSTA2.5-Audio-Llama-3.1-8B/`, `Llama-3.1-8B-Instruct/` and `whisper-large-v3/`, in Hugging Face's
  layout, safetensors.
- `--set max_new_tokens=128`.

What its own code does, and what is done here:

- It names Llama and Whisper by their ids and fetches them. Here these ids mean the folders beside it; the ids
  themselves stay, since its code chooses Whisper's layers by them.
- It fetches Silero's VAD when it is first asked, to decide whether to run its own recogniser, and empties the
  transcript where the VAD hears nothing. Here the transcript is ours, always: nothing is recognised, so no VAD is
  needed and none is loaded.
- It samples unless told not to. Here it decodes greedily, an item at a time, so that an answer does not depend on its
  batch.
- Whisper's window is 30 s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from osmo.annotators.servers.backend import LABELS, BackendOptions, Card, Prepared, Refusal, Reply
from osmo.annotators.servers.published import defused, module, no_pickles, silence, use_code
from osmo.annotators.servers.weights import model_folder

NAME = "desta"
CARD = Card(
    model_id="DeSTA-ntu/DeSTA2.5-Audio-Llama-3.1-8B",
    license="Llama 3.1 Community License",
    modalities=("audio", "text"),
    languages=("en", "zh"),
    max_clip_s=30.0,
    label_support=LABELS,
)

TUNED = "DeSTA2.5-Audio-Llama-3.1-8B"
PLACES = {"DeSTA-ntu/Llama-3.1-8B-Instruct": "Llama-3.1-8B-Instruct", "openai/whisper-large-v3": "whisper-large-v3"}
AUDIO = "<|AUDIO|>"

_FROM_PRETRAINED = (
    "AutoConfig",
    "AutoModelForCausalLM",
    "AutoProcessor",
    "AutoTokenizer",
    "WhisperForConditionalGeneration",
)
_MARKS = re.compile(r"<\|[^<>|]*\|>|<(?:start|end)_audio>")


class Desta:
    """The model; tensors live on one device."""

    def __init__(self, options: BackendOptions) -> None:
        self._options = options
        self._weights = options.weights
        self._max_new_tokens = int(options.settings.get("max_new_tokens", "128"))
        self._model: Any = None

    @property
    def card(self) -> Card:
        """What the module says."""
        return CARD

    def weights(self) -> Sequence[Path]:
        """The tuned parts, Llama and Whisper."""
        folders = [model_folder(NAME, self._weights / name) for name in (TUNED, *PLACES.values())]
        return [file for files in folders for file in files]

    def load(self) -> None:
        """Build the model by its code, from the folders."""
        use_code(NAME, self._options, "desta")
        published = module("desta.models.modeling_desta25")
        places = {name: str(self._weights / folder) for name, folder in PLACES.items()}
        for name in _FROM_PRETRAINED:
            setattr(published, name, _InPlace(getattr(published, name), places))
        with no_pickles(NAME), silence():
            model = published.DeSTA25AudioModel.from_pretrained(
                str(self._weights / TUNED), use_safetensors=True, local_files_only=True
            )
        self._model = model.to(self._options.device).eval()
        self._set_up(published)

    def predict(self, items: Sequence[Prepared]) -> Sequence[Reply | Refusal]:
        """What it says on each item."""
        return [self._answer(item) for item in items]

    def _set_up(self, published: Any) -> None:
        """Its tokenizer and processor; in place of its VAD, an answer that lets our transcript stand."""
        hub = published.torch.hub
        original = hub.load
        hub.load = lambda *_, **__: (None, (_speaks, None, None, None, None))
        try:
            self._model._setup_generation()
        finally:
            hub.load = original

    def _answer(self, item: Prepared) -> Reply | Refusal:
        import torch

        if item.audio is None:
            return Refusal("DeSTA2.5-Audio needs sound, and the item has none")
        said = defused(item.transcript or "", _MARKS).strip() or " "
        asked = {
            "role": "user",
            "content": f"{AUDIO}\n{defused(item.prompt, _MARKS)}",
            "audios": [{"audio": str(item.audio), "text": said}],
        }
        with torch.inference_mode(), silence():
            output = self._model.generate(
                messages=[asked],
                do_sample=False,
                temperature=1.0,
                top_p=1.0,
                max_new_tokens=self._max_new_tokens,
            )
        return Reply(output.text[0], tokens_out=len(output.generated_ids[0]))


class _InPlace:
    """A class of transformers, of which only `from_pretrained` is used: ids are folders, and nothing is fetched."""

    def __init__(self, real: Any, places: Mapping[str, str]) -> None:
        self._real = real
        self._places = places

    def from_pretrained(self, name: str, *arguments: object, **options: object) -> Any:
        """What the class makes of the folder that a name means."""
        kept = {key: value for key, value in options.items() if key not in ("cache_dir", "token")}
        return self._real.from_pretrained(self._places.get(name, name), *arguments, local_files_only=True, **kept)


def _speaks(*_: object, **__: object) -> list[dict[str, int]]:
    """One stretch of speech, whatever the sound."""
    return [{"start": 0, "end": 1}]


def create_backend(options: BackendOptions) -> Desta:
    """Create the backend; nothing is loaded yet."""
    return Desta(options)
