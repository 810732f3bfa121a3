"""Where speech is."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from osmo.tasks import speech as module
from osmo.tasks.speech import SAMPLE_RATE_HZ, Sound, speech


def sound(path: Path) -> Sound:
    resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE_HZ)
    with av.open(str(path)) as container:
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    pcm = np.concatenate([part.to_ndarray()[0] for part in [*frames, *resampler.resample(None)]])
    return pcm.astype(np.float32) / 32768


def heard(samples: Sound) -> list[tuple[float, float]]:
    def hear(start_s: float, end_s: float) -> Sound:
        return samples[round(start_s * SAMPLE_RATE_HZ) : round(end_s * SAMPLE_RATE_HZ)]

    found = speech(hear, len(samples) / SAMPLE_RATE_HZ, threshold=0.5, pause_s=0.8)
    return [(one.start_s, one.end_s) for one in found]


@pytest.mark.parametrize("level", [0.0, 0.001], ids=["digital-silence", "hiss"])
def test_silence_holds_no_speech(level: float) -> None:
    noise = np.random.default_rng(0).normal(0, 1, 5 * SAMPLE_RATE_HZ).astype(np.float32)
    assert heard(noise * level) == []


def test_no_sound_holds_no_speech() -> None:
    assert heard(np.zeros(0, np.float32)) == []


def test_speech_is_found_where_it_is(corpora: Path) -> None:
    spoken = sound(corpora / "speech_zh" / "sample.wav")
    silence = np.zeros(20 * SAMPLE_RATE_HZ, np.float32)
    found = heard(np.concatenate([silence, spoken, silence]))
    assert found[0][0] == pytest.approx(20.8, abs=0.4)  # the file's own note: speech from 0.77 to 5.98 s
    assert found[-1][1] == pytest.approx(26.0, abs=0.6)


def test_no_stretch_is_longer_than_what_whisper_hears_at_once(corpora: Path) -> None:
    meeting = sound(corpora / "ami_multispeaker" / "dev00.wav")
    found = heard(np.concatenate([meeting[5 * SAMPLE_RATE_HZ :]] * 3))
    assert max(end - start for start, end in found) < 30
    assert [start for start, _ in found] == sorted(start for start, _ in found)


def test_a_stretch_across_two_windows_stays_whole(corpora: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spoken = sound(corpora / "speech_zh" / "aishell-BAC009S0724W0121.wav")
    silence = np.zeros(6 * SAMPLE_RATE_HZ, np.float32)
    samples = np.concatenate([silence, spoken, silence, spoken, silence])
    whole = heard(samples)
    monkeypatch.setattr(module, "WINDOW_S", 8.0)
    windowed = heard(samples)
    assert len(windowed) == len(whole) == 2
    np.testing.assert_allclose(windowed, whole, atol=0.1)
