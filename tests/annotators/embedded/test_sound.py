"""Measures of sound: known loudness, pitch and rate come back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from osmo.annotators.embedded.sound import Tracks, measure_frames, measure_speech
from osmo.storage.media import Media

Hear = Callable[[dict[str, npt.NDArray[np.float32]]], Media]
RATE = 16_000


def voice(
    seconds: float, *, pitch_hz: float = 150.0, level: float = 0.3, rate_hz: float = 4.0
) -> npt.NDArray[np.float32]:
    """A buzz of ten harmonics, cut into syllables."""
    t = np.arange(round(seconds * RATE)) / RATE
    buzz = np.sum([np.sin(2 * np.pi * pitch_hz * k * t) / k for k in range(1, 11)], axis=0)
    syllables = 0.05 + 0.95 * np.sin(np.pi * rate_hz * t) ** 2
    return (level * 0.5 * buzz * syllables).astype(np.float32)


@pytest.mark.parametrize("pitch_hz", [100.0, 180.0, 260.0])
def test_pitch(pitch_hz: float) -> None:
    speech = measure_speech(measure_frames(voice(2.0, pitch_hz=pitch_hz)))
    assert speech is not None
    assert speech.pitch_st == pytest.approx(12 * np.log2(pitch_hz / 100), abs=0.2)
    assert speech.pitch_range_st < 0.5


def test_a_tenth_of_the_amplitude_is_twenty_decibels() -> None:
    loud, quiet = (measure_speech(measure_frames(voice(2.0, level=level))) for level in (0.5, 0.05))
    assert loud is not None and quiet is not None
    assert loud.loudness_db - quiet.loudness_db == pytest.approx(20.0, abs=0.5)


@pytest.mark.parametrize("rate_hz", [2.0, 4.0, 6.0])
def test_syllable_rate(rate_hz: float) -> None:
    speech = measure_speech(measure_frames(voice(4.0, rate_hz=rate_hz)))
    assert speech is not None
    assert speech.rate_hz == pytest.approx(rate_hz, rel=0.2)


@pytest.mark.parametrize("samples", [0, 100, 16_000])
def test_silence_has_no_voice(samples: int) -> None:
    frames = measure_frames(np.zeros(samples, np.float32))
    assert frames.shape == (samples // 160, 2)
    assert measure_speech(frames) is None


def test_stretches_across_blocks_and_beyond_the_end(hear: Hear) -> None:
    media = hear({"r": voice(25.0)})
    frames = Tracks().frames(media, "r", 18.0, 22.0)
    assert frames is not None and frames.shape == (400, 2)
    beyond = Tracks().frames(media, "r", 24.0, 30.0)
    assert beyond is not None and beyond.shape == (100, 2)
    outside = Tracks().frames(media, "r", 90.0, 95.0)
    assert outside is not None and outside.shape == (0, 2)
    assert Tracks().frames(media, "unknown", 0.0, 1.0) is None
