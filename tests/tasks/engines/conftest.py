"""Sounds, and Whisper models small enough to hear them at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from whisper.model import ModelDimensions, Whisper

from osmo.tasks.speech import SAMPLE_RATE_HZ, Hear, Sound, Stretch

END_MARK, OFTEN_HEARD = 50257, 6531


def _chirp(start_s: float, end_s: float) -> Sound:
    """Rising tones that differ from second to second: random weights hear words in anything."""
    at_s = np.arange(round(start_s * SAMPLE_RATE_HZ), round(end_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    tones = np.sin(2 * np.pi * (120 + 40 * at_s) * at_s) + np.sin(2 * np.pi * (331 + 9 * at_s) * at_s)
    return (0.1 * tones).astype(np.float32)


@pytest.fixture
def hear() -> Hear:
    return _chirp


@pytest.fixture
def stretches() -> list[Stretch]:
    """Nine, of lengths that differ and of lengths that do not."""
    lengths = (1.0, 2.5, 3.0, 3.0, 0.4, 5.0, 7.0, 2.5, 9.5)
    return [Stretch(10.0 * at, 10.0 * at + length) for at, length in enumerate(lengths)]


@pytest.fixture(scope="session")
def attentive_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights, large enough that attention is sharp: words, times and languages differ from sound to sound.

    The end mark is as likely as a word that is often heard, so that some answers end before the last token allowed.
    """
    dims = {
        "n_mels": 80, "n_audio_ctx": 1500, "n_audio_state": 64, "n_audio_head": 4, "n_audio_layer": 2,
        "n_vocab": 51865, "n_text_ctx": 448, "n_text_state": 64, "n_text_head": 4, "n_text_layer": 2,
    }  # fmt: skip
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        model = Whisper(ModelDimensions(**dims))
        for name, weights in model.named_parameters():
            if "ln" not in name or name.endswith("bias"):
                torch.nn.init.normal_(weights, std=0.3)
        embedding = model.decoder.token_embedding.weight
        embedding[END_MARK] = 1.05 * embedding[OFTEN_HEARD]
    path = tmp_path_factory.mktemp("whisper") / "attentive.pt"
    torch.save({"dims": dims, "model_state_dict": model.state_dict()}, path)
    return path
