"""Tells the wearer's voice from others' by levels of and delays between the microphones of the glasses.

The mouth is near and does not move: its sound is louder at the microphones below the eyes than at the temples, and
reaches each of them after the same time. Other people are far: they are about equally loud everywhere, and their delays
are those of a direction. Weights were fitted on simulated rooms: `benchmarks/own_voice.py`.
"""

from __future__ import annotations

import functools
import hashlib
import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from osmo.storage.media import Media
from osmo.tasks.arrays import array_of
from osmo.tasks.microphones import pairs_of

VERSION = 2
KIND = "microphones"
FEWEST_FRAMES = 3
NEAR_US = 45.0
"""A pair agrees with a place where its delay differs by less."""
ACTIVE_DB = 15.0
"""Frames so far below the loudest of a segment are pauses."""
DEAD_DB = 35.0
"""A microphone so far below the loudest is dead: no distance and no head between them makes that much."""
FEWEST_MICROPHONES = 4
AGREEING = 0.4
"""Where a smaller share of the pairs agrees on any place, wind or noise covers what is said."""
_WEIGHTS = files("osmo.tasks").joinpath("own_voice.toml")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Opinion:
    """Who speaks in a stretch.

    Attributes:
        speaker: wearer, other or unknown.
        confidence: Probability of that speaker, 0.5–1; null: unknown.
        reason: Why it is unknown; null: it is not.
    """

    speaker: str
    confidence: float | None
    reason: str | None


@dataclass(frozen=True)
class Voice:
    """What is measured of a stretch.

    Attributes:
        mouth: Share of the pairs, by their strength, whose delays are the mouth's, 0–1.
        around: The same for the best of other directions.
        nearness: Slope of the levels over those that a source at the mouth would give: 1 there, about 0 far away.
    """

    mouth: float
    around: float
    nearness: float


def revision() -> str:
    """What an opinion depends on beside the track: code version, array and weights."""
    arrays = files("osmo.tasks").joinpath("arrays.toml").read_bytes()
    return f"{VERSION}+{hashlib.sha256(arrays + _WEIGHTS.read_bytes()).hexdigest()[:16]}"


def opinions(
    media: Media, recording_id: str, spans: Sequence[tuple[float, float]], *, least_confidence: float
) -> list[Opinion]:
    """Who speaks in each stretch of a recording.

    Args:
        media: Where its track of microphones lies.
        recording_id: The recording.
        spans: Start and end in seconds of the recording.
        least_confidence: Below it the speaker stays unknown.

    Raises:
        MediaDamagedError: The track fails its checksums.
    """
    track = media.track(recording_id, KIND)
    if track is None:
        return [_unknown("the recording has one microphone") for _ in spans]
    times = track["time_s"].to_numpy()
    return [opinion_of(measured(_within(track, times, *span)), least_confidence) for span in spans]


def measured(frames: pa.Table) -> Voice | str:
    """What frames of a stretch tell, or why they tell nothing.

    Args:
        frames: Rows of `MICROPHONES`.
    """
    rows = [row for row in frames.to_pylist() if row["flaw"] is None and row["delay_us"] is not None]
    if len(rows) < FEWEST_FRAMES:
        flaws = {row["flaw"] for row in frames.to_pylist()} - {None}
        return f"too little can be heard of it{f' ({sorted(flaws)[0]})' if flaws else ''}"
    channels = len(rows[0]["level_db"])
    array = array_of(channels)
    if array is None:
        return f"it is not known where the {channels} microphones are"
    if _copies(rows):
        return "its microphones are copies of each other"
    level_TM = np.array([row["level_db"] for row in rows], np.float64)
    loud_T = level_TM.mean(axis=1)
    active_T = loud_T >= loud_T.max() - ACTIVE_DB
    if active_T.sum() < FEWEST_FRAMES:
        return "too little can be heard of it"
    level_M = 10 * np.log10(np.mean(10 ** (level_TM[active_T] / 10), axis=0))
    alive_M = level_M > level_M.max() - DEAD_DB
    if alive_M.sum() < FEWEST_MICROPHONES:
        return f"only {alive_M.sum()} of its {channels} microphones work"
    alive_P = np.array([alive_M[i] and alive_M[j] for i, j in pairs_of(channels)])
    delay_TP = np.array([row["delay_us"] for row in rows], np.float64)[active_T][:, alive_P]
    strength_TP = np.array([row["strength"] for row in rows], np.float64)[active_T][:, alive_P]
    agreement_Q = _agreement(delay_TP, strength_TP, _delays_us(channels)[:, alive_P])
    if agreement_Q.max() < AGREEING:
        return "its microphones do not agree on any place: wind or noise covers it"
    nearness = _nearness(level_M[alive_M], array.mouth_m[alive_M])
    return Voice(float(agreement_Q[0]), float(agreement_Q[1:].max()), nearness)


def opinion_of(found: Voice | str, least_confidence: float) -> Opinion:
    """Who speaks, by what was measured; unknown where nothing was, or it is too uncertain."""
    if isinstance(found, str):
        return _unknown(found)
    weights = _weights()
    score = weights["bias"] + sum(weights[name] * value for name, value in vars(found).items())
    wearer = 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))
    confidence = round(max(wearer, 1 - wearer), 4)
    if confidence < least_confidence:
        return _unknown(f"own-voice detection is {confidence:.2f} sure, {least_confidence:g} are asked for")
    return Opinion("wearer" if wearer >= 0.5 else "other", confidence, None)


def _unknown(reason: str) -> Opinion:
    return Opinion("unknown", None, reason)


def _within(track: pa.Table, times: Floats, start_s: float, end_s: float) -> pa.Table:
    first, last = np.searchsorted(times, [start_s, end_s])
    return track.slice(int(first), int(last - first))


def _copies(rows: Sequence[dict[str, Any]]) -> bool:
    """Whether in most frames some microphone is a copy of another."""
    copied = sum(list(row["copy_of"]) != list(range(len(row["copy_of"]))) for row in rows)
    return 2 * copied > len(rows)


def _agreement(delay_TP: Floats, strength_TP: Floats, expected_QP: Floats) -> Floats:
    """Of each place the share of pairs whose delays are its own, weighted by strength."""
    total = max(float(strength_TP.sum()), 1e-9)
    return np.array(
        [float((strength_TP * (np.abs(delay_TP - one) < NEAR_US)).sum()) / total for one in expected_QP], np.float64
    )


def _nearness(level_M: Floats, mouth_M: Floats) -> float:
    """Slope of measured levels over those of a source at the mouth, so many metres away, both in dB."""
    expected_M = -20 * np.log10(mouth_M)
    expected_M = expected_M - expected_M.mean()
    return float((expected_M * (level_M - level_M.mean())).sum() / (expected_M**2).sum())


@functools.cache
def _delays_us(channels: int) -> Floats:
    """By how much the first microphone of each pair hears each place later, microseconds, shape (Q, P)."""
    array = array_of(channels)
    assert array is not None, "asked for before"
    delays_QM = array.delays_s() * 1e6
    return np.array([delays_QM[:, i] - delays_QM[:, j] for i, j in pairs_of(channels)], np.float64).T


@functools.cache
def _weights() -> dict[str, float]:
    loaded: dict[str, float] = tomllib.loads(_WEIGHTS.read_text("utf-8"))["logistic"]
    return loaded
