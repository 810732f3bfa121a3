"""Loudness, pitch and voicing, measured against the sound before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from osmo.tasks.cues.acoustic import create_extractor, measure_voice
from osmo.tasks.cues.extractor import Cue, MediaUndecodableError, Span


def span(start_s: float, end_s: float, language: str | None = "en") -> Span:
    return Span("e", "r", start_s, end_s, language)


def values(cue: Cue) -> dict[str, float]:
    return {name: value for name, value, _ in cue.evidence}


def test_a_tone_has_the_level_and_pitch_it_was_made_with() -> None:
    t = np.arange(16_000) / 16_000
    voice = measure_voice((0.1 * np.sqrt(2) * np.sin(2 * np.pi * 200 * t)).astype(np.float32))
    assert voice is not None
    assert voice.level_db == pytest.approx(-20.0, abs=0.1)
    assert voice.pitch_hz == pytest.approx(200.0, abs=0.5)
    assert voice.range_st == pytest.approx(0.0, abs=0.1)
    assert voice.share > 0.95


@pytest.mark.parametrize(
    ("before", "during", "change_db", "change_st", "said"),
    [
        ((200, 0.1), (200, 0.2), 6.0, 0.0, "6.0 dB louder"),
        ((200, 0.2), (100, 0.1), -6.0, -12.0, "6.0 dB quieter"),
        ((150, 0.1), (300, 0.1), 0.0, 12.0, "12.0 semitones higher"),
    ],
    ids=["twice-as-loud", "softer-an-octave-lower", "an-octave-higher"],
)
def test_the_event_is_compared_with_the_sound_before_it(
    studio: Any, before: tuple[float, float], during: tuple[float, float], change_db: float, change_st: float, said: str
) -> None:
    sound = studio.sound(studio.tone(*before, 5), studio.tone(*during, 3))
    [cue] = create_extractor().extract([span(5, 8)], studio.media(studio.row("audio", sound)))
    assert values(cue)["level_change"] == pytest.approx(change_db, abs=0.2)
    assert values(cue)["pitch_change"] == pytest.approx(change_st, abs=0.2)
    assert values(cue)["baseline"] == 5.0
    assert cue.text is not None and said in cue.text
    assert cue.confidence == 1.0


def test_without_earlier_voice_no_change_is_claimed(studio: Any) -> None:
    sound = studio.sound(np.zeros(32_000), studio.tone(200, 0.1, 3))
    [cue] = create_extractor().extract([span(2, 5)], studio.media(studio.row("audio", sound)))
    assert "level_change" not in values(cue)
    assert cue.text is not None and "no earlier voiced sound" in cue.text
    assert cue.confidence == 0.5


def test_mandarin_recordings_are_described_in_mandarin_with_the_same_evidence(studio: Any) -> None:
    media = studio.media(studio.row("audio", studio.sound(studio.tone(200, 0.1, 4))))
    english, mandarin, unknown = create_extractor().extract([span(1, 3, lang) for lang in ("en", "zh", None)], media)
    assert english.evidence == mandarin.evidence
    assert mandarin.text is not None and mandarin.text.startswith("有声部分")
    assert unknown == english


@pytest.mark.parametrize(
    ("silent", "times", "reason"),
    [
        (True, (0, 2), "recording has no sound"),
        (False, (90, 92), "recording has no sound within the event's times"),
    ],
    ids=["filled-in", "beyond-the-end"],
)
def test_sound_that_is_not_there_is_absent(studio: Any, silent: bool, times: tuple[float, float], reason: str) -> None:
    media = studio.media(studio.row("audio", studio.sound(np.zeros(64_000)), silent=silent))
    [cue] = create_extractor().extract([span(*times)], media)
    assert cue == Cue(None, reason, (), None)


def test_silence_is_a_measurement_and_no_absence(studio: Any) -> None:
    media = studio.media(studio.row("audio", studio.sound(np.zeros(64_000))))
    [cue] = create_extractor().extract([span(0, 2)], media)
    assert cue.text == "No voiced sound is heard during the event."
    assert cue.evidence == (("voiced_share", 0.0, "%"),)


def test_a_damaged_file_is_named(studio: Any) -> None:
    broken = studio.folder / "broken.wav"
    broken.write_bytes(b"RIFF\x00\x00\x00\x00WAVEjunk")
    row = studio.row("audio", broken)
    with pytest.raises(MediaUndecodableError, match=str(row["sha256"])):
        create_extractor().extract([span(0, 2)], studio.media(row))
