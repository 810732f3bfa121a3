"""AffectGPT (Lian et al., ICML 2025), by its published code.

Read from copies of github.com/zeroQiaoba/AffectGPT, folder `AffectGPT/`: `inference_hybird.py`, `config.py` and
`train_configs/` in 3FEmotionResearch/AffectGPT at 1a8e28e and 1c1d7fb, `my_affectgpt/` in
BMN-zyb/MER2025_Track3_AffectGPT at 6570a88 and ouyangjutian/AffectGPT at 21666ca. It was written against those; without
the weights it was never run.

- `--code`: the repository's folder `AffectGPT`, which holds `my_affectgpt/`, `config.py` and `train_configs/`.
- `--weights`: `Qwen2.5-7B-Instruct/`, `clip-vit-large-patch14/`, `chinese-hubert-large/` (Hugging Face's layout,
  safetensors) and `affectgpt.safetensors`, by `convert` from a checkpoint of
  mercaptionplus_outputhybird_bestsetup_bestfusion_frame_lz: the one that needs no faces cut out beforehand.
- `--set config=NAME`: the file of `train_configs/` that the checkpoint was made with; `--set max_new_tokens=256`.

What its own code does, and what is done here: its inference samples (temperature 0.001), and prints every prompt. Here
it decodes greedily, one beam, one item at a time, and what it prints goes nowhere. It answers with lists or prose; the
client reads them. Without sound or pictures the prompt for what is left is used, which its code has for ablations.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from osmo.annotators.servers.backend import (
    LABELS,
    BackendOptions,
    BackendUnavailableError,
    Card,
    Prepared,
    Refusal,
    Reply,
)
from osmo.annotators.servers.published import defused, fill, module, no_pickles, silence, use_code
from osmo.annotators.servers.weights import checkpoint, model_folder

NAME = "affectgpt"
CARD = Card(
    model_id="AffectGPT",
    license="research preview, non-commercial; Apache-2.0 (Qwen2.5)",
    modalities=("video", "audio", "text"),
    languages=("en", "zh"),
    max_clip_s=30.0,
    label_support=LABELS,
)

TUNED = "affectgpt"
FOLDERS = {
    "Qwen25": "Qwen2.5-7B-Instruct",
    "CLIP_VIT_LARGE": "clip-vit-large-patch14",
    "HUBERT_LARGE": "chinese-hubert-large",
}
CONFIG = "mercaptionplus_outputhybird_bestsetup_bestfusion_frame_lz"
MAX_LENGTH = 2000

_TRAINED = ("lora_", "affectgpt_proj.", "audio_llama_proj.", "multi_llama_proj.")
_MARKS = re.compile(r"###|<\|[^<>|]*\|>|</?(?:\w+Here|Audio|Video|Subtitle|Multi|Image)>")


class AffectGpt:
    """The model; tensors live on one device."""

    def __init__(self, options: BackendOptions) -> None:
        self._options = options
        self._weights = options.weights
        self._max_new_tokens = int(options.settings.get("max_new_tokens", "256"))
        self._kind = ""
        self._chat: Any = None
        self._reader: Any = None

    @property
    def card(self) -> Card:
        """What the module says."""
        return CARD

    def weights(self) -> Sequence[Path]:
        """Qwen, CLIP, HuBERT and the tuned parts."""
        folders = [model_folder(NAME, self._weights / name) for name in FOLDERS.values()]
        return [*(file for files in folders for file in files), checkpoint(NAME, self._weights, TUNED)]

    def load(self) -> None:
        """Build the model by its code, and fill it."""
        code = use_code(NAME, self._options, "my_affectgpt")
        config = module("config")
        for paths in (config.PATH_TO_LLM, config.PATH_TO_VISUAL, config.PATH_TO_AUDIO):
            paths.update({name: str(self._weights / folder) for name, folder in FOLDERS.items()})
        with no_pickles(NAME), silence():
            cfg = module("omegaconf").OmegaConf.load(self._config(code))
            self._kind = _looks_at(cfg)
            model = module("my_affectgpt.models.affectgpt").AffectGPT.from_config(cfg.model)
            fill(NAME, model, checkpoint(NAME, self._weights, TUNED), _TRAINED)
            device = self._options.device
            chat = module("my_affectgpt.conversation.conversation_video").Chat
            self._chat = chat(model.to(device).eval(), cfg.model, device=device)
            self._reader = _reader(cfg)

    def predict(self, items: Sequence[Prepared]) -> Sequence[Reply | Refusal]:
        """What it says on each item."""
        return [self._answer(item) for item in items]

    def _config(self, code: Path) -> Path:
        path = code / "train_configs" / f"{self._options.settings.get('config', CONFIG)}.yaml"
        if not path.is_file():
            raise BackendUnavailableError(
                NAME, f"{path} is missing", "Name another of train_configs: --set config=NAME."
            )
        return path

    def _answer(self, item: Prepared) -> Reply:
        import torch

        kinds = {
            (True, True): self._kind,
            (True, False): "audio_text",
            (False, True): "frame_text",
            (False, False): "textonly",
        }
        kind = kinds[item.audio is not None, item.video is not None]
        chat, reader = self._chat, self._reader
        with torch.inference_mode(), silence():
            reader.needed_data = reader.get_needed_data(kind)
            data = reader.read_frame_face_audio_text(_path(item.video), None, _path(item.audio), None)
            audio_hiddens, audio = chat.postprocess_audio(data)
            frame_hiddens, frames = chat.postprocess_frame(data)
            multi = chat.postprocess_multi(frame_hiddens, audio_hiddens)[1] if kind.startswith("multi") else None
            subtitle, question = (defused(text, _MARKS) for text in (item.transcript or "", item.prompt))
            text = chat.answer_sample(
                prompt=reader.get_prompt_for_multimodal(kind, subtitle, question),
                img_list={"audio": audio, "frame": frames, "face": None, "image": None, "multi": multi},
                num_beams=1,
                do_sample=False,
                temperature=1.0,
                top_p=1.0,
                max_new_tokens=self._max_new_tokens,
                max_length=MAX_LENGTH,
            )
        return Reply(text)


def _path(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _looks_at(cfg: Any) -> str:
    """What the checkpoint was trained to look at.

    Raises:
        BackendUnavailableError: Faces that were cut out beforehand, which nobody does here.
    """
    kinds = {str(one.face_or_frame) for one in cfg.datasets.values() if "face_or_frame" in one}
    if len(kinds) != 1 or any("face" in kind for kind in kinds):
        what = f"its configuration looks at {', '.join(sorted(kinds)) or 'nothing'}, expected frames alone"
        raise BackendUnavailableError(NAME, what, "Use the checkpoint that looks at frames: --set config=NAME.")
    return kinds.pop()


def _reader(cfg: Any) -> Any:
    """The published code's reader of media, without a dataset."""
    registry = module("my_affectgpt.common.registry").registry
    reader = module("my_affectgpt.datasets.datasets.base_dataset").BaseDataset()
    looks = cfg.inference.vis_processor.train
    reader.vis_processor = registry.get_processor_class(looks.name).from_config(looks)
    reader.n_frms = cfg.model.vis_processor.train.n_frms
    return reader


def create_backend(options: BackendOptions) -> AffectGpt:
    """Create the backend; nothing is loaded yet."""
    return AffectGpt(options)
