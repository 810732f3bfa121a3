"""Level, pitch, harmonicity and syllable nuclei of sound, every 10 ms, each from a few seconds around it alone.

Nothing here looks at a whole recording: a loud moment changes no number elsewhere, and where one asks changes none.
Pitch is Praat's autocorrelation method (Boersma 1993) without its silence threshold, which is relative to the loudest
moment; harmonicity is that of the same period; nuclei follow de Jong and Wempe (2009).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import parselmouth
from scipy.signal import find_peaks

RATE_HZ = 16_000
HOP = 160
HOP_S = HOP / RATE_HZ
CONTEXT_FRAMES = 300
"""Frames on either side on which a frame may depend: 3 s, more than a nucleus looks at."""

PITCH_FLOOR_HZ, PITCH_CEILING_HZ = 75.0, 500.0
VOICING_THRESHOLD = 0.45
"""Least autocorrelation of a voiced frame (Praat's default)."""
QUIETEST_DB = -70.0
"""A frame below it (dB of full scale) is not called voiced."""
SILENCE_DB = -100.0
"""Of digital silence, in place of minus infinity."""
DIP_DB = 2.0
"""Fall of the level on both sides of a syllable nucleus (de Jong and Wempe); over 60 ms instead of their 128, with
which more syllables of the recordings in ../shared/corpora are found (docs/evidence.md)."""

_LEVEL_S, _NUCLEUS_S = 0.04, 0.06
_REACH_FRAMES = 401  # a nucleus looks 2 s in either direction for its dips
_TIE_DB = 1e-4  # a frame: of equal peaks the first counts, as a held vowel is one nucleus
_HARMONICITY_MOST_DB = 40.0
_PARTS = 2  # energies are summed over 5 ms, so that a window may be centred on a frame
_SPARE = 8
_PRAAT_FIRST = 2  # the first frame of Praat: half of its window, three periods of the floor, from the start

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Voice:
    """Numbers of consecutive frames, each of shape (N,); frame n is centred on n × 10 ms.

    Attributes:
        level_db: RMS over a Hann window of 40 ms, dB of full scale; -100 is digital silence.
        pitch_hz: NaN where nothing is voiced.
        harmonicity_db: Energy of the periodic over that of the other sound; NaN where nothing is voiced.
        nucleus: Whether the frame is a syllable's nucleus.
    """

    level_db: Floats
    pitch_hz: Floats
    harmonicity_db: Floats
    nucleus: npt.NDArray[np.bool_]


def measure(samples: npt.NDArray[np.float32], frames: int) -> Voice:
    """Measure the frames in the middle of a piece of sound.

    Args:
        samples: 16 kHz mono, -1 to 1, shape ((`frames` + 2 × CONTEXT_FRAMES) × HOP,): context before and after.
        frames: How many.
    """
    assert samples.size == (frames + 2 * CONTEXT_FRAMES) * HOP, "a piece has its frames and their context"
    exact = samples.astype(np.float64)
    level = _level(exact, _LEVEL_S)
    pitch, strength = _pitch(exact)
    voiced = (pitch > 0) & (level >= QUIETEST_DB)
    falling = _level(exact, _NUCLEUS_S) - _TIE_DB * np.arange(level.size)
    peaks, _ = find_peaks(falling, prominence=DIP_DB, wlen=_REACH_FRAMES)
    nucleus = np.zeros(level.size, np.bool_)
    nucleus[peaks] = voiced[peaks]
    strength = np.clip(strength, 1e-9, 1 - 1e-9)
    harmonicity = np.minimum(10 * np.log10(strength / (1 - strength)), _HARMONICITY_MOST_DB)
    middle = slice(CONTEXT_FRAMES, CONTEXT_FRAMES + frames)
    return Voice(
        level[middle],
        np.where(voiced, pitch, np.nan)[middle],
        np.where(voiced, harmonicity, np.nan)[middle],
        nucleus[middle],
    )


def _level(samples: Floats, window_s: float) -> Floats:
    """Level of every frame over a Hann window; summed slice by slice, so that a frame's place changes no bit of it."""
    part = HOP // _PARTS
    energy = np.square(samples).reshape(-1, part).sum(axis=1) / part
    half = round(window_s * RATE_HZ / part / 2)
    padded = np.concatenate([np.zeros(half), energy, np.zeros(half)])
    weights = np.sin(np.pi * (np.arange(2 * half) + 0.5) / (2 * half)) ** 2
    weights /= weights.sum()
    power = np.zeros(energy.size // _PARTS)
    for place, weight in enumerate(weights):
        power += weight * padded[place : place + energy.size : _PARTS]
    level: Floats = 10 * np.log10(np.maximum(power, 10 ** (SILENCE_DB / 10)))
    return level


def _pitch(samples: Floats) -> tuple[Floats, Floats]:
    """Pitch in Hz, 0 where unvoiced, and autocorrelation at its period."""
    # Praat centres its frames in the sound and counts them by a quotient of floats: the spare samples keep both exact.
    found = parselmouth.Sound(np.pad(samples, _SPARE), RATE_HZ).to_pitch_ac(
        time_step=HOP_S,
        pitch_floor=PITCH_FLOOR_HZ,
        pitch_ceiling=PITCH_CEILING_HZ,
        silence_threshold=0.0,
        voicing_threshold=VOICING_THRESHOLD,
    )
    selected = found.selected_array
    pitch, strength = np.zeros(samples.size // HOP), np.zeros(samples.size // HOP)
    assert selected.size == pitch.size - 2 * _PRAAT_FIRST + 1, "Praat has a frame wherever its window fits"
    inside = slice(_PRAAT_FIRST, _PRAAT_FIRST + selected.size)
    pitch[inside], strength[inside] = selected["frequency"], selected["strength"]
    return pitch, strength
