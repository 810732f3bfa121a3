"""The track of a recording's sound: whole, on its clock, and without a trace of how it was measured."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from osmo.tasks.cues.extractor import MediaUndecodableError
from osmo.tasks.tracks.acoustic import SPEAKERS, AcousticTracker, create_tracker, speakers_of
from osmo.tasks.tracks.tracker import Recorded, Spoken

RATE_HZ = 16_000


def singing(seconds: float, seed: int = 0) -> npt.NDArray[np.float64]:
    """Syllables of wandering pitch and loudness, over noise, with silences of any length between them."""
    random = np.random.default_rng(seed)
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    hz = 180 + 60 * np.sin(2 * np.pi * 0.37 * t)
    phase = 2 * np.pi * np.cumsum(hz) / RATE_HZ
    voiced = sum(np.sin(k * phase) / k for k in range(1, 8))
    envelope = np.interp(t, np.arange(0, seconds, 0.11), random.uniform(0, 0.2, len(np.arange(0, seconds, 0.11))))
    speaks = np.interp(t, np.arange(0, seconds, 0.7), random.integers(0, 2, len(np.arange(0, seconds, 0.7))))
    return voiced * envelope * speaks + random.normal(0, 0.002, t.size)  # type: ignore[no-any-return]


@pytest.mark.parametrize("block_frames", [137, 1_000, 2_999])
def test_borders_of_blocks_leave_no_trace(place: Any, block_frames: int) -> None:
    row = place.sound(singing(31.234))
    whole = place.track(create_tracker(), row)
    assert whole.num_rows == 3_124
    assert place.track(AcousticTracker(block_frames), row).combine_chunks().equals(whole.combine_chunks())


def test_borders_leave_no_trace_in_real_speech(place: Any, corpora: Path) -> None:
    row = place.heard(corpora / "ami_multispeaker" / "tst00.wav")
    pieces, whole = place.track(AcousticTracker(450), row), place.track(create_tracker(), row)
    assert pieces.combine_chunks().equals(whole.combine_chunks())
    assert 0.4 < pa.compute.mean(pa.compute.is_valid(whole["pitch_hz"])).as_py() < 0.8


def test_a_loud_moment_changes_nothing_elsewhere(place: Any) -> None:
    """Praat's own silence threshold would let it: quiet speech long before a shout must stay voiced."""
    quiet = singing(20) * 0.05
    loud = np.concatenate([quiet, 0.9 * np.sign(np.sin(np.arange(RATE_HZ)))])
    alone, before = (place.track(create_tracker(), place.sound(sound)).slice(0, 1_600) for sound in (quiet, loud))
    assert alone.combine_chunks().equals(before.combine_chunks())
    assert alone["pitch_hz"].null_count < 1_600


@pytest.mark.parametrize(("samples", "rows"), [(0, 0), (1, 1), (160, 1), (161, 2), (1_600, 10), (160_001, 1_001)])
def test_every_frame_whose_centre_has_sound_has_a_row(place: Any, samples: int, rows: int) -> None:
    track = place.track(AcousticTracker(100), place.sound(np.full(samples, 0.1)))
    assert track["time_s"].to_pylist() == [n / 100 for n in range(rows)]


def spoken(*turns: tuple[float, float, str]) -> list[Spoken]:
    return [Spoken(*turn) for turn in turns]


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        ((), "....."),
        (((0.01, 0.03, "wearer"),), ".WW.."),
        (((0.0, 0.02, "wearer"), (0.02, 9.0, "other")), "WWOOO"),
        (((0.0, 0.03, "wearer"), (0.02, 0.04, "other")), "WWSO."),
        (((0.0, 0.03, "wearer"), (0.02, 0.04, "unknown")), "WWSU."),
        (((0.0, 0.05, "unknown"), (0.02, 0.04, "other")), "UUOOU"),
        (((-3.0, 0.014, "wearer"), (0.031, 0.049, "other")), "WW..O"),
        (((0.01, 0.01, "wearer"), (0.0, 0.02, "wearer")), "WW..."),
    ],
    ids=["nobody", "wearer", "turns", "at-once", "at-once-with-somebody", "known-first", "between-frames", "empty"],
)
def test_who_speaks(turns: tuple[tuple[float, float, str], ...], expected: str) -> None:
    letters = {"none": ".", "wearer": "W", "other": "O", "unknown": "U", "several": "S"}
    codes = speakers_of(spoken(*turns), 0, 5)
    assert "".join(letters[SPEAKERS[code]] for code in codes) == expected
    late = [Spoken(one.start_s + 20, one.end_s + 20, one.speaker) for one in spoken(*turns)]
    assert speakers_of(late, 2_000, 5).tolist() == codes.tolist()


