"""Emotion-LLaMA (Cheng et al., NeurIPS 2024), by its published code.

Read from github.com/ZebangCheng/Emotion-LLaMA: `minigpt4/models/` at 92b8cb8, `minigpt4/inference/` at a2026c4. It was
written against those; without the weights it was never run.

- `--code`: the repository's folder, which holds `minigpt4/`.
- `--weights`: `Llama-2-7b-chat-hf/`, `chinese-hubert-large/` (Hugging Face's layout, safetensors),
  `eva_vit_g.safetensors` (from BLIP-2's eva_vit_g.pth, which its code would download) and `Emotion_LLaMA.safetensors`
  (from Emoation_LLaMA.pth of its model zoo), both by `convert`.
- `--set pictures=4`: pictures of a clip; `--set max_new_tokens=128`.

What its own code does, and what is done here:

- It reads the first frame alone. Here `pictures` frames, at the middles of equal parts, go through its encoder one by
  one, and the mean of their tokens takes the place of the one image's: the prompt keeps the layout that it was trained
  with. That is our choice, and nobody measured it; with pictures=1 it is the middle frame.
- Its features of faces and motion (MAE, VideoMAE) come from files made beforehand, and its demo gives zeros in their
  place. So does this: the glasses' camera does not see the wearer's face.
- Its demo samples. Here the path of its evaluation is used (`MiniGPTBase.generate`), greedily, an item at a time, so
  that an answer does not depend on its batch.
- It says "worried" for fear, and disgust is none of its labels: the client knows its words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from osmo.annotators.servers.backend import BackendOptions, Card, Prepared, Refusal, Reply
from osmo.annotators.servers.published import defused, fill, module, no_pickles, silence, use_code
from osmo.annotators.servers.sampling import NothingDecodedError, pictures, sound
from osmo.annotators.servers.weights import checkpoint, model_folder

NAME = "emotion_llama"
CARD = Card(
    model_id="Emotion-LLaMA",
    license="research only (its model zoo); Llama 2 Community License",
    modalities=("video", "audio", "text"),
    languages=("en", "zh"),
    max_clip_s=30.0,
    label_support=("anger", "fear", "joy", "sadness", "surprise", "neutral"),
)

LLAMA, HUBERT, VIT, TUNED = "Llama-2-7b-chat-hf", "chinese-hubert-large", "eva_vit_g", "Emotion_LLaMA"
FEATURES = 1024

# What the checkpoint alone brings; the rest is in Llama's and the ViT's own files.
_TRAINED = ("llama_proj.", "feats_llama_proj", "cls_tk_llama_proj.", "lora_")
_MARKS = re.compile(r"</?(?:s|unk|video|feature|VideoHere|FeatureHere|Img|ImageHere)>|\[/?INST\]", re.IGNORECASE)
_TEMPLATE = "<s>[INST] <video><VideoHere></video> <feature><FeatureHere></feature> {prompt} [/INST]"
_CONFIG = {
    "arch": "minigpt_v2",
    "image_size": 448,
    "max_txt_len": 500,
    "end_sym": "</s>",
    "prompt_template": "[INST] {} [/INST]",
    "low_resource": False,
    "lora_r": 64,
    "lora_alpha": 16,
    "ckpt": "",
}


class EmotionLlama:
    """The model; tensors live on one device."""

    def __init__(self, options: BackendOptions) -> None:
        self._options = options
        self._weights = options.weights
        self._pictures = int(options.settings.get("pictures", "4"))
        self._max_new_tokens = int(options.settings.get("max_new_tokens", "128"))
        self._model: Any = None
        self._hubert: Any = None
        self._extract: Any = None
        self._transform: Any = None

    @property
    def card(self) -> Card:
        """What the module says."""
        return CARD

    def weights(self) -> Sequence[Path]:
        """Llama, HuBERT, the ViT and the tuned parts."""
        folders = [model_folder(NAME, self._weights / name) for name in (LLAMA, HUBERT)]
        return [
            *(file for files in folders for file in files),
            checkpoint(NAME, self._weights, VIT),
            checkpoint(NAME, self._weights, TUNED),
        ]

    def load(self) -> None:
        """Build the model by its code, and fill it."""
        use_code(NAME, self._options, "minigpt4")
        device = self._options.device
        # Its code downloads the ViT; here it is the file of that name beside the others.
        vars(module("minigpt4.models.eva_vit"))["download_cached_file"] = self._instead_of_download
        with no_pickles(NAME), silence():
            config = module("omegaconf").OmegaConf.create({**_CONFIG, "llama_model": str(self._weights / LLAMA)})
            model = module("minigpt4.models.minigpt_v2").MiniGPTv2.from_config(config)
        fill(NAME, model, checkpoint(NAME, self._weights, TUNED), _TRAINED)
        self._model = _of_films(model.to(device).eval())
        looks = module("minigpt4.processors.blip_processors").Blip2ImageEvalProcessor
        self._transform = looks(image_size=_CONFIG["image_size"])
        transformers, place = module("transformers"), str(self._weights / HUBERT)
        self._extract = transformers.Wav2Vec2FeatureExtractor.from_pretrained(place, local_files_only=True)
        self._hubert = transformers.HubertModel.from_pretrained(place, local_files_only=True).to(device).eval()

    def predict(self, items: Sequence[Prepared]) -> Sequence[Reply | Refusal]:
        """What it says on each item."""
        return [self._answer(item) for item in items]

    def _instead_of_download(self, url: str, *_: object, **__: object) -> str:
        return str(self._weights / Path(url).name)

    def _answer(self, item: Prepared) -> Reply | Refusal:
        import torch

        if item.video is None:
            return Refusal("Emotion-LLaMA needs pictures, and the item has none")
        try:
            film = pictures(item.video, self._pictures)
            with torch.inference_mode(), silence():
                [text] = self._model.generate(
                    self._seen(film),
                    self._heard(item.audio),
                    [_TEMPLATE.format(prompt=defused(item.prompt, _MARKS))],
                    max_new_tokens=self._max_new_tokens,
                    do_sample=False,
                    num_beams=1,
                )
        except NothingDecodedError as error:
            return Refusal(str(error))
        return Reply(text)

    def _seen(self, film: Sequence[Any]) -> Any:
        """[1, pictures, 3, 448, 448]."""
        import torch
        from PIL import Image

        return torch.stack([self._transform(Image.fromarray(picture)) for picture in film])[None]

    def _heard(self, audio: Path | None) -> Any:
        """[1, 3, 1024]: zeros for face and motion, then HuBERT's mean over time; zeros without sound."""
        import torch

        heard = torch.zeros(1, 1, FEATURES)
        if audio is not None:
            given = self._extract(sound(audio), sampling_rate=16_000, return_tensors="pt").input_values
            states = self._hubert(given.to(self._options.device)).last_hidden_state
            heard = states.mean(dim=1, keepdim=True).float().cpu()
        return torch.cat([torch.zeros(1, 2, FEATURES), heard], dim=1)


def _of_films(model: Any) -> Any:
    """The model, which takes several pictures in place of one, and the mean of what it sees in them."""
    encode = model.encode_img

    # B batch, N pictures, T tokens, D width of the language model
    def encode_film(images_BN: Any, features_B: Any) -> tuple[Any, Any]:
        batch, count = images_BN.shape[:2]
        seen, attended = encode(images_BN.flatten(0, 1), features_B.repeat_interleave(count, dim=0))
        return seen.reshape(batch, count, *seen.shape[1:]).mean(dim=1), attended[::count]

    model.encode_img = encode_film
    return model


def create_backend(options: BackendOptions) -> EmotionLlama:
    """Create the backend; nothing is loaded yet."""
    return EmotionLlama(options)
