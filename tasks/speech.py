"""Where speech is: silero-vad over a recording's sound, in bounded memory, so that silence is never transcribed."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

SAMPLE_RATE_HZ = 16_000
WINDOW_S = 600.0
"""Sound held in memory at once."""
LONGEST_S = 28.0
"""Longest stretch: with its padding it fits Whisper's window of 30 s."""
_PAD_MS = 200

_ONE_AT_A_TIME = threading.Lock()
"""The model remembers what it heard last, and buckets run in threads."""

Sound = npt.NDArray[np.float32]
Hear = Callable[[float, float], Sound]
"""Gives the samples (mono, 16 kHz, -1 to 1) from one second to another."""


@dataclass(frozen=True)
class Stretch:
    """A stretch of speech, in seconds of the recording."""

    start_s: float
    end_s: float


def speech(hear: Hear, duration_s: float, *, threshold: float, pause_s: float) -> list[Stretch]:
    """Stretches of speech, in order, none longer than `LONGEST_S` and its padding.

    Args:
        hear: The recording's sound.
        duration_s: How much of it there is.
        threshold: Speech probability from which a 32 ms frame counts as speech.
        pause_s: A longer silence parts two stretches.
    """
    found: list[Stretch] = []
    at_s = 0.0
    while at_s < duration_s:
        sound = hear(at_s, at_s + WINDOW_S)
        if not sound.size:
            break
        window_end_s = at_s + sound.size / SAMPLE_RATE_HZ
        with _ONE_AT_A_TIME:
            here = _stretches(sound, at_s, threshold=threshold, pause_s=pause_s)
        last = window_end_s >= duration_s - 0.001 or sound.size < WINDOW_S * SAMPLE_RATE_HZ
        # What touches the window's end may go on after it: the next window begins where that stretch does.
        cut = not last and bool(here) and here[-1].end_s > window_end_s - 1.0 and here[-1].start_s > at_s
        at_s = here.pop().start_s if cut else window_end_s
        found += here
    return found


def _stretches(sound: Sound, offset_s: float, *, threshold: float, pause_s: float) -> list[Stretch]:
    import torch
    from silero_vad import get_speech_timestamps

    marks: list[dict[str, int]] = get_speech_timestamps(
        torch.from_numpy(sound),
        _model(),
        threshold=threshold,
        sampling_rate=SAMPLE_RATE_HZ,
        min_silence_duration_ms=round(pause_s * 1000),
        max_speech_duration_s=LONGEST_S,
        speech_pad_ms=_PAD_MS,
    )
    rate = SAMPLE_RATE_HZ
    return [Stretch(offset_s + mark["start"] / rate, offset_s + mark["end"] / rate) for mark in marks]


@functools.cache
def _model() -> Any:
    """The model that the package brings; loading it asks nobody."""
    from silero_vad import load_silero_vad

    return load_silero_vad(onnx=True)
