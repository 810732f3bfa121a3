"""What several microphones measure of a recording: levels of and delays between them, without the sound itself."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

REVISION = "microphones 1: frames of 0.128 s every 0.1 s, 300-5000 Hz, GCC-PHAT to 10 us"
"""What a track depends on beside the sound; it changes with every number that is measured otherwise."""

HOP_S = 0.1
WINDOW_S = 0.128
MOST_CHANNELS = 8
"""Further channels are left out: their pairs would grow with the square."""

_BAND_HZ = (300.0, 5000.0)  # wind lies below, little of speech above
_JITTER_S = 0.005  # a larger step of the clock is a gap or an overlap
_MOST_LAG_US = 600  # glasses are no wider than 20 cm
_LAG_GRID_US = 20  # a parabola through three points gives the rest
_QUIET_DB = -90.0
_CLIPPED_AT = 0.999
_CLIPPED_SHARE = 0.005
_COPY_RESIDUE = 1e-4  # power that a copy leaves when the other channel is taken away; microphones apart leave far more
_LOWEST_RATE_HZ = 2000
_TABLE_FRAMES = 3000

Block = npt.NDArray[np.float32]
_Reals = npt.NDArray[np.float32]

_FIELDS: list[pa.Field[Any]] = [
    pa.field("time_s", pa.float64(), nullable=False, metadata={"doc": "Middle of the frame, recording's clock"}),
    pa.field("rate_hz", pa.int32(), nullable=False, metadata={"doc": "Sampling rate of the sound"}),
    pa.field("level_db", pa.list_(pa.float32()), metadata={"doc": "Per channel, of 300-5000 Hz, dB of full scale"}),
    pa.field("copy_of", pa.list_(pa.int8()), metadata={"doc": "Per channel, the first one that it is a copy of"}),
    pa.field("delay_us", pa.list_(pa.int16()), metadata={"doc": "Per pair, microseconds that its first hears later"}),
    pa.field("strength", pa.list_(pa.float32()), metadata={"doc": "Per pair, height of the peak at delay_us, 0-1"}),
    pa.field("flaw", pa.string(), metadata={"doc": "clipped or not finite; null: the frame is sound"}),
]
MICROPHONES = pa.schema(_FIELDS)
"""Rows of a `microphones` track, a frame each. Pairs are (0, 1), (0, 2), … (1, 2), …: see `pairs_of`.

