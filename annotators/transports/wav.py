"""WAV bytes to samples, for models in this process."""

from __future__ import annotations

import io
import wave

import numpy as np
from numpy.typing import NDArray


class UnreadableWavError(ValueError):
    """Bytes that are no 16-bit mono WAV of the rate that the model hears."""

    def __init__(self, got: str, sample_rate_hz: int) -> None:
        super().__init__(f"the sound is {got}; expected a WAV of 16 bits, mono, {sample_rate_hz} Hz")


def samples(content: bytes, sample_rate_hz: int) -> NDArray[np.float32]:
    """Samples between -1 and 1.

    Args:
        content: A WAV file.
        sample_rate_hz: Rate that it must have.

    Raises:
        UnreadableWavError: It is something else, or empty.
    """
    try:
        with wave.open(io.BytesIO(content)) as sound:
            form = (sound.getsampwidth() * 8, sound.getnchannels(), sound.getframerate())
            pcm = sound.readframes(sound.getnframes())
    except (wave.Error, EOFError) as error:
        raise UnreadableWavError(f"no WAV ({error or 'it ends early'})", sample_rate_hz) from None
    if form != (16, 1, sample_rate_hz):
        raise UnreadableWavError(f"{form[0]} bits, {form[1]} channels, {form[2]} Hz", sample_rate_hz)
    if len(pcm) < 2:
        raise UnreadableWavError("empty", sample_rate_hz)
    return np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float32) / np.float32(32768)
