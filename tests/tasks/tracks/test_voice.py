"""Level, pitch and syllable nuclei of sounds whose truth is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from osmo.tasks.tracks.voice import CONTEXT_FRAMES, HOP, RATE_HZ, SILENCE_DB, Voice, measure

Floats = npt.NDArray[np.float64]


def voice(*parts: Floats) -> Voice:
    """The frames of some sound, with silence around it."""
    samples = np.concatenate(parts)
    frames = samples.size // HOP
    around = np.zeros(CONTEXT_FRAMES * HOP)
    return measure(np.concatenate([around, samples[: frames * HOP], around]).astype(np.float32), frames)


def tone(hz: float, level_db: float, seconds: float) -> Floats:
    """A sine of a known RMS level."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return 10 ** (level_db / 20) * np.sqrt(2) * np.sin(2 * np.pi * hz * t)


def vowel(hz: float, seconds: float) -> Floats:
    """Pulses of the glottis through two resonances, as an [a] has them; RMS 0.1."""
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    pulses = sum(np.cos(2 * np.pi * hz * k * at) for k in range(1, int(RATE_HZ / 2 / hz)))
    t = np.arange(800) / RATE_HZ
    formants = sum(np.exp(-np.pi * width * t) * np.sin(2 * np.pi * f * t) for f, width in ((700, 90), (1200, 110)))
    sound = np.convolve(pulses, formants)[: at.size]
    return 0.1 * sound / np.sqrt(np.mean(sound**2))  # type: ignore[no-any-return]


@pytest.mark.parametrize("level_db", [-3.0, -20.0, -40.0, -60.0])
def test_a_level_is_within_a_tenth_of_a_decibel(level_db: float) -> None:
    measured = voice(tone(200, level_db, 2)).level_db[10:-10]
    assert measured == pytest.approx(np.full(measured.size, level_db), abs=0.1)


def test_a_step_of_level_is_seen_where_it_is() -> None:
    level = voice(tone(200, -30, 1), tone(200, -24, 1)).level_db
    assert level[50] == pytest.approx(-30, abs=0.1) and level[150] == pytest.approx(-24, abs=0.1)
    assert -30 < level[100] < -24
    assert np.abs(level[[97, 103]] - [-30, -24]).max() < 0.15


def test_digital_silence_has_a_level_and_no_pitch() -> None:
    silent = voice(np.zeros(RATE_HZ))
    assert set(silent.level_db) == {SILENCE_DB}
    assert np.isnan(silent.pitch_hz).all() and np.isnan(silent.harmonicity_db).all() and not silent.nucleus.any()


@pytest.mark.parametrize("hz", [80, 120, 200, 320, 480])
def test_the_pitch_of_a_vowel_is_within_half_a_percent(hz: float) -> None:
    pitch = voice(vowel(hz, 1)).pitch_hz[10:-10]
    assert np.isfinite(pitch).mean() == 1.0
    assert np.abs(pitch / hz - 1).max() < 0.005


@pytest.mark.parametrize(("snr_db", "tolerance_db"), [(30, 2.0), (20, 1.5), (10, 1.5), (5, 1.5)])
def test_harmonicity_is_the_ratio_of_voice_and_noise(snr_db: float, tolerance_db: float) -> None:
    """White noise under a tone: the ratio is known. Frames that noise makes unvoiced have none."""
    noise = np.random.default_rng(1).normal(0, 10 ** ((-20 - snr_db) / 20), RATE_HZ * 3)
    measured = voice(tone(200, -20, 3) + noise).harmonicity_db
    assert np.nanmedian(measured) == pytest.approx(snr_db, abs=tolerance_db)


def test_noise_is_hardly_ever_voiced() -> None:
    noise = np.random.default_rng(2).normal(0, 0.05, RATE_HZ * 10)
    assert np.isfinite(voice(noise).pitch_hz).mean() < 0.02


@pytest.mark.parametrize("per_second", [2, 4, 6])
def test_each_burst_of_voice_is_one_nucleus(per_second: int) -> None:
    """Vowels that swell and fade, as syllables do; every other one is softer."""
    seconds = 5
    t = np.arange(seconds * RATE_HZ) / RATE_HZ
    swell = np.sin(np.pi * per_second * t) ** 2 * np.where((t * per_second).astype(int) % 2, 1.0, 0.6) + 0.03
    nuclei = np.flatnonzero(voice(vowel(150, seconds) * swell).nucleus)
    assert nuclei.size == per_second * seconds
    assert np.abs(nuclei / 100 - (np.arange(nuclei.size) + 0.5) / per_second).max() <= 0.03


def test_a_held_vowel_is_one_nucleus_and_clicks_are_none() -> None:
    fade = np.minimum(1.0, np.minimum(np.arange(32_000), np.arange(32_000)[::-1]) / 800)
    assert voice(np.zeros(8_000), vowel(150, 2) * fade, np.zeros(8_000)).nucleus.sum() == 1
    clicks = np.zeros(RATE_HZ * 3)
    clicks[::4_000] = 0.9
    assert voice(clicks).nucleus.sum() == 0
