"""What several microphones tell of where a sound comes from, kept in place of their sound: levels and delays.

Delays are judged by the steered response with phase transform (SRP-PHAT, DiBiase 2000): how well the channels agree
when each is shifted back by the time that sound takes from a place. The places are the wearer's mouth and directions
all around.
"""

# T frames, M microphones, F frequencies, Q places

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from importlib.resources import files

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from osmo.tasks.arrays import Array, array_of

VERSION = 1
FRAME_S = 0.1
LOW_HZ, HIGH_HZ = 200.0, 4000.0
"""The band of speech in which a head's width of delay is a matter of phase."""
TABLE_FRAMES = 1200
DEAD_DB = -95.0
WEAK_DB = 30.0
"""A microphone this much below the median of all is taken for dead."""
_CHUNK = 100
_FEWEST_ALIVE = 4

MICROPHONES = pa.schema(
    [
        pa.field("time_s", pa.float64(), nullable=False),
        pa.field("level_db", pa.list_(pa.float32()), nullable=False),
        pa.field("mouth", pa.float32()),
        pa.field("around", pa.float32()),
        pa.field("alike", pa.float32()),
    ]
)
"""One row per 0.1 s. level_db: of each microphone from 200 to 4000 Hz, dB of full scale. mouth, around: agreement of
the channels, 0–1, when steered to the mouth and to the best other place; null: the array is not known or hardly works.
alike: agreement when not steered at all; copies of one channel give 1."""

Samples = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

_ARRAYS_SHA = hashlib.sha256(files("osmo.tasks").joinpath("arrays.toml").read_bytes()).hexdigest()[:12]
REVISION = f"{VERSION}+{_ARRAYS_SHA}"


def microphone_tables(blocks: Iterator[tuple[float, Samples]], rate_hz: int) -> Iterator[pa.Table]:
    """Levels and agreement of several microphones, some minutes a table.

    Args:
        blocks: Seconds on the recording's clock and samples of shape (N, M), -1 to 1; sizes vary. A block that begins
            before the end of the one before is cut to what is new.
        rate_hz: Sample rate.

    Returns:
        Tables of `MICROPHONES`; time without sound has no rows.
    """
    size = round(FRAME_S * rate_hz)
    times: list[float] = []
    frames: list[Samples] = []
    for at_s, frame in _frames(blocks, size, rate_hz):
        times.append(at_s)
        frames.append(frame)
        if len(frames) == TABLE_FRAMES:
            yield _table(times, frames, rate_hz)
            times, frames = [], []
    if frames:
        yield _table(times, frames, rate_hz)


def _frames(blocks: Iterator[tuple[float, Samples]], size: int, rate_hz: int) -> Iterator[tuple[float, Samples]]:
    """Whole frames of shape (size, M) with their start; a gap of more than half a frame begins a new one."""
    held: Samples | None = None
    start_s = 0.0
    for at_s, block in blocks:
        if held is None or held.shape[1] != block.shape[1]:
            held, start_s = block[:0], at_s
        end_s = start_s + len(held) / rate_hz
        if at_s - end_s > FRAME_S / 2:
            held, start_s = block[:0], at_s
            end_s = at_s
        fresh = block[max(0, round((end_s - at_s) * rate_hz)) :] if at_s < end_s - 0.5 / rate_hz else block
        held = np.concatenate([held, fresh])
        while len(held) >= size:
            yield start_s, held[:size]
            held, start_s = held[size:], start_s + size / rate_hz


def _table(times: list[float], frames: list[Samples], rate_hz: int) -> pa.Table:
    parts = [_measured(np.stack(frames[i : i + _CHUNK]), rate_hz) for i in range(0, len(frames), _CHUNK)]
    level_TM, mouth_T, around_T, alike_T = (np.concatenate(column) for column in zip(*parts, strict=True))
    columns = [
        pa.array(times, pa.float64()),
        pa.array(list(level_TM.astype(np.float32)), MICROPHONES.field("level_db").type),
        *(pa.array(one.astype(np.float32), pa.float32(), from_pandas=True) for one in (mouth_T, around_T, alike_T)),
    ]
    return pa.Table.from_arrays(columns, schema=MICROPHONES)


def _measured(frames_TNM: Samples, rate_hz: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Levels of shape (T, M), and agreement at the mouth, around and unsteered, each of shape (T,)."""
    count = frames_TNM.shape[1]
    window = np.hanning(count)
    spectrum_TFM = np.fft.rfft(frames_TNM * window[np.newaxis, :, np.newaxis], axis=1)
    hz = np.fft.rfftfreq(count, 1 / rate_hz)
    band = (hz >= LOW_HZ) & (hz <= HIGH_HZ)
    spectrum_TFM = spectrum_TFM[:, band]
    power_TM = 2 * (np.abs(spectrum_TFM) ** 2).sum(axis=1) / (count * (window**2).sum())
    level_TM = 10 * np.log10(power_TM + 1e-12)
    alive_TM = (level_TM > DEAD_DB) & (level_TM > np.median(level_TM, axis=1, keepdims=True) - WEAK_DB)
    phase_TFM = spectrum_TFM / (np.abs(spectrum_TFM) + 1e-12) * alive_TM[:, np.newaxis]
    alive_T = alive_TM.sum(axis=1)
    enough_T = alive_T >= min(_FEWEST_ALIVE, level_TM.shape[1])
    alike_T = np.where(enough_T, _agreement(phase_TFM.sum(axis=2), alive_T), np.nan)
    array = array_of(level_TM.shape[1])
    if array is None:
        unknown = np.full(len(level_TM), np.nan)
        return level_TM, unknown, unknown, alike_T
    steered_TQ = np.empty((len(level_TM), len(array.places)))
    for place, steering_FM in enumerate(_steering(array.name, level_TM.shape[1], tuple(hz[band]))):
        steered_TQ[:, place] = _agreement((phase_TFM * steering_FM).sum(axis=2), alive_T)
    steered_TQ[~enough_T] = np.nan
    return level_TM, steered_TQ[:, 0], steered_TQ[:, 1:].max(axis=1), alike_T


def _agreement(summed_TF: npt.NDArray[np.complex128], alive_T: npt.NDArray[np.int64]) -> Floats:
    """Power of the summed phases over that of channels that agree wholly: 1 / M for noise, 1 for one source."""
    return np.asarray((np.abs(summed_TF) ** 2).mean(axis=1) / np.maximum(alive_T, 1) ** 2)


@functools.lru_cache(maxsize=4)
def _steering(_name: str, channels: int, hz: tuple[float, ...]) -> npt.NDArray[np.complex128]:
    """Phases that undo the way from each place to each microphone, shape (Q, F, M)."""
    array = array_of(channels)
    assert isinstance(array, Array)
    turns_QFM = array.delays_s()[:, np.newaxis, :] * np.array(hz)[np.newaxis, :, np.newaxis]
    return np.asarray(np.exp(2j * np.pi * turns_QFM))