Delays and strengths are null where the frame is silent or flawed. No row stands where nothing was recorded."""

log = logging.getLogger(__name__)


def pairs_of(channels: int) -> list[tuple[int, int]]:
    """Pairs of channels in the order of the columns `delay_us` and `strength`."""
    return list(combinations(range(channels), 2))


def microphone_tables(blocks: Iterator[tuple[float, Block]], rate_hz: int) -> Iterator[pa.Table]:
    """Measure the sound of several microphones, in bounded memory.

    Args:
        blocks: Seconds of the recording's clock and samples of shape (N, C), -1 to 1, in order. What lies before the
            end of an earlier block is left out, as is a block of another number of channels than the first.
        rate_hz: Sampling rate of the sound.

    Returns:
        Tables of `MICROPHONES` in order of time, of at most five minutes each; none where there are not two channels
        or the rate is too low for speech.
    """
    if rate_hz < _LOWEST_RATE_HZ:
        return
    rows: list[dict[str, object]] = []
    measure: _Measure | None = None
    for start_s, frame in _frames(blocks, rate_hz):
        measure = measure or _Measure(frame.shape[1], rate_hz)
        rows.append({"time_s": round(start_s + WINDOW_S / 2, 4), "rate_hz": rate_hz, **measure.of(frame)})
        if len(rows) == _TABLE_FRAMES:
            yield pa.Table.from_pylist(rows, schema=MICROPHONES)
            rows = []
    if rows:
        yield pa.Table.from_pylist(rows, schema=MICROPHONES)


@dataclass
class _Held:
    """Samples that wait for more: `sound` begins at sample `first`, and the next frame with it."""

    first: int
    sound: Block

    @property
    def end(self) -> int:
        return self.first + len(self.sound)


def _frames(blocks: Iterator[tuple[float, Block]], rate_hz: int) -> Iterator[tuple[float, Block]]:
    """Frames with their seconds; none reaches over a gap."""
    hop, length = round(HOP_S * rate_hz), round(WINDOW_S * rate_hz)
    jitter, held = round(_JITTER_S * rate_hz), None
    for time_s, block in blocks:
        if not (np.isfinite(time_s) and block.ndim == 2 and len(block) and block.shape[1] > 1):
            continue
        block = block[:, :MOST_CHANNELS]
        at = round(time_s * rate_hz)
        held = held or _Held(at, block[:0])
        if block.shape[1] != held.sound.shape[1]:
            log.warning("a block of %d channels among blocks of %d is left out", block.shape[1], held.sound.shape[1])
            continue
        if at > held.end + jitter:
            held = _Held(at, block[:0])
        elif at < held.end - jitter:
            block = block[held.end - at :]
        held.sound = np.concatenate([held.sound, block])
        while len(held.sound) >= length:
            yield held.first / rate_hz, held.sound[:length]
            held.first, held.sound = held.first + hop, held.sound[hop:]


class _Measure:
    """Measures frames of one shape."""

    def __init__(self, channels: int, rate_hz: int) -> None:
        length = round(WINDOW_S * rate_hz)
        frequency_hz = np.fft.rfftfreq(length, 1 / rate_hz)
        self._band = (frequency_hz >= _BAND_HZ[0]) & (frequency_hz <= _BAND_HZ[1])
        self._window = np.hanning(length).astype(np.float32)[:, None]
        # A sine of full scale has 0 dB.
        self._full = float(np.sum(self._window**2)) * length / 4
        self._left, self._right = np.array(pairs_of(channels)).T
        self._lags_us = np.arange(-_MOST_LAG_US, _MOST_LAG_US + 1, _LAG_GRID_US)
        angle = 2 * np.pi * np.outer(frequency_hz[self._band], self._lags_us * 1e-6)
        self._steer = np.concatenate([np.cos(angle), -np.sin(angle)]).astype(np.float32)

    def of(self, frame: Block) -> dict[str, object]:
        """Columns of one frame."""
        finite = np.isfinite(frame)
        flaw = None if finite.all() else "not finite"
        if flaw is None and (np.abs(frame) >= _CLIPPED_AT).mean(axis=0).max() > _CLIPPED_SHARE:
            flaw = "clipped"
        sound = np.where(finite, frame, 0.0).clip(-1e3, 1e3)
        spectrum = np.fft.rfft(sound * self._window, axis=0)[self._band].T.astype(np.complex64)
        power = np.square(np.abs(spectrum)).sum(axis=1) / self._full
        level_db = 10 * np.log10(power + 1e-12)
        row: dict[str, object] = {"level_db": np.round(level_db * 4) / 4, "flaw": flaw}
        if flaw is None and level_db.max() > _QUIET_DB:
            delay_us, strength = self._delays(spectrum)
            row |= {"delay_us": delay_us, "strength": strength, "copy_of": _copies(spectrum)}
        return row

    def _delays(self, spectrum: npt.NDArray[np.complex64]) -> tuple[npt.NDArray[np.int16], _Reals]:
        """Peak of the phase correlation of each pair (Knapp and Carter 1976, the PHAT weighting)."""
        phase = spectrum / np.maximum(np.abs(spectrum), 1e-9)
        cross = phase[self._left] * phase[self._right].conj()
        response = np.concatenate([cross.real, cross.imag], axis=1) @ self._steer / cross.shape[1]
        peak = response[:, 1:-1].argmax(axis=1) + 1
        row = np.arange(len(peak))
        before, top, after = (response[row, peak + step] for step in (-1, 0, 1))
        bend = np.minimum(before - 2 * top + after, -1e-9)
        offset = np.clip((before - after) / (2 * bend), -0.5, 0.5)
        delay_us = self._lags_us[peak] + offset * _LAG_GRID_US
        return (np.round(delay_us / 10) * 10).astype(np.int16), np.round(top.clip(0, 1) * 20) / 20


def _copies(spectrum: npt.NDArray[np.complex64]) -> npt.NDArray[np.int8]:
    """For each channel the first one that it is a copy of, whatever its gain; itself where it is none."""
    power = np.square(np.abs(spectrum)).sum(axis=1)
    product = np.abs(np.real(spectrum @ spectrum.conj().T)) ** 2
    alike = 1 - product / np.maximum(np.outer(power, power), 1e-30) < _COPY_RESIDUE
    np.fill_diagonal(alike, True)
    first: npt.NDArray[np.int8] = alike.argmax(axis=1).astype(np.int8)
    return first
