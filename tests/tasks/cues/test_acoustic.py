"""The wearer's voice against the wearer's own earlier speech, on sounds whose truth is known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from osmo.annotators.mentions import mentioned
from osmo.tasks.cues.acoustic import create_extractor
from osmo.tasks.cues.extractor import Cue, MediaUndecodableError, Span

RATE_HZ = 16_000
Floats = npt.NDArray[np.float64]
Turn = tuple[float, float, str]


def span(start_s: float, end_s: float, language: str | None = "en") -> Span:
    return Span("e", "r", start_s, end_s, language)


def values(cue: Cue) -> dict[str, float]:
    return {name: value for name, value, _ in cue.evidence}


def talk(
    seconds: float,
    *,
    hz: float = 150,
    level_db: float = -26,
    per_second: float = 4,
    wobble: float = 0.02,
    seed: int = 0,
) -> Floats:
    """Syllables: vowels that swell and fade, a little different from one to the next; a known mean level while loud."""
    random = np.random.default_rng(seed)
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    number = (t * per_second).astype(int)
    pitches = hz * np.exp(random.normal(0, wobble, number.max() + 1))[number]
    phase = 2 * np.pi * np.cumsum(pitches) / RATE_HZ
    voiced = sum(np.sin(k * phase) / k for k in range(1, 9))
    swell = (np.sin(np.pi * per_second * t) ** 2 + 0.1) * np.exp(random.normal(0, 0.05, number.max() + 1))[number]
    sound = voiced * swell
    return 10 ** (level_db / 20) * sound / np.sqrt(np.mean(sound**2))  # type: ignore[no-any-return]


def silence(seconds: float) -> Floats:
    return np.random.default_rng(9).normal(0, 0.0003, round(seconds * RATE_HZ))


def cue_of(studio: Any, parts: Sequence[Floats], turns: Sequence[Turn], *spans: Span) -> list[Cue]:
    rows = studio.tracked("acoustic", studio.row("audio", studio.sound(*parts)), spoken=turns)
    return create_extractor().extract(spans, studio.media(*rows))


WEARER: list[Turn] = [(0, 60, "wearer")]


@pytest.mark.parametrize(
    ("during", "name", "change", "tolerance", "said"),
    [
        ({"level_db": -20}, "level", 6.0, 0.5, "dB louder than usual"),
        ({"level_db": -32}, "level", -6.0, 0.5, "dB quieter than usual"),
        ({"level_db": -25.5}, "level", 0.5, 0.5, "as loud as usual"),
        ({"hz": 189}, "pitch", 4.0, 0.3, "semitones higher than usual"),
        ({"hz": 119}, "pitch", -4.0, 0.3, "semitones lower than usual"),
        ({"hz": 153}, "pitch", 0.3, 0.3, "Hz, as usual"),
        ({"wobble": 0.15}, "pitch_range", 5.6, 1.5, "more than usual"),
        ({"per_second": 6}, "rate", 2.0, 0.3, "more than usual"),
        ({"per_second": 2.5}, "rate", -1.5, 0.3, "fewer than usual"),
    ],
    ids=["loud", "quiet", "as-loud", "high", "low", "as-high", "lively", "fast", "slow"],
)
def test_each_measure_is_compared_with_earlier_speech(
    studio: Any, during: dict[str, float], name: str, change: float, tolerance: float, said: str
) -> None:
    [cue] = cue_of(studio, [talk(20), talk(6, seed=1, **during)], WEARER, span(20, 26))  # type: ignore[arg-type]
    measured = values(cue)
    assert measured[f"{name}_change"] == pytest.approx(change, abs=tolerance)
    assert measured["baseline"] == 20.0
    assert cue.text is not None and said in cue.text
    others = {"level", "pitch", "rate"} - {name}
    assert all(abs(measured[f"{other}_change"]) < 1.0 for other in others), "only this one was changed"
    assert cue.confidence == pytest.approx(0.5 + 0.5 * 20 / 30, abs=0.01)


def test_a_difference_is_said_only_beyond_what_is_usual(studio: Any) -> None:
    """The same 6 dB: after a steady voice they are louder, after one that varies as much they are as usual."""
    steady = [talk(2, level_db=-26, seed=n) for n in range(12)]
    varied = [talk(2, level_db=level, seed=n) for n, level in enumerate([-26, -18, -33, -22, -29, -36] * 2)]
    said = []
    for before in (steady, varied):
        [cue] = cue_of(studio, [*before, talk(4, level_db=-20, seed=30)], WEARER, span(24, 28))
        assert values(cue)["level_change"] > 4
        said.append("louder" in str(cue.text))
    assert said == [True, False]


def test_what_comes_later_changes_nothing(studio: Any) -> None:
    before, event = talk(20), talk(4, level_db=-20, seed=1)
    laters = [silence(5), talk(30, level_db=-6, hz=300, seed=2)]
    cues = [cue_of(studio, [before, event, silence(4), later], WEARER, span(20, 24))[0] for later in laters]
    assert cues[0] == cues[1]


def test_other_speakers_are_neither_event_nor_baseline(studio: Any) -> None:
    wearer, other = talk(20), talk(10, hz=250, level_db=-12, seed=3)
    event = [talk(3, seed=4), talk(3, hz=250, level_db=-12, seed=5)]
    turns: list[Turn] = [(0, 20, "wearer"), (20, 30, "other"), (30, 33, "wearer"), (33, 36, "other")]
    [cue] = cue_of(studio, [wearer, other, *event], turns, span(30, 36))
    measured = values(cue)
    assert measured["speech"] == pytest.approx(3.0, abs=0.1)
    assert measured["baseline"] == 20.0
    assert measured["pitch"] == pytest.approx(150, abs=5)
    assert abs(measured["level_change"]) < 1 and abs(measured["pitch_change"]) < 0.5


def test_pauses_are_counted_and_turns_of_others_are_none(studio: Any) -> None:
    parts = [talk(2), silence(0.5), talk(2), silence(0.15), talk(2), silence(1.0), talk(1), talk(2, hz=250), talk(1)]
    turns: list[Turn] = [(0, 8.65, "wearer"), (8.65, 10.65, "other"), (10.65, 11.65, "wearer")]
    [cue] = cue_of(studio, parts, turns, span(0, 11.65))
    measured = values(cue)
    assert measured["pauses"] == 2
    assert measured["longest_pause"] == pytest.approx(1.0, abs=0.1)
    assert measured["pause_share"] == pytest.approx(100 * 1.5 / 9.65, abs=2)
    assert cue.text is not None and "pauses between words: 2" in cue.text


@pytest.mark.parametrize("length_s", [0.3, 0.5, 0.8, 2.0])
def test_a_pause_is_as_long_as_it_is(studio: Any, length_s: float) -> None:
    [cue] = cue_of(studio, [talk(3), silence(length_s), talk(3, seed=1)], WEARER, span(0, 6 + length_s))
    assert values(cue)["longest_pause"] == pytest.approx(length_s, abs=0.1)


@pytest.mark.parametrize("length_s", [0.0, 0.15, 3.5])
def test_neither_a_stop_nor_the_end_of_talking_is_a_pause(studio: Any, length_s: float) -> None:
    [cue] = cue_of(studio, [talk(3), silence(length_s), talk(3, seed=1)], WEARER, span(0, 6 + length_s))
    assert values(cue)["pauses"] == 0 and "pause_share" not in values(cue)
    assert "no pause" in str(cue.text)


def test_a_loud_background_hides_pauses_and_is_said_to(studio: Any) -> None:
    parts = [talk(3), silence(0.6), talk(3, seed=1)]
    noise = np.random.default_rng(5).normal(0, 10 ** (-32 / 20), sum(part.size for part in parts))
    [cue] = cue_of(studio, [np.concatenate(parts) + noise], WEARER, span(0, 6.6))
    assert "pauses" not in values(cue)
    assert "cannot be told from the background" in str(cue.text)


def test_a_rough_voice_has_more_jitter_than_before(studio: Any) -> None:
    def pulses(seconds: float, jitter: float, seed: int) -> Floats:
        random = np.random.default_rng(seed)
        periods = RATE_HZ / 120 * (1 + random.normal(0, jitter, round(seconds * 130)))
        sound = np.zeros(round(seconds * RATE_HZ))
        at = np.cumsum(periods).astype(int)
        sound[at[at < sound.size]] = 1.0
        t = np.arange(600) / RATE_HZ
        return 0.3 * np.convolve(sound, np.exp(-400 * t) * np.sin(2 * np.pi * 600 * t))[: sound.size]  # type: ignore[no-any-return]

    [cue] = cue_of(studio, [pulses(20, 0.003, 1), pulses(4, 0.03, 2)], WEARER, span(20, 24))
    measured = values(cue)
    assert measured["jitter"] > 1.5 > 1.0 > measured["jitter"] - measured["jitter_change"]
    assert "differ by" in str(cue.text) and "more than usual" in str(cue.text)


def test_too_little_earlier_speech_is_no_baseline(studio: Any) -> None:
    [cue] = cue_of(studio, [talk(7), talk(4, level_db=-10, seed=1)], WEARER, span(7, 11))
    assert not [name for name in values(cue) if name.endswith("_change") or name == "baseline"]
    assert "too little earlier speech" in str(cue.text)
    assert cue.confidence == 0.5


@pytest.mark.parametrize(
    ("speaker", "said", "confidence"),
    [
        ("wearer", "The wearer speaks", 1.0),
        ("unknown", "not known whether it is the wearer", 0.7),
        ("other", "all voiced sound is measured, whoever made it", 0.5),
        (None, "all voiced sound is measured, whoever made it", 0.5),
    ],
)
def test_whose_voice_it_is_is_said(studio: Any, speaker: str | None, said: str, confidence: float) -> None:
    turns: list[Turn] = [(0, 60, speaker)] if speaker else []
    [cue] = cue_of(studio, [talk(40), talk(4, level_db=-20, seed=1)], turns, span(40, 44))
    assert cue.text is not None and said in cue.text
    assert values(cue)["level_change"] == pytest.approx(6, abs=0.5)
    assert ("rate" in values(cue)) is (speaker in ("wearer", "unknown")), "nobody counts syllables of unmarked sound"
    assert cue.confidence == confidence


@pytest.mark.parametrize(
    ("turns", "said"),
    [
        (WEARER, "No voiced sound is heard where the wearer speaks."),
        ([(0, 60, "unknown")], "No voiced sound is heard where somebody speaks."),
        ([], "No voiced sound is heard during the event."),
    ],
    ids=["wearer", "unknown", "nobody"],
)
def test_silence_is_a_measurement_and_no_absence(studio: Any, turns: list[Turn], said: str) -> None:
    [cue] = cue_of(studio, [np.zeros(64_000)], turns, span(0, 2))
    assert cue.text == said
    assert cue.evidence == (("speech", 0.0, "s"),)


def test_mandarin_recordings_are_described_in_mandarin_with_the_same_evidence(studio: Any) -> None:
    spans = [span(20, 24, language) for language in ("en", "zh", None)]
    english, mandarin, unknown = cue_of(studio, [talk(20), talk(4, level_db=-20, seed=1)], WEARER, *spans)
    assert english.evidence == mandarin.evidence
    assert mandarin.text is not None and "比平时响" in mandarin.text
    assert unknown == english


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_number_said_is_evidence_and_no_emotion_is_named(studio: Any, language: str) -> None:
    parts = [talk(20), talk(3, level_db=-14, hz=220, seed=1), silence(0.5), talk(3, wobble=0.2, per_second=6, seed=2)]
    [cue] = cue_of(studio, parts, WEARER, span(20, 26.5, language))
    assert cue.text is not None
    shown = {f"{abs(value):g}" for value in values(cue).values()}
    assert {f"{float(number):g}" for number in re.findall(r"\d+(?:\.\d+)?", cue.text)} <= shown
    assert mentioned(cue.text) == frozenset()
    assert all(unit for _, _, unit in cue.evidence)


def test_a_cue_does_not_depend_on_the_other_events_of_its_call(studio: Any) -> None:
    spans = [span(20, 24), span(22.5, 26), span(2, 5)]
    together = cue_of(studio, [talk(20), talk(6, level_db=-20, seed=1)], WEARER, *spans)
    rows = studio.tracked("acoustic", studio.row("audio", studio.folder / "sound.wav"), spoken=WEARER)
    assert together == [create_extractor().extract([one], studio.media(*rows))[0] for one in spans]


@pytest.mark.parametrize(
    ("silent", "measured", "times", "reason"),
    [
        (True, False, (0, 2), "recording has no sound"),
        (False, False, (0, 2), "the recording's sound has not been measured"),
        (False, True, (90, 92), "recording has no sound within the event's times"),
    ],
    ids=["filled-in", "no-track", "beyond-the-end"],
)
def test_sound_that_is_not_there_is_absent(
    studio: Any, silent: bool, measured: bool, times: tuple[float, float], reason: str
) -> None:
    rows = [studio.row("audio", studio.sound(silence(4)), silent=silent)]
    if measured:
        rows = studio.tracked("acoustic", *rows)
    assert create_extractor().extract([span(*times)], studio.media(*rows)) == [Cue(None, reason, (), None)]


def test_a_damaged_sound_file_is_named(studio: Any) -> None:
    _, track = studio.tracked("acoustic", studio.row("audio", studio.sound(talk(20))), spoken=WEARER)
    broken = studio.folder / "broken.wav"
    broken.write_bytes(b"RIFF\x00\x00\x00\x00WAVEjunk")
    row = studio.row("audio", broken)
    with pytest.raises(MediaUndecodableError, match=str(row["sha256"])):
        create_extractor().extract([span(10, 14)], studio.media(row, track))


@pytest.mark.parametrize(
    ("meeting", "rttm", "speaker", "pitch_hz"),
    [
        ("dev00", "debug.development.rttm", "MEE009", (80, 160)),
        ("dev00", "debug.development.rttm", "MEE012", (80, 160)),
        ("tst00", "debug.test.rttm", "MEE073", (80, 160)),
        ("tst00", "debug.test.rttm", "FEO072", (160, 260)),
    ],
    ids=["man", "another-man", "man-among-women", "woman"],
)
def test_in_real_meetings_each_speaker_has_a_voice_of_their_own(
    studio: Any, corpora: Path, meeting: str, rttm: str, speaker: str, pitch_hz: tuple[float, float]
) -> None:
    """Each in turn is taken for the wearer, by the meeting's own reference; their names begin with M or F."""
    lines = [line.split() for line in (corpora / "ami_multispeaker" / rttm).read_text().splitlines()]
    turns = [
        (float(line[3]), float(line[3]) + float(line[4]), "wearer" if line[7] == speaker else "other")
        for line in lines
        if line[1] == meeting
    ]
    row = studio.row("audio", studio.heard(corpora / "ami_multispeaker" / f"{meeting}.wav"))
    media = studio.media(*studio.tracked("acoustic", row, spoken=turns))
    [cue] = create_extractor().extract([span(0, 40)], media)
    measured = values(cue)
    assert pitch_hz[0] < measured["pitch"] < pitch_hz[1]
    assert 2 < measured["rate"] < 7
    assert 2 < measured["pitch_range"] < 12
    marked = sum(end - start for start, end, who in turns if who == "wearer")
    assert 0 < measured["speech"] <= marked, "what others say meanwhile is left out"
