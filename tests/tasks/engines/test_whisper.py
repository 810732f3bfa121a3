"""openai-whisper over stretches of speech."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from osmo.schemas.config import SegmentConfig
from osmo.tasks.engines.listening import mel_spectrograms
from osmo.tasks.engines.whisper import TorchEar, create_engine
from osmo.tasks.speech import Hear, Stretch


@pytest.fixture
def settings(whisper_checkpoint: Path) -> SegmentConfig:
    return SegmentConfig(whisper_model=str(whisper_checkpoint), whisper_sample_len=6)


def test_words_lie_in_their_stretch_with_the_confidence_of_their_passage(
    settings: SegmentConfig, hear: Hear, stretches: list[Stretch]
) -> None:
    passages = create_engine().listen(hear, stretches, language="zh", settings=settings)
    assert [passage.start_s for passage in passages] == sorted(passage.start_s for passage in passages)
    assert {passage.language for passage in passages} == {"zh"}
    for passage in passages:
        assert passage.words
        assert any(one.start_s <= passage.start_s < passage.end_s <= one.end_s for one in stretches)
        for word in passage.words:
            assert passage.start_s <= word.start_s < word.end_s <= passage.end_s + 1e-9
            assert (word.logprob, word.no_speech, word.language) == (passage.logprob, passage.no_speech, "zh")
            assert passage.logprob < 0 <= passage.no_speech <= 1


def test_an_answer_does_not_depend_on_its_batch(
    attentive_checkpoint: Path, hear: Hear, stretches: list[Stretch]
) -> None:
    heard = []
    for size in (1, 8):
        settings = SegmentConfig(
            whisper_model=str(attentive_checkpoint), whisper_sample_len=12, batch_size=size, logprob_min=-2.5
        )
        passages = create_engine().listen(hear, stretches, language="en", settings=settings)
        heard.append([(one.start_s, one.text, [(w.start_s, w.end_s, w.text) for w in one.words]) for one in passages])
    assert heard[0] == heard[1]
    assert len({text for _, text, _ in heard[0]}) > 3


def test_tokens_and_word_times_are_those_of_whisper_itself(
    attentive_checkpoint: Path, hear: Hear, stretches: list[Stretch]
) -> None:
    import whisper
    from whisper.timing import find_alignment

    model = whisper.load_model(str(attentive_checkpoint), device="cpu")
    ear = TorchEar(model)
    sounds = [hear(one.start_s, one.end_s) for one in stretches]
    encoded = ear.encode(mel_spectrograms(sounds, ear.mels))
    answers = ear.decode(encoded, "en", 16)
    texts = [[token for token in answer.tokens if token < 50257] or [11] for answer in answers]
    paths = ear.align(encoded, "en", texts, [len(sound) // 160 for sound in sounds])
    assert min(len(answer.tokens) for answer in answers) < 16 == max(len(answer.tokens) for answer in answers)
    tokenizer = ear.tokenizer("en")
    for sound, answer, text, path in zip(sounds, answers, texts, paths, strict=True):
        mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(sound))
        alone = whisper.decode(model, mel, whisper.DecodingOptions(language="en", sample_len=16, fp16=False))
        assert list(answer.tokens) == alone.tokens
        assert answer.logprob == pytest.approx(alone.avg_logprob, abs=1e-3)
        assert answer.no_speech == pytest.approx(alone.no_speech_prob, abs=1e-5)
        starts = {frame / 50 for _, frame in path}
        own = [float(word.start) for word in find_alignment(model, tokenizer, text, mel, len(sound) // 160)]
        assert set(own) <= starts


def test_the_same_sound_is_heard_the_same_whatever_was_sampled_before(
    settings: SegmentConfig, hear: Hear, stretches: list[Stretch]
) -> None:
    first = create_engine().listen(hear, stretches, language="en", settings=settings)
    torch.manual_seed(torch.initial_seed() + 1)
    before = torch.get_rng_state()
    again = create_engine().listen(hear, stretches[1:], language="en", settings=settings)
    assert again == [passage for passage in first if passage.start_s >= stretches[1].start_s]
    assert torch.equal(torch.get_rng_state(), before)


def test_what_looks_broken_is_sampled_again_and_what_does_not_is_left(
    attentive_checkpoint: Path, hear: Hear, stretches: list[Stretch]
) -> None:
    base = SegmentConfig(
        whisper_model=str(attentive_checkpoint), whisper_sample_len=8, logprob_min=-1e9, compression_ratio_max=1e9
    )
    greedy = create_engine().listen(hear, stretches, language="en", settings=base)
    least = sorted(passage.logprob for passage in greedy)[2]
    stricter = base.model_copy(update={"logprob_min": least})
    again = create_engine().listen(hear, stretches, language="en", settings=stricter)
    kept = [passage for passage in greedy if passage.logprob >= least]
    assert [passage for passage in again if passage in kept] == kept
    others = [passage for passage in again if passage not in kept]
    assert all(one.logprob >= least or one in greedy for one in others)


@pytest.mark.parametrize("told", [None, "xx"])
def test_a_language_that_is_not_known_is_detected_once_for_the_recording(
    attentive_checkpoint: Path, hear: Hear, stretches: list[Stretch], told: str | None
) -> None:
    settings = SegmentConfig(whisper_model=str(attentive_checkpoint), whisper_sample_len=4, language_switch=1.0)
    passages = create_engine().listen(hear, stretches, language=told, settings=settings)
    (language,) = {passage.language for passage in passages}
    assert language not in ("", "xx")


def test_no_speech_makes_no_passage(settings: SegmentConfig, hear: Hear) -> None:
    assert create_engine().listen(hear, [], language="en", settings=settings) == []


def test_a_stretch_without_sound_ends_well(settings: SegmentConfig) -> None:
    (passage,) = create_engine().listen(
        lambda *_: np.zeros(0, np.float32), [Stretch(1.0, 1.0)], language="en", settings=settings
    )
    assert passage.start_s == 1.0


def test_its_identity_changes_with_the_checkpoint_alone(whisper_checkpoint: Path, attentive_checkpoint: Path) -> None:
    engine = create_engine()
    one, two = (SegmentConfig(whisper_model=str(path)) for path in (whisper_checkpoint, attentive_checkpoint))
    assert engine.identity(one) != engine.identity(two)
    assert engine.identity(one) == engine.identity(one.model_copy(update={"batch_size": 1, "compute_type": "int8"}))
