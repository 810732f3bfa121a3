"""A converted model is the same model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from whisper.model import ModelDimensions, Whisper

from osmo.tasks.engines.ct2_model import write_ct2
from osmo.tasks.engines.faster_whisper import CT2Ear
from osmo.tasks.engines.whisper import TorchEar


@pytest.mark.parametrize(
    ("vocabulary", "mels", "languages"),
    [(51864, 80, 1), (51865, 80, 99), (51866, 128, 100)],
    ids=["english", "multilingual", "large-v3"],
)
def test_it_hears_the_same_languages_and_encodes_the_same(
    tmp_path: Path, vocabulary: int, mels: int, languages: int
) -> None:
    from ctranslate2.models import Whisper as CT2Whisper

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model = Whisper(ModelDimensions(mels, 1500, 16, 2, 1, vocabulary, 448, 16, 2, 2)).eval()
        for weights in model.parameters():
            torch.nn.init.normal_(weights, std=0.3)
    write_ct2(model, tmp_path)
    ours, its = TorchEar(model), CT2Ear(CT2Whisper(str(tmp_path)))
    assert (its.mels, its.languages) == (ours.mels, ours.languages)
    assert len(its.languages) == languages
    spectrogram = np.random.default_rng(0).normal(0, 1, (2, mels, 3000)).astype(np.float32)
    np.testing.assert_allclose(its.encode(spectrogram), ours.encode(spectrogram).numpy(), atol=1e-5)
    tokens = [answer.tokens for answer in its.decode(its.encode(spectrogram), "en", 8)]
    assert tokens == [answer.tokens for answer in ours.decode(ours.encode(spectrogram), "en", 8)]


def test_it_keeps_the_heads_that_follow_the_sound(tmp_path: Path) -> None:
    model = Whisper(ModelDimensions(80, 1500, 16, 2, 1, 51865, 448, 16, 2, 2))
    heads = torch.zeros(2, 2, dtype=torch.bool)
    heads[1, 0] = True
    model.register_buffer("alignment_heads", heads.to_sparse(), persistent=False)
    write_ct2(model, tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["alignment_heads"] == [[1, 0]]
