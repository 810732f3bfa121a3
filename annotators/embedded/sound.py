"""Loudness, pitch and syllable rate of speech, measured in whole blocks of a recording that are measured once."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import parselmouth

from osmo.storage.media import Media

RATE_HZ = 16_000
HOP_S = 0.01
BLOCK_S = 20.0
PITCH_FLOOR_HZ = 75.0
PITCH_CEILING_HZ = 500.0

PEAK_DIP_DB = 2.0
"""Fall of intensity between two syllable nuclei (de Jong and Wempe, 2009)."""

PARAMETERS = {
    "hop_s": HOP_S, "block_s": BLOCK_S, "pitch_floor_hz": PITCH_FLOOR_HZ, "pitch_ceiling_hz": PITCH_CEILING_HZ,
    "peak_dip_db": PEAK_DIP_DB,
}  # fmt: skip

_BLOCKS_KEPT = 512

Frames = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Speech:
    """What was measured of a stretch of sound, over its voiced frames.

    Attributes:
        voiced_s: Seconds with a pitch.
        loudness_db: Mean level, dB relative to full scale.
        pitch_st: Median pitch, semitones above 100 Hz.
        pitch_range_st: 10th to 90th percentile of pitch, semitones.
        rate_hz: Syllable nuclei per second of the stretch.
    """

    voiced_s: float
    loudness_db: float
    pitch_st: float
    pitch_range_st: float
    rate_hz: float


class Tracks:
    """Level and pitch every 10 ms, by block; the blocks last used are kept."""

    def __init__(self) -> None:
        self._blocks: OrderedDict[tuple[str, str, int], Frames] = OrderedDict()

    def frames(self, media: Media, recording_id: str, start_s: float, end_s: float) -> Frames | None:
        """Level and pitch of a stretch.

        Returns:
            Shape (N, 2): level in dB relative to full scale, pitch in Hz (0: unvoiced); null: the recording has no
            sound.
        """
        row = media.row(recording_id, "audio")
        if row is None or not media.has(recording_id, "audio"):
            return None
        start_s = max(0.0, start_s)
        first, last = int(start_s // BLOCK_S), int(max(start_s, end_s - HOP_S) // BLOCK_S)
        blocks = [self._block(media, recording_id, str(row["sha256"]), number) for number in range(first, last + 1)]
        frames = np.concatenate(blocks)
        offset = round((start_s - first * BLOCK_S) / HOP_S)
        return frames[offset : offset + max(0, round((end_s - start_s) / HOP_S))]

    def _block(self, media: Media, recording_id: str, sha256: str, number: int) -> Frames:
        key = (recording_id, sha256, number)
        found = self._blocks.get(key)
        if found is None:
            sound = media.audio(recording_id, number * BLOCK_S, (number + 1) * BLOCK_S)
            assert sound is not None, "the handle said that there is sound"
            found = self._blocks[key] = measure_frames(sound)
            if len(self._blocks) > _BLOCKS_KEPT:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(key)
        return found


def measure_frames(sound: npt.NDArray[np.float32]) -> Frames:
    """Level and pitch every 10 ms of up to one block of sound.

    Args:
        sound: Mono, 16 kHz, -1 to 1, shape (S,).

    Returns:
        Shape (N, 2), N = S / 160 rounded down: level in dB relative to full scale, pitch in Hz (0: unvoiced).
    """
    hop = round(HOP_S * RATE_HZ)
    count = len(sound) // hop
    power = np.square(sound[: count * hop].astype(np.float64)).reshape(count, hop).mean(axis=1)
    smooth = np.convolve(power, np.full(5, 0.2), mode="same") if count >= 5 else power
    frames = np.zeros((count, 2))
    frames[:, 0] = 10.0 * np.log10(smooth + 1e-10)
    if len(sound) >= RATE_HZ * 4 / PITCH_FLOOR_HZ:  # Praat wants three periods of the floor, and some
        praat = parselmouth.Sound(sound.astype(np.float64), RATE_HZ)
        pitch = praat.to_pitch(time_step=HOP_S, pitch_floor=PITCH_FLOOR_HZ, pitch_ceiling=PITCH_CEILING_HZ)
        places = np.minimum((pitch.xs() / HOP_S).astype(np.int64), count - 1)
        frames[places, 1] = pitch.selected_array["frequency"]
    return frames


def measure_speech(frames: Frames) -> Speech | None:
    """Loudness, pitch and rate of a stretch; null: nothing voiced in it."""
    level, pitch = frames[:, 0], frames[:, 1]
    voiced = pitch > 0
    if not voiced.any():
        return None
    semitones = 12.0 * np.log2(pitch[voiced] / 100.0)
    low, median, high = np.percentile(semitones, [10, 50, 90])
    loudness = 10.0 * np.log10(np.mean(10.0 ** (level[voiced] / 10.0)))
    return Speech(
        voiced_s=float(voiced.sum() * HOP_S),
        loudness_db=float(loudness),
        pitch_st=float(median),
        pitch_range_st=float(high - low),
        rate_hz=_nuclei(level, voiced) / (len(frames) * HOP_S),
    )


def _nuclei(level: Frames, voiced: npt.NDArray[np.bool_]) -> int:
    """Voiced intensity peaks, each parted from the one before by a dip of at least `PEAK_DIP_DB`."""
    count, rising = 0, True
    extreme = level[0]
    for value, has_pitch in zip(level.tolist(), voiced.tolist(), strict=True):
        if rising:
            extreme = max(extreme, value)
            if extreme - value >= PEAK_DIP_DB:
                rising, extreme = False, value
        else:
            extreme = min(extreme, value)
            if value - extreme >= PEAK_DIP_DB and has_pitch:
                count, rising, extreme = count + 1, True, value
    return count + int(count == 0)
