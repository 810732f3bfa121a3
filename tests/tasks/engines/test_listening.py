"""Batches, rests and languages, with the smallest models there are."""

from __future__ import annotations

import copy
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from osmo.schemas.config import SegmentConfig
from osmo.tasks.engines.listening import chosen_language, listen, mel_spectrograms
from osmo.tasks.engines.whisper import TorchEar
from osmo.tasks.speech import SAMPLE_RATE_HZ, Hear, Sound, Stretch


@pytest.mark.parametrize(
    ("chances", "expected"),
    [
        ({"en": 0.04, "zh": 0.96}, "zh"),
        ({"en": 0.05, "zh": 0.95}, "en"),
        ({"en": 0.9, "zh": 0.1}, "en"),
        ({}, "en"),
    ],
    ids=["very-sure", "at-the-threshold", "as-told", "not-asked"],
)
def test_the_told_language_yields_only_to_certainty(chances: dict[str, float], expected: str) -> None:
    assert chosen_language("en", chances, switch=0.95) == expected


@pytest.fixture(scope="module")
def ear(attentive_checkpoint: Path) -> TorchEar:
    import whisper

    return TorchEar(whisper.load_model(str(attentive_checkpoint), device="cpu"))


def test_stretches_of_several_languages_share_a_batch_and_short_ones_are_as_told(
    ear: TorchEar, hear: Hear, stretches: list[Stretch]
) -> None:
    settings = SegmentConfig(whisper_sample_len=4, language_switch=0.0, logprob_min=-1e9, compression_ratio_max=1e9)
    passages = listen(ear, hear, stretches, language="en", settings=settings)
    sounds = [hear(one.start_s, one.end_s) for one in stretches]
    chances = ear.chances(ear.encode(mel_spectrograms(sounds, ear.mels)))
    best = [max(sorted(row), key=lambda code: row[code]) for row in chances]
    expected = {
        one.start_s: code if one.end_s - one.start_s >= 3 else "en" for one, code in zip(stretches, best, strict=True)
    }
    assert {one.start_s: one.language for one in passages if one.start_s in expected} == expected
    assert len(set(expected.values())) > 1


def test_no_more_is_asked_for_at_once_than_a_batch(ear: TorchEar, hear: Hear, stretches: list[Stretch]) -> None:
    sizes = []

    class Counting(TorchEar):
        def encode(self, mels: object) -> object:  # type: ignore[override]
            sizes.append(len(mels))  # type: ignore[arg-type]
            return super().encode(mels)  # type: ignore[arg-type]

    settings = SegmentConfig(whisper_sample_len=2, batch_size=2, logprob_min=-1e9, compression_ratio_max=1e9)
    listen(Counting(ear._model), hear, stretches, language=None, settings=settings)
    assert max(sizes) == 2


def test_what_an_answer_does_not_reach_is_heard_as_a_stretch_of_its_own(
    ear: TorchEar, hear: Hear, stretches: list[Stretch]
) -> None:
    """A model that never says it is done begins new parts until it may not go on."""
    endless = copy.deepcopy(ear._model)
    with torch.no_grad():
        endless.decoder.token_embedding.weight[50257] = 0.0
    settings = SegmentConfig(whisper_sample_len=24, logprob_min=-1e9, compression_ratio_max=1e9)
    asked: list[tuple[float, float]] = []

    def listening(start_s: float, end_s: float) -> Sound:
        asked.append((start_s, end_s))
        return hear(start_s, end_s)

    passages = listen(TorchEar(endless), listening, stretches, language="en", settings=settings)
    assert len(passages) > len(stretches)
    for stretch in stretches:
        inside = [one for one in passages if stretch.start_s <= one.start_s < stretch.end_s]
        assert inside[0].start_s == stretch.start_s
        assert inside[-1].end_s == stretch.end_s
        assert all(one.end_s == pytest.approx(after.start_s) for one, after in pairwise(inside))
    assert len(asked) == len(passages)


def test_spectrograms_are_padded_to_whispers_window() -> None:
    import numpy as np

    sounds = [np.zeros(SAMPLE_RATE_HZ, np.float32), np.zeros(0, np.float32)]
    assert mel_spectrograms(sounds, 80).shape == (2, 80, 3000)
