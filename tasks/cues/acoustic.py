"""Acoustic cue: loudness, pitch and share of voiced sound, against the same recording's earlier sound.

Pitch is Praat's autocorrelation method (Boersma 1993) in its standard range of 75–500 Hz. Voices are not told
apart.
"""

from __future__ import annotations

import wave
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import parselmouth

from osmo.storage.media import Media
from osmo.tasks.cues.description import Description, phrases_sha
from osmo.tasks.cues.extractor import Cue, MediaKind, MediaUndecodableError, Modality, Span

VERSION = 1
RATE_HZ = 16_000
BASELINE_S = 60.0
FLOOR_HZ, CEILING_HZ, STEP_S = 75.0, 500.0, 0.01
WINDOW_S = 0.04  # three periods of the floor
SHORTEST_S = 0.1
"""Praat needs at least three periods of the floor within its window."""
SHORTEST_VOICED_S = 0.5
"""Less voiced sound than this is no baseline."""
SILENCE_DB = -100.0


@dataclass(frozen=True)
class Voice:
    """What was measured of a stretch of sound.

    Attributes:
        share: Voiced frames of all, 0–1.
        voiced_s: Seconds of voiced sound.
        level_db: RMS over the voiced parts, dB of full scale.
        pitch_hz: Median; NaN where nothing is voiced.
        range_st: From the 10th to the 90th percentile, semitones; NaN where nothing is voiced.
    """

    share: float
    voiced_s: float
    level_db: float
    pitch_hz: float
    range_st: float


def measure_voice(samples: npt.NDArray[np.float32]) -> Voice | None:
    """Level and pitch of the voiced parts of 16 kHz mono sound of shape (N,); null when shorter than 0.1 s."""
    if samples.size < SHORTEST_S * RATE_HZ:
        return None
    sound = parselmouth.Sound(samples.astype(np.float64), RATE_HZ)
    pitch = sound.to_pitch(time_step=STEP_S, pitch_floor=FLOOR_HZ, pitch_ceiling=CEILING_HZ)
    hz = np.asarray(pitch.selected_array["frequency"], dtype=np.float64)
    voiced = hz > 0
    if not voiced.any():
        return Voice(0.0, 0.0, SILENCE_DB, float("nan"), float("nan"))
    energy = np.concatenate([[0.0], np.cumsum(samples.astype(np.float64) ** 2)])
    centres = np.asarray(pitch.xs())[voiced] * RATE_HZ
    half = round(WINDOW_S * RATE_HZ / 2)
    first = np.clip(np.rint(centres).astype(int) - half, 0, samples.size)
    last = np.clip(np.rint(centres).astype(int) + half, 0, samples.size)
    mean_square = float((energy[last] - energy[first]).sum() / max(1, (last - first).sum()))
    level = 10 * np.log10(max(mean_square, 10 ** (SILENCE_DB / 10)))
    low, median, high = np.percentile(hz[voiced], [10, 50, 90])
    return Voice(float(voiced.mean()), float(voiced.sum() * STEP_S), level, float(median), float(_semitones(low, high)))


class Acoustic:
    """The extractor of acoustic cues."""

    name = "acoustic"
    modality: Modality = "acoustic"
    kind: MediaKind = "audio"

    @property
    def revision(self) -> str:
        """Code version, Praat's version and phrases."""
        return f"{VERSION}+praat-{parselmouth.PRAAT_VERSION}+{phrases_sha()}"

    def extract(self, spans: Sequence[Span], media: Media) -> list[Cue]:
        """One cue per span, in order.

        Raises:
            MediaUndecodableError: The cached sound is no readable WAV file.
        """
        return [self._cue(span, media) for span in spans]

    def _cue(self, span: Span, media: Media) -> Cue:
        if not media.has(span.recording_id, self.kind):
            return Cue.absent("recording has no sound")
        voice = _voice(span.recording_id, span.start_s, span.end_s, media)
        if voice is None:
            return Cue.absent("recording has no sound within the event's times")
        baseline_start_s = max(0.0, span.start_s - BASELINE_S)
        before = _voice(span.recording_id, baseline_start_s, span.start_s, media)
        if before is not None and before.voiced_s < SHORTEST_VOICED_S:
            before = None
        return _describe(span.language, voice, before, span.start_s - baseline_start_s)


def _describe(language: str | None, voice: Voice, before: Voice | None, baseline_s: float) -> Cue:
    """Say of the event's sound only what was measured, and of the baseline only where there is one."""
    said = Description("acoustic", language)
    said.measure("voiced_share", voice.share * 100, "%")
    if not voice.voiced_s:
        said.say("unvoiced")
        return said.cue(confidence=1.0 if before else 0.5)
    said.measure("level", voice.level_db, "dBFS", digits=1)
    said.say("voiced")
    if before:
        said.measure("baseline", baseline_s, "s", digits=1)
        change = said.measure("level_change", voice.level_db - before.level_db, "dB", digits=1)
        said.say("louder" if change >= 0 else "quieter")
    else:
        said.say("no_baseline")
    said.measure("pitch", voice.pitch_hz, "Hz")
    said.measure("pitch_range", voice.range_st, "semitones", digits=1)
    said.say("pitch")
    if before:
        change = said.measure("pitch_change", _semitones(before.pitch_hz, voice.pitch_hz), "semitones", digits=1)
        said.say("higher" if change >= 0 else "lower")
    return said.cue(confidence=1.0 if before else 0.5)


def _voice(recording_id: str, start_s: float, end_s: float, media: Media) -> Voice | None:
    try:
        samples = media.audio(recording_id, start_s, end_s)
    except (wave.Error, EOFError, ValueError) as error:
        where = str((media.row(recording_id, "audio") or {}).get("uri"))
        raise MediaUndecodableError(where, str(error) or type(error).__name__) from error
    return None if samples is None else measure_voice(samples)


def _semitones(low_hz: float, high_hz: float) -> float:
    return float(12 * np.log2(high_hz / low_hz))


def create_extractor() -> Acoustic:
    """The extractor of this file."""
    return Acoustic()
