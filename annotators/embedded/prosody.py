"""Voter: how the segment sounds against the recording's own earlier speech.

Loudness, pitch and rate tell how aroused a voice is, not which emotion it has: anger, fear, joy and surprise are all
loud, high and fast (Banse and Scherer, 1996; Juslin and Laukka, 2003). So it votes only where one label is left: a
voice that is quieter, lower or flatter, and slower than before is sad; one that is like before is neutral. An aroused
voice is an abstention that says so.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import parselmouth
from pydantic import JsonValue

from osmo.annotators.embedded.decision import abstain
from osmo.annotators.embedded.sound import PARAMETERS, Speech, Tracks, measure_speech
from osmo.annotators.voter import Ballot, Sees, Utterance
from osmo.schemas.endpoints import NO_MODELS, Models
from osmo.schemas.keys import fingerprint
from osmo.storage.media import Media

NAME = "prosody"
CODE_VERSION = 1

BASELINE_S = 60.0
"""Sound before the segment that it is held against."""

WINDOW_S = 2.0
"""Length of the stretches that the baseline is measured in."""

MIN_WINDOWS = 4
"""Voiced stretches below which there is nothing to compare with."""

MIN_VOICED_S = 0.4
"""Voiced sound below which a segment cannot be judged."""

MIN_SPREAD = (1.5, 1.0, 2.0, 0.8)
"""Least spread of the baseline in loudness (dB), pitch and pitch range (semitones), rate (1/s)."""

STRONG = 1.0
"""Spreads from the baseline's median at which a measure is said to differ."""

LIKE_BEFORE = 1.0
"""Spreads within which every measure must lie for a voice to be as it was."""

_MEASURES = ("loudness_db", "pitch_st", "pitch_range_st", "rate_hz")


class ProsodyVoter:
    """Says sadness or neutral where the voice implies it, by the recording's own earlier speech."""

    name: str = NAME
    prompt_sha: str | None = None
    sees: Sees = "audio"

    def __init__(self) -> None:
        self._tracks = Tracks()

    @property
    def revision(self) -> str:
        """Hash of the thresholds, Praat's version and the code's version."""
        parameters: dict[str, JsonValue] = {
            **PARAMETERS,
            "praat": parselmouth.PRAAT_VERSION,
            "baseline_s": BASELINE_S,
            "window_s": WINDOW_S,
            "min_windows": MIN_WINDOWS,
            "min_voiced_s": MIN_VOICED_S,
            "min_spread": list(MIN_SPREAD),
            "strong": STRONG,
            "like_before": LIKE_BEFORE,
        }
        return fingerprint(NAME, CODE_VERSION, parameters)

    def vote(self, utterances: Sequence[Utterance], media: Media) -> list[Ballot]:
        """One ballot per utterance, in order; each recording's sound is measured once, in order of time."""
        order = sorted(range(len(utterances)), key=lambda i: (utterances[i].recording_id, utterances[i].start_s))
        ballots = {i: self._ballot(utterances[i], media) for i in order}
        return [ballots[i] for i in range(len(utterances))]

    def _ballot(self, utterance: Utterance, media: Media) -> Ballot:
        frames = self._tracks.frames(media, utterance.recording_id, utterance.start_s, utterance.end_s)
        if frames is None:
            return abstain("no_audio: the recording has no sound")
        here = measure_speech(frames) if len(frames) else None
        if here is None or here.voiced_s < MIN_VOICED_S:
            voiced_s = 0.0 if here is None else here.voiced_s
            return abstain(f"no_voice: {voiced_s:.2f} s voiced, at least {MIN_VOICED_S} s are needed")
        before = self._before(utterance, media)
        if len(before) < MIN_WINDOWS:
            return abstain(f"no_baseline: {len(before)} stretches of earlier speech, at least {MIN_WINDOWS} are needed")
        return _decide(_deviations(here, before), _describe(here))

    def _before(self, utterance: Utterance, media: Media) -> list[Speech]:
        """The voiced stretches of the sound before a segment."""
        start_s = max(0.0, utterance.start_s - BASELINE_S)
        frames = self._tracks.frames(media, utterance.recording_id, start_s, utterance.start_s)
        if frames is None or not len(frames):
            return []
        size = round(WINDOW_S * 100)
        stretches = (measure_speech(frames[i : i + size]) for i in range(0, len(frames) - size + 1, size))
        return [speech for speech in stretches if speech is not None and speech.voiced_s >= MIN_VOICED_S]


def create_voter(_models: Models = NO_MODELS) -> ProsodyVoter:
    """The voter."""
    return ProsodyVoter()


def _deviations(here: Speech, before: Sequence[Speech]) -> tuple[float, ...]:
    """Each measure's distance from the baseline's median, in spreads (1.4826 × median absolute deviation)."""
    deviations = []
    for name, least in zip(_MEASURES, MIN_SPREAD, strict=True):
        values = np.array([getattr(speech, name) for speech in before])
        middle = float(np.median(values))
        spread = max(least, 1.4826 * float(np.median(np.abs(values - middle))))
        deviations.append((getattr(here, name) - middle) / spread)
    return tuple(deviations)


def _decide(deviations: tuple[float, ...], measured: str) -> Ballot:
    loudness, pitch, pitch_range, rate = deviations
    named = zip(("loudness", "pitch", "range", "rate"), deviations, strict=True)
    raw = f"{measured}; against earlier speech " + ", ".join(f"{name} {value:+.1f}" for name, value in named)
    largest = max(map(abs, deviations))
    if loudness <= -STRONG and rate <= -STRONG / 2 and min(pitch, pitch_range) <= -STRONG and pitch < STRONG / 2:
        return Ballot("sadness", None, raw, f"{NAME}/quiet-slow-low", confidence=round(min(0.6, 0.2 * -loudness), 4))
    if largest <= LIKE_BEFORE:
        return Ballot("neutral", None, raw, f"{NAME}/like-before", confidence=round(0.6 - 0.3 * largest, 4))
    if loudness >= STRONG and max(pitch, pitch_range, rate) >= STRONG:
        return abstain("aroused: anger, fear, joy and surprise sound alike", raw)
    return abstain("unclear: differs from earlier speech without implying one label", raw)


def _describe(speech: Speech) -> str:
    return (
        f"{speech.loudness_db:.1f} dB, {speech.pitch_st:+.1f} st, range {speech.pitch_range_st:.1f} st, "
        f"{speech.rate_hz:.1f} syllables/s"
    )
