"""What the backends of research models are tried with: stand-ins for their published code, and small weights."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

STAND_INS = Path(__file__).with_name("stand_ins")


@pytest.fixture(scope="session")
def code() -> Callable[[str], Path]:
    """The folder that stands in for a model's published code: --code."""
    return lambda name: STAND_INS / name


@pytest.fixture(scope="session")
def model_environment() -> dict[str, str]:
    """What stands in for packages of the models' own environments."""
    return {"PYTHONPATH": os.pathsep.join([str(STAND_INS / "environment"), os.environ.get("PYTHONPATH", "")])}


@pytest.fixture(scope="session")
def small_folder() -> Callable[[Path], Path]:
    """Makes a folder in Hugging Face's layout that nobody looks into."""

    def make(folder: Path) -> Path:
        import torch
        from safetensors.torch import save_file

        folder.mkdir(parents=True)
        (folder / "config.json").write_text("{}")
        save_file({"a": torch.zeros(1)}, folder / "model.safetensors")
        return folder

    return make


@pytest.fixture(scope="session")
def hubert() -> Callable[[Path], Path]:
    """Makes a HuBERT of random weights, 1024 wide as the real one."""

    def make(folder: Path) -> Path:
        import torch
        from transformers import HubertConfig, HubertModel, Wav2Vec2FeatureExtractor

        config = HubertConfig(
            hidden_size=1024, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
            conv_dim=(8, 8), conv_kernel=(10, 8), conv_stride=(5, 4), num_feat_extract_layers=2,
            num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=2,
        )  # fmt: skip
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            HubertModel(config).save_pretrained(folder)
        Wav2Vec2FeatureExtractor().save_pretrained(folder)
        return folder

    return make