def test_speakers_are_in_the_track_over_blocks(place: Any) -> None:
    turns = spoken((0.5, 1.5, "wearer"), (1.2, 2.0, "other"))
    track = place.track(AcousticTracker(100), place.sound(singing(3)), spoken=turns)
    names = track["speaker"].to_pylist()
    assert [names.count(name) for name in SPEAKERS] == [150, 70, 50, 0, 30]


def test_its_numbers_need_no_speaker(place: Any) -> None:
    row = place.sound(singing(3))
    with_turns = place.track(create_tracker(), row, spoken=spoken((0.5, 1.5, "wearer")))
    assert with_turns.drop(["speaker"]).equals(place.track(create_tracker(), row).drop(["speaker"]))


@pytest.mark.parametrize("content", [b"", b"RIFF\x00\x00\x00\x00WAVEjunk", b"no sound" * 99])
def test_a_file_that_is_no_sound_is_named(place: Any, content: bytes) -> None:
    broken = place.folder / "broken.wav"
    broken.write_bytes(content)
    row = place.row("audio", broken)
    with pytest.raises(MediaUndecodableError, match=str(row["sha256"])):
        place.track(create_tracker(), row)


def test_memory_does_not_grow_with_the_recording(place: Any) -> None:
    peaks = []
    for seconds in (60, 600):
        sound = np.tile(singing(20), seconds // 20)
        media = place.media(place.sound(sound))
        tracemalloc.start()
        rows = sum(table.num_rows for table in AcousticTracker(2_000).track(Recorded("r", seconds, None, ()), media))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert rows == seconds * 100
    assert peaks[1] < 1.2 * peaks[0]


@pytest.mark.parametrize(
    ("name", "low_hz", "high_hz"),
    [
        ("speech_en/1272-128104-0000.flac", 85, 155),
        ("speech_en/librispeech-1995-1837-0001.wav", 155, 255),
        ("speech_zh/zero_shot_prompt.wav", 200, 370),
    ],
    ids=["man", "woman", "woman-mandarin"],
)
def test_real_voices_have_the_pitch_of_men_and_women(
    place: Any, corpora: Path, name: str, low_hz: float, high_hz: float
) -> None:
    track = place.track(create_tracker(), place.heard(corpora / name))
    pitch = track["pitch_hz"].drop_null().to_numpy()
    low, middle, high = np.percentile(pitch, [10, 50, 90])
    assert low_hz < middle < high_hz and low_hz * 0.9 < low and high < high_hz * 1.1


SYLLABLES = {
    "speech_en/1272-128104-0000.flac": 25,
    "speech_en/jfk.flac": 28,
    "speech_en/librispeech-1995-1837-0001.wav": 36,
    "speech_zh/aishell-BAC009S0724W0121.wav": 12,
    "speech_zh/zero_shot_prompt.wav": 14,
    "speech_zh/sample.wav": 11,
}
"""Counted in the transcripts; in Mandarin a character is a syllable."""


def test_nuclei_of_real_speech_are_about_as_many_as_its_syllables(place: Any, corpora: Path) -> None:
    found = {}
    for name in SYLLABLES:
        track = place.track(create_tracker(), place.heard(corpora / name))
        found[name] = sum(track["nucleus"].to_pylist())
    assert sum(found.values()) == pytest.approx(sum(SYLLABLES.values()), rel=0.15)
    for name, count in found.items():
        assert count == pytest.approx(SYLLABLES[name], rel=0.4)
