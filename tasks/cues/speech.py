"""Whose sound an acoustic cue is of, when they talk and pause, and what their voice is like stretch by stretch."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

FRAME_S = 0.01
STRETCH_FRAMES = 200
"""Talking is measured in stretches of 2 s."""
LEAST_VOICED_FRAMES = 40
"""A stretch of the baseline has at least 0.4 s of voice."""
PAUSE_FRAMES, LONGEST_PAUSE_FRAMES = 25, 300
"""A shorter silence is no pause (Goldman-Eisler 1968: 0.25 s); after 3 s nobody is talking any more."""
QUIET_DB, ABOVE_NOISE_DB, LEAST_DROP_DB = 25.0, 6.0, 10.0
"""A frame without pitch is silent 25 dB below the loud voice (de Jong and Wempe 2009), or within 6 dB of the
background, but never less than 10 dB below the loud voice: where the background is louder, pauses cannot be told."""

Scope = Literal["wearer", "unknown", "anyone"]
"""Whose sound: the wearer's; of speakers who are not told apart; all sound, for nobody's speech is marked."""

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Frames:
    """Columns of an acoustic track, each of shape (N,); NaN where null."""

    time_s: Floats
    level_db: Floats
    pitch_hz: Floats
    harmonicity_db: Floats
    nucleus: Mask
    speaker: npt.NDArray[np.str_]

    @classmethod
    def of(cls, track: pa.Table) -> Frames:
        """The columns of an acoustic track."""

        def numbers(name: str) -> Floats:
            return track[name].to_numpy().astype(np.float64)

        who = track["speaker"].combine_chunks()
        assert isinstance(who, pa.DictionaryArray), "an acoustic track codes its speakers"
        return cls(
            numbers("time_s"),
            numbers("level_db"),
            numbers("pitch_hz"),
            numbers("harmonicity_db"),
            track["nucleus"].to_numpy().astype(np.bool_),
            np.array(who.dictionary.to_pylist(), np.str_)[who.indices.to_numpy()],
        )

    def __len__(self) -> int:
        return self.time_s.size

    def where(self, which: Mask | slice) -> Frames:
        """Some of the frames."""
        return Frames(*(getattr(self, name)[which] for name in self.__dataclass_fields__))

    @property
    def voiced(self) -> Mask:
        """Whether a frame has a pitch."""
        return np.isfinite(self.pitch_hz)


@dataclass(frozen=True)
class Talk:
    """When those of a scope talk.

    Attributes:
        talking: Per frame, whether it belongs to their speech and to no silence of 0.25 s or more.
        pauses_s: Their silences of 0.25 to 3 s between their words, seconds each; null where the background hides them.
    """

    talking: Mask
    pauses_s: tuple[float, ...] | None

    @property
    def pause_share(self) -> float:
        """Share of pauses in talking and pauses together, 0–1; 0 where nobody talks."""
        paused_s = sum(self.pauses_s or ())
        return paused_s / max(FRAME_S, paused_s + float(self.talking.sum()) * FRAME_S)


def scope_of(event: Frames) -> Scope:
    """Whose sound to measure: the wearer's, else that of unknown speakers, else all."""
    if (event.speaker == "wearer").any():
        return "wearer"
    return "unknown" if (event.speaker == "unknown").any() else "anyone"


def talk(frames: Frames, scope: Scope, background_db: float) -> Talk:
    """When those of a scope talk; of `anyone` only voiced frames are known to be somebody's.

    Args:
        frames: Consecutive frames.
        scope: Whose.
        background_db: Level of the background.
    """
    if scope == "anyone":
        return Talk(frames.voiced, None)
    theirs = frames.speaker == scope
    voiced = theirs & frames.voiced
    if not voiced.any():
        return Talk(np.zeros(len(frames), np.bool_), None)
    loud_db = float(np.percentile(frames.level_db[voiced], 95))
    limit_db = max(loud_db - QUIET_DB, background_db + ABOVE_NOISE_DB)
    if limit_db > loud_db - LEAST_DROP_DB:
        return Talk(theirs, None)
    sounds = theirs & (frames.voiced | (frames.level_db >= limit_db))
    talking = theirs.copy()
    pauses_s: list[float] = []
    first, last = np.flatnonzero(sounds)[[0, -1]]
    for start, end in runs(~sounds):
        if end - start < PAUSE_FRAMES:
            continue
        talking[start:end] = False
        between = start > first and end <= last and end - start <= LONGEST_PAUSE_FRAMES
        if between and np.isin(frames.speaker[start:end], (scope, "none")).all():
            pauses_s.append(float(end - start) * FRAME_S)
    return Talk(talking, tuple(pauses_s))


def background(frames: Frames) -> float:
    """Level of the background: the 5th percentile of the frames without pitch; -inf where there is none."""
    quiet = frames.level_db[~frames.voiced]
    return float(np.percentile(quiet, 5)) if quiet.size else float("-inf")


@dataclass(frozen=True)
class Voice:
    """What a stretch of talking is like; NaN where it cannot be told.

    Attributes:
        voiced_s: Seconds with a pitch.
        level_db: Mean power of the voiced frames, dB of full scale.
        pitch_st: Median pitch, semitones above 1 Hz.
        pitch_range_st: From the 10th to the 90th percentile of the pitch, semitones.
        rate_per_s: Syllable nuclei a second.
        harmonicity_db: Median harmonics-to-noise ratio.
    """

    voiced_s: float
    level_db: float
    pitch_st: float
    pitch_range_st: float
    rate_per_s: float
    harmonicity_db: float


def voices(talking: Frames, *, whole_only: bool) -> list[Voice]:
    """Voices of the 2 s stretches of talking that have 0.4 s of voice, in order.

    Args:
        talking: The frames that are talking, one after the other.
        whole_only: Whether a rest shorter than 2 s is left out, as of a baseline; else the frames are cut into equal
            stretches of at least 2 s, or one shorter one.
    """
    whole = len(talking) // STRETCH_FRAMES
    if whole_only:
        talking, pieces = talking.where(slice(len(talking) - whole * STRETCH_FRAMES, None)), whole
    else:
        pieces = max(1, whole)
    if not pieces or not len(talking):
        return []
    edges = np.linspace(0, len(talking), pieces + 1).round().astype(int)
    found = [voice(talking.where(slice(a, b))) for a, b in itertools.pairwise(edges)]
    enough = LEAST_VOICED_FRAMES * FRAME_S if whole_only or pieces > 1 else 0.0
    return [one for one in found if one is not None and one.voiced_s >= enough]


def voice(frames: Frames) -> Voice | None:
    """What one stretch is like; null where nothing in it is voiced."""
    voiced = frames.voiced
    if not voiced.any():
        return None
    semitones = 12 * np.log2(frames.pitch_hz[voiced])
    low, pitch_st, high = np.percentile(semitones, [10, 50, 90])
    return Voice(
        float(voiced.sum() * FRAME_S),
        float(10 * np.log10(np.mean(10 ** (frames.level_db[voiced] / 10)))),
        float(pitch_st),
        float(high - low),
        float(frames.nucleus.sum() / (len(frames) * FRAME_S)),
        float(np.median(frames.harmonicity_db[voiced])),
    )


def runs(holds: Mask) -> Iterator[tuple[int, int]]:
    """First and last-plus-one index of each run of true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], holds, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
