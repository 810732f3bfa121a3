"""Acoustic cue: the wearer's voice during an event against their own earlier speech in the recording.

Loudness, pitch and its range, syllable rate and voice quality are medians over stretches of 2 s, of the event as of the
speech in the ten minutes before it, never of what comes later. A difference is said where it is at least twice the
spread of the earlier stretches. Pauses are counted. Where no speech is known to be the wearer's, that is said.
"""

from __future__ import annotations

import wave
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import parselmouth

from osmo.storage.media import Media
from osmo.tasks.cues.compared import Compared
from osmo.tasks.cues.description import Description, phrases_sha
from osmo.tasks.cues.extractor import Cue, MediaKind, MediaUndecodableError, Modality, Span
from osmo.tasks.cues.speech import (
    FRAME_S,
    STRETCH_FRAMES,
    Frames,
    Scope,
    Talk,
    Voice,
    background,
    runs,
    scope_of,
    talk,
    voices,
)
from osmo.tasks.cues.usual import FEWEST_STRETCHES
from osmo.tasks.cues.voice_quality import perturbation

VERSION = 2
BASELINE_S = 600.0
"""How far back earlier speech is looked for."""
FULL_BASELINE_S = 30.0
"""Earlier speech with which the baseline counts in full."""
SURE = {"wearer": 1.0, "unknown": 0.7, "anyone": 0.5}
"""Confidence by whose sound was measured."""
LEAST_VOICED_S = 1.0
"""Jitter and shimmer are told of an event with at least so much voice."""
LEAST_HARMONICITY_DB = 5.0
"""In a noisier voice they would be those of the noise."""
QUALITY_PIECES, LEAST_PIECE_FRAMES = 15, 30
"""They are measured of the last fifteen pieces of 0.3 to 2 s of uninterrupted talking."""

LEAST_SPREAD = {
    "level": 1.0, "pitch": 0.75, "pitch_range": 1.0, "rate": 0.5, "harmonicity": 1.0, "jitter": 0.3, "shimmer": 1.0,
}  # fmt: skip
"""Spread, in the measure's unit, below which differences between stretches are hardly heard."""


class Acoustic:
    """The extractor of acoustic cues."""

    name = "acoustic"
    modality: Modality = "acoustic"
    kind: MediaKind = "acoustic_track"

    @property
    def revision(self) -> str:
        """Code version, Praat's version and phrases."""
        return f"{VERSION}+praat-{parselmouth.PRAAT_VERSION}+{phrases_sha('acoustic')}"

    def extract(self, spans: Sequence[Span], media: Media) -> list[Cue]:
        """One cue per span, in order.

        Raises:
            MediaUndecodableError: The cached sound is no readable WAV file.
            MediaDamagedError: The track fails its checksums.
        """
        return [self._cue(span, media) for span in spans]

    def _cue(self, span: Span, media: Media) -> Cue:
        if not media.has(span.recording_id, "audio"):
            return Cue.absent("recording has no sound")
        track = media.track(span.recording_id, self.kind, span.start_s - BASELINE_S, span.end_s)
        if track is None:
            return Cue.absent("the recording's sound has not been measured")
        frames = Frames.of(track)
        here, before = frames.where(frames.time_s >= span.start_s), frames.where(frames.time_s < span.start_s)
        if not len(here):
            return Cue.absent("recording has no sound within the event's times")
        return _describe(span, here, before, media)


def _describe(span: Span, here: Frames, before: Frames, media: Media) -> Cue:
    """Say of the event's sound only what was measured, and of earlier speech only where there is enough."""
    scope = scope_of(here)
    quiet_db = background(before.where(slice(-round(60 / FRAME_S), None)) if len(before) else here)
    heard, heard_before = talk(here, scope, quiet_db), talk(before, scope, quiet_db)
    talking, talking_before = here.where(heard.talking), before.where(heard_before.talking)
    said = Description("acoustic", span.language)
    speech_s = said.measure("speech", len(talking) * FRAME_S, "s", digits=1)
    said.say(f"{scope}_speaks" if speech_s else f"{scope}_silent")
    stretches, earlier = voices(talking, whole_only=False), voices(talking_before, whole_only=True)
    if not stretches:
        if speech_s:
            said.say("unvoiced")
        return said.cue(confidence=0.5 * SURE[scope])
    voiced_s = said.measure("voiced", sum(one.voiced_s for one in stretches), "s", digits=1)
    baseline_s = len(earlier) * STRETCH_FRAMES * FRAME_S if len(earlier) >= FEWEST_STRETCHES else 0.0
    if baseline_s:
        said.measure("baseline", baseline_s, "s", digits=1)
    said.say(f"{scope}_baseline" if baseline_s else "no_baseline")
    for measure in _measures(scope, stretches, earlier):
        measure.say(said)
    if scope != "anyone":
        _say_pauses(said, heard, heard_before)
    if scope != "anyone" and voiced_s >= LEAST_VOICED_S:
        back = before if baseline_s else before.where(slice(0, 0))
        for measure in _quality(span.recording_id, (here, back), (heard, talk(back, scope, quiet_db)), media):
            measure.say(said)
    share = 0.5 + 0.5 * min(1.0, baseline_s / FULL_BASELINE_S)
    return said.cue(confidence=round(SURE[scope] * share, 2))


