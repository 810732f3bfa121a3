"""Where the microphones of known glasses are, and where the wearer's mouth is from there."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
import numpy.typing as npt

SPEED_OF_SOUND_M_S = 343.0
DIRECTIONS = 72
FAR_M = 1.5
"""Distance of the places that stand for other people: beyond a metre their delays hardly change."""

Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Array:
    """One array of M microphones.

    Attributes:
        name: Of the glasses.
        microphones: Places in metres, shape (M, 3).
        mouth: The wearer's mouth, shape (3,).
    """

    name: str
    microphones: Points
    mouth: Points

    @property
    def mouth_m(self) -> Points:
        """Distance of each microphone from the mouth in metres, shape (M,)."""
        return np.asarray(np.linalg.norm(self.microphones - self.mouth, axis=1))

    @property
    def places(self) -> Points:
        """The mouth, and places all around that stand for other sources, shape (1 + `DIRECTIONS`, 3)."""
        return np.concatenate([self.mouth[np.newaxis], _around() * FAR_M])

    def delays_s(self) -> Points:
        """Time that sound takes from each place to each microphone, in seconds, shape (Q, M)."""
        between = self.places[:, np.newaxis] - self.microphones[np.newaxis]
        return np.asarray(np.linalg.norm(between, axis=2) / SPEED_OF_SOUND_M_S)


def array_of(channels: int) -> Array | None:
    """The array with so many microphones; null: none is known."""
    return next((array for array in _arrays() if len(array.microphones) == channels), None)


@functools.cache
def _arrays() -> tuple[Array, ...]:
    loaded = tomllib.loads(files("osmo.tasks").joinpath("arrays.toml").read_text("utf-8"))
    return tuple(
        Array(name, np.array(said["microphones"], np.float64), np.array(said["mouth"], np.float64))
        for name, said in loaded.items()
    )


def _around() -> Points:
    """Unit vectors spread evenly over the sphere (golden spiral), shape (`DIRECTIONS`, 3)."""
    n = np.arange(DIRECTIONS) + 0.5
    polar, turn = np.arccos(1 - 2 * n / DIRECTIONS), np.pi * (1 + 5**0.5) * n
    return np.stack([np.cos(turn) * np.sin(polar), np.cos(polar), np.sin(turn) * np.sin(polar)], axis=1)
