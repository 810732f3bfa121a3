"""Whose sound it is, when they talk, and what each stretch is like."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from osmo.tasks.cues.speech import Frames, background, runs, scope_of, talk, voice, voices
from osmo.tasks.tracks.acoustic import ACOUSTIC_TRACK

_LEVELS = {"V": -20.0, "v": -30.0, "s": -35.0, "-": -70.0, "n": -70.0}


def frames(sounds: str, speakers: str = "w", *, each: int = 10) -> Frames:
    """Frames, ten a letter: V loud and v softer voice, s a hiss, - silence; w wearer, o other, u unknown, . nobody."""
    names = {"w": "wearer", "o": "other", "u": "unknown", ".": "none", "x": "several"}
    sound = [letter for letter in sounds for _ in range(each)]
    who = [letter for letter in (speakers if len(speakers) > 1 else speakers * len(sounds)) for _ in range(each)]
    voiced = [letter in "Vv" for letter in sound]
    columns = {
        "time_s": [n / 100 for n in range(len(sound))],
        "level_db": [_LEVELS[letter] for letter in sound],
        "pitch_hz": [200.0 if one else None for one in voiced],
        "harmonicity_db": [12.0 if one else None for one in voiced],
        "nucleus": [one and n % each == each // 2 for n, one in enumerate(voiced)],
        "speaker": [names[letter] for letter in who],
    }
    arrays = [pa.array(columns[field.name], field.type) for field in ACOUSTIC_TRACK if field.name != "speaker"]
    arrays.append(pa.array(columns["speaker"]).dictionary_encode().cast(ACOUSTIC_TRACK.field("speaker").type))
    return Frames.of(pa.table(arrays, schema=ACOUSTIC_TRACK))


@pytest.mark.parametrize(
    ("speakers", "scope"),
    [("ouw", "wearer"), ("oou", "unknown"), ("oo.", "anyone"), ("xx.", "anyone"), ("...", "anyone")],
)
def test_whose_sound(speakers: str, scope: str) -> None:
    assert scope_of(frames("VVV", speakers)) == scope


@pytest.mark.parametrize(
    ("sounds", "speakers", "pauses"),
    [
        ("VVVVVV", "w", []),
        ("VV--VV", "w", []),
        ("VV---VV", "w", [0.3]),
        ("VV---VV----V", "w", [0.3, 0.4]),
        ("---VV---", "w", []),
        ("VV-s-VV", "w", []),
        ("VV---VV", "ww...ww", [0.3]),
        ("VV---VV", "wwooowww"[:7], []),
        ("VV---VV", "ww.o.ww", []),
        ("VV" + "-" * 31 + "VV", "w", []),
        ("vv---VV", "w", [0.3]),
    ],
    ids=[
        "none", "too-short", "one", "two", "at-the-ends", "a-hiss-between", "between-segments", "anothers-turn",
        "a-word-of-another", "the-end-of-talking", "after-a-soft-voice",
    ],
)  # fmt: skip
def test_pauses(sounds: str, speakers: str, pauses: list[float]) -> None:
    assert talk(frames(sounds, speakers), "wearer", -80).pauses_s == pytest.approx(pauses)


def test_silences_are_no_talking_and_short_stops_are() -> None:
    told = talk(frames("---VV-VV---V", "w"), "wearer", -80)
    assert told.talking[::10].astype(int).tolist() == [0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 1]
    assert told.pause_share == pytest.approx(0.3 / 0.9)


@pytest.mark.parametrize(
    ("background_db", "pauses"), [(-80, 1), (-76, 1), (-60, 1), (-36.1, 1), (-35.9, None), (-10, None)]
)
def test_a_background_near_the_voice_hides_pauses(background_db: float, pauses: int | None) -> None:
    noisy = frames("VV---VV", "w")
    noisy.level_db[~noisy.voiced] = max(-70.0, background_db)
    told = talk(noisy, "wearer", background_db)
    assert (None if told.pauses_s is None else len(told.pauses_s)) == pauses
    assert told.talking.sum() == (70 if pauses is None else 40)


def test_of_anyone_only_voiced_frames_talk() -> None:
    told = talk(frames("VV--sV", "oo..ww"), "anyone", -80)
    assert told.talking.sum() == 30 and told.pauses_s is None


def test_who_is_not_voiced_does_not_talk() -> None:
    told = talk(frames("ss--VV", "wwwwoo"), "wearer", -80)
    assert not told.talking.any() and told.pauses_s is None


@pytest.mark.parametrize(
    ("tenths", "whole_only", "count"),
    [(19, True, 0), (20, True, 1), (59, True, 2), (3, False, 1), (39, False, 1), (40, False, 2), (0, False, 0)],
)
def test_stretches_of_two_seconds(tenths: int, whole_only: bool, count: int) -> None:
    assert len(voices(frames("V" * tenths), whole_only=whole_only)) == count


def test_a_stretch_without_enough_voice_is_no_baseline() -> None:
    assert len(voices(frames("V" * 20 + "sssssssssssssssssVVV" + "V" * 20), whole_only=True)) == 2


def test_what_a_stretch_is_like() -> None:
    measured = voice(frames("VvVvVvVvVv"))
    assert measured is not None
    assert measured.voiced_s == pytest.approx(1.0)
    assert measured.level_db == pytest.approx(10 * np.log10((0.01 + 0.001) / 2))
    assert measured.pitch_st == pytest.approx(12 * np.log2(200)) and measured.pitch_range_st == 0
    assert measured.rate_per_s == pytest.approx(10) and measured.harmonicity_db == 12
    assert voice(frames("ss--")) is None


def test_the_background_is_the_quiet_of_what_is_not_voiced() -> None:
    assert background(frames("VVss----")) == -70
    assert background(frames("VV")) == float("-inf")


def test_runs() -> None:
    assert list(runs(np.array([True, False, True, True, False]))) == [(0, 1), (2, 4)]
    assert list(runs(np.zeros(3, np.bool_))) == []
