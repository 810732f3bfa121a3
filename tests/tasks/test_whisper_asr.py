"""Whisper over stretches of speech."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from osmo.schemas.config import SegmentConfig
from osmo.tasks.speech import SAMPLE_RATE_HZ, Sound, Stretch
from osmo.tasks.whisper_asr import WhisperUnavailableError, model_identity, transcribe

STRETCHES = [Stretch(1.0, 3.0), Stretch(4.0, 6.5)]


def hear(start_s: float, end_s: float) -> Sound:
    """A chord: random weights hear words in anything."""
    at_s = np.arange(round(start_s * SAMPLE_RATE_HZ), round(end_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    return (0.1 * np.sin(2 * np.pi * 220 * at_s) + 0.1 * np.sin(2 * np.pi * 331 * at_s)).astype(np.float32)


@pytest.fixture
def settings(whisper_checkpoint: Path) -> SegmentConfig:
    return SegmentConfig(whisper_model=str(whisper_checkpoint), whisper_sample_len=6)


def test_words_lie_in_their_stretch_with_the_confidence_of_their_passage(settings: SegmentConfig) -> None:
    heard = transcribe(hear, STRETCHES, language="zh", settings=settings)
    assert heard.language == "zh"
    assert heard.words
    for word in heard.words:
        assert any(one.start_s <= word.start_s < word.end_s <= one.end_s for one in STRETCHES)
        assert word.logprob is not None and word.logprob < 0
        assert word.no_speech is not None and 0 <= word.no_speech <= 1


def test_the_same_sound_is_heard_the_same_whatever_was_sampled_before(settings: SegmentConfig) -> None:
    first = transcribe(hear, STRETCHES, language="en", settings=settings)
    torch.manual_seed(torch.initial_seed() + 1)
    before = torch.get_rng_state()
    assert transcribe(hear, STRETCHES[1:], language="en", settings=settings).words == tuple(
        word for word in first.words if word.start_s >= 4.0
    )
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("told", [None, "xx"])
def test_a_language_that_is_not_known_is_detected(settings: SegmentConfig, told: str | None) -> None:
    heard = transcribe(hear, STRETCHES, language=told, settings=settings)
    assert heard.language not in ("", "xx")


def test_a_checkpoint_is_known_by_its_content_and_a_model_by_its_name(tmp_path: Path) -> None:
    for name in ("a.pt", "b.pt"):
        (tmp_path / name).write_bytes(b"same")
    assert model_identity(str(tmp_path / "a.pt")) == model_identity(str(tmp_path / "b.pt"))
    (tmp_path / "b.pt").write_bytes(b"other")
    assert model_identity(str(tmp_path / "a.pt")) != model_identity(str(tmp_path / "b.pt"))
    assert model_identity("base") == "base"


class Harmful:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.marker),)


@pytest.mark.parametrize("kind", ["harmful", "harmful-zip", "empty", "no-dims"])
def test_a_file_that_is_no_checkpoint_is_refused_and_runs_nothing(tmp_path: Path, kind: str) -> None:
    path, marker = tmp_path / "x.pt", tmp_path / "ran"
    if kind == "harmful":
        path.write_bytes(pickle.dumps(Harmful(marker)))
    elif kind == "harmful-zip":
        torch.save({"dims": Harmful(marker)}, path)
    elif kind == "no-dims":
        torch.save({"model_state_dict": {}}, path)
    else:
        path.write_bytes(b"")
    with pytest.raises(WhisperUnavailableError, match=r"segment\.whisper_model"):
        transcribe(hear, STRETCHES, language="en", settings=SegmentConfig(whisper_model=str(path)))
    assert not marker.exists()


def test_a_name_that_nobody_knows_is_refused_with_those_there_are() -> None:
    with pytest.raises(WhisperUnavailableError, match=r"none of .*base"):
        transcribe(hear, STRETCHES, language="en", settings=SegmentConfig(whisper_model="bass"))