def _measures(scope: Scope, here: Sequence[Voice], before: Sequence[Voice]) -> list[Compared]:
    def compared(name: str, of: Callable[[Voice], float], unit: str, **more: Any) -> Compared:
        return Compared(name, unit, LEAST_SPREAD[name], [of(one) for one in here], [of(one) for one in before], **more)

    found = [
        compared("level", lambda one: one.level_db, "dBFS", change_unit="dB"),
        compared("pitch", lambda one: one.pitch_st, "Hz", digits=0, shown=_hz, change_unit="semitones"),
        compared("pitch_range", lambda one: one.pitch_range_st, "semitones"),
        compared("harmonicity", lambda one: one.harmonicity_db, "dB"),
    ]
    if scope != "anyone":
        found.insert(3, compared("rate", lambda one: one.rate_per_s, "syllables/s"))
    return found


def _say_pauses(said: Description, here: Talk, before: Talk) -> None:
    if here.pauses_s is None:
        said.say("pauses_hidden")
        return
    said.measure("pauses", len(here.pauses_s), "pauses")
    if not here.pauses_s:
        said.say("no_pauses")
    else:
        said.measure("pause_share", 100 * here.pause_share, "%")
        said.measure("longest_pause", max(here.pauses_s), "s", digits=1)
        said.say("pauses")
    if before.pauses_s is not None and before.talking.sum() >= FEWEST_STRETCHES * STRETCH_FRAMES:
        said.measure("pause_share_before", 100 * before.pause_share, "%")
        said.say("pauses_before")


def _quality(recording_id: str, frames: Sequence[Frames], talks: Sequence[Talk], media: Media) -> list[Compared]:
    """Jitter and shimmer of event and earlier speech, where the voice stands out from the background."""
    voiced = frames[0].where(talks[0].talking & frames[0].voiced)
    if np.median(voiced.harmonicity_db) < LEAST_HARMONICITY_DB:
        return []
    here, before = (
        perturbation([_sound(recording_id, start_s, end_s, media) for start_s, end_s in _pieces(of, told)])
        for of, told in zip(frames, talks, strict=True)
    )
    return [
        Compared(
            name, "%", LEAST_SPREAD[name], [getattr(one, name) for one in here], [getattr(o, name) for o in before]
        )
        for name in ("jitter", "shimmer")
    ]


def _pieces(frames: Frames, talk: Talk) -> list[tuple[float, float]]:
    """Times of uninterrupted talking in pieces of 0.3 to 2 s: the last fifteen."""
    pieces = []
    for first, end in runs(talk.talking):
        starts = range(first, end, STRETCH_FRAMES)
        pieces += [(start, min(start + STRETCH_FRAMES, end)) for start in starts]
    pieces = [(a, b) for a, b in pieces if b - a >= LEAST_PIECE_FRAMES][-QUALITY_PIECES:]
    return [(float(frames.time_s[a]), float(frames.time_s[b - 1]) + FRAME_S) for a, b in pieces]


def _sound(recording_id: str, start_s: float, end_s: float, media: Media) -> npt.NDArray[np.float32]:
    try:
        sound = media.audio(recording_id, start_s, end_s)
    except (wave.Error, EOFError, ValueError) as error:
        where = str((media.row(recording_id, "audio") or {}).get("uri"))
        raise MediaUndecodableError(where, str(error) or type(error).__name__) from error
    assert sound is not None, "a recording with a track of its sound has sound"
    return sound


def _hz(semitones: float) -> float:
    return float(2 ** (semitones / 12))


def create_extractor() -> Acoustic:
    """The extractor of this file."""
    return Acoustic()
