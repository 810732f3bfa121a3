"""A model with the published one's names and shapes, which says what it was given in place of an answer."""

import json
from typing import Any

import torch
from minigpt4.models.eva_vit import create_eva_vit_g


class MiniGPTv2(torch.nn.Module):
    def __init__(self, cfg: Any) -> None:
        super().__init__()
        self.cfg = cfg
        self.vit = sorted(create_eva_vit_g())
        self.llama_proj = torch.nn.Linear(2, 2)
        self.llama_model = torch.nn.Linear(2, 2)

    @classmethod
    def from_config(cls, cfg: Any) -> "MiniGPTv2":
        print("Load the checkpoint")  # noqa: T201
        return cls(cfg)

    def encode_img(self, image: Any, video_features: Any) -> tuple[Any, Any]:
        """[B, 260, 4096] and [B, 260], here [B, 2, 1]: the picture's mean, and that of the last feature."""
        assert image.shape[1:] == (3, 448, 448)
        assert video_features.shape[1:] == (3, 1024)
        seen = torch.stack([image.mean(dim=(1, 2, 3)), video_features[:, 2].abs().mean(dim=1)], dim=1)
        return seen[..., None], torch.ones(seen.shape)

    @torch.no_grad()
    def generate(self, images: Any, video_features: Any, texts: list[str], **options: Any) -> list[str]:
        seen, attended = self.encode_img(images, video_features)
        print("prompt:", texts)  # noqa: T201
        said = {
            "vit": self.vit,
            "llama": self.cfg.llama_model,
            "weight": float(self.llama_proj.weight[0, 0]),
            "pictures": images.shape[1],
            "seen": float(seen[0, 0, 0]),
            "heard": float(seen[0, 1, 0]),
            "shapes": [list(seen.shape), list(attended.shape)],
            "silent": float(video_features[0, :2].abs().sum()),
            "text": texts[0],
            "options": options,
        }
        return [json.dumps(said)]
