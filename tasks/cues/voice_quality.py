"""Jitter and shimmer: how much the voice's periods differ from one to the next in length and in height (Praat)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import parselmouth
from parselmouth.praat import call

RATE_HZ = 16_000
_FLOOR_HZ, _CEILING_HZ = 75.0, 500.0
_SHORTEST_S, _LONGEST_S, _PERIOD_FACTOR, _AMPLITUDE_FACTOR = 0.0001, 0.02, 1.3, 1.6
"""Praat's defaults: periods out of these bounds, or farther apart than these factors, are not compared."""


@dataclass(frozen=True)
class Perturbation:
    """Of one piece of voice, in percent of the mean period and the mean height; NaN where Praat finds too few periods.

    Attributes:
        jitter: Praat's jitter (local).
        shimmer: Praat's shimmer (local).
    """

    jitter: float
    shimmer: float


def perturbation(pieces: Sequence[npt.NDArray[np.float32]]) -> list[Perturbation]:
    """Jitter and shimmer of each piece of 16 kHz mono sound, in order."""
    return [_of_one(piece) for piece in pieces]


def _of_one(samples: npt.NDArray[np.float32]) -> Perturbation:
    if samples.size * _FLOOR_HZ < 4 * RATE_HZ:  # Praat needs three periods of the floor
        return Perturbation(float("nan"), float("nan"))
    sound = parselmouth.Sound(samples.astype(np.float64), RATE_HZ)
    pulses = call(sound, "To PointProcess (periodic, cc)", _FLOOR_HZ, _CEILING_HZ)
    bounds = (0, 0, _SHORTEST_S, _LONGEST_S, _PERIOD_FACTOR)
    jitter = call(pulses, "Get jitter (local)", *bounds)
    shimmer = call([sound, pulses], "Get shimmer (local)", *bounds, _AMPLITUDE_FACTOR)
    return Perturbation(100 * jitter, 100 * shimmer)
