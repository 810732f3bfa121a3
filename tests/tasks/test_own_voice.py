"""The wearer's voice is told from others' by several microphones, on rooms composed from real speech."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow as pa
import pytest

from osmo.schemas.tables import MEDIA
from osmo.storage.media import Media, MediaCache, write_track
from osmo.storage.objects import Objects
from osmo.tasks.arrays import array_of
from osmo.tasks.microphones import MICROPHONES, microphone_tables
from osmo.tasks.own_voice import Opinion, Voice, opinion_of, opinions

RATE = 16_000
HISS = np.random.default_rng(0).normal(0, 0.1, (RATE, 8))


def media(folder: Path, sound: np.ndarray, rate: int = RATE) -> Media:
    """The sound of recording `r` as the media stage leaves it."""
    out = folder / "track.parquet"
    write_track(out, microphone_tables(iter([(0.0, sound)]), rate), MICROPHONES)
    cache = MediaCache(Objects(str(folder / "store"), create=True))
    put = cache.put(out)
    row = {
        "recording_id": "r", "kind": "microphones", "source_sha256": "s", "uri": put.uri, "sha256": put.sha256,
        "bytes": put.bytes, "start_s": 0.0, "duration_s": len(sound) / rate, "captioned": False, "silent": False,
        "encoder": "test",
    }  # fmt: skip
    return Media(cache, MEDIA.rows([row]))


@pytest.fixture(scope="module")
def voices(mixtures: ModuleType, corpora: Path) -> list[np.ndarray]:
    """Voices that no weight was fitted on."""
    files = [file for name in ("speech_en", "speech_zh") for file in sorted((corpora / name).iterdir())]
    found: list[np.ndarray] = mixtures.pieces([file for file in files if file.suffix in (".wav", ".flac")])
    return found


@pytest.mark.parametrize(
    ("condition", "right", "told"),
    [({}, 1.0, 0.95), ({"snr_db": 5.0, "echo": 0.7, "gain_db": 1.0, "slip_m": 0.01, "face_m": 0.01}, 0.9, 0.7)],
    ids=["quiet", "hard"],
)
def test_on_other_voices_in_other_rooms(
    mixtures: ModuleType,
    voices: list[np.ndarray],
    tmp_path: Path,
    condition: dict[str, float],
    right: float,
    told: float,
) -> None:
    array = array_of(7)
    assert array is not None
    mixture = mixtures.mixed(voices[:10], array, mixtures.Room("room", **condition), seed=3)
    heard = media(tmp_path, mixture.sound)
    spans = [(start_s, end_s) for start_s, end_s, _ in mixture.turns]
    said = opinions(heard, "r", spans, least_confidence=0.7)
    known = [(one.speaker, who) for one, (_, _, who) in zip(said, mixture.turns, strict=True) if one.confidence]
    assert {who for _, who in known} == {"wearer", "other"}
    assert len(known) >= told * len(spans)
    assert sum(speaker == who for speaker, who in known) >= right * len(known)


def test_an_unsure_opinion_is_none() -> None:
    unsure = Voice(mouth=0.7, around=0.7, nearness=0.45)
    found = opinion_of(unsure, 0.95)
    assert (found.speaker, found.confidence) == ("unknown", None)
    assert found.reason is not None and found.reason.endswith("0.95 are asked for")
    assert opinion_of(unsure, 0.5).speaker in ("wearer", "other")


@pytest.mark.parametrize(
    ("sound", "reason"),
    [
        (
            np.repeat(np.random.default_rng(0).normal(0, 0.1, (RATE, 1)), 7, axis=1),
            "its microphones are copies of each other",
        ),
        (HISS, "it is not known where the 8 microphones are"),
        (np.zeros((RATE, 7)), "too little can be heard of it"),
        (np.full((RATE, 7), np.nan), "too little can be heard of it (not finite)"),
        (np.sign(np.random.default_rng(0).normal(size=(RATE, 7))), "too little can be heard of it (clipped)"),
    ],
    ids=["copies", "another array", "silence", "not a number", "clipped"],
)
def test_what_tells_nothing_says_why(tmp_path: Path, sound: np.ndarray, reason: str) -> None:
    heard = media(tmp_path, sound.astype(np.float32))
    assert opinions(heard, "r", [(0.0, 1.0)], least_confidence=0.7) == [Opinion("unknown", None, reason)]


def test_a_stretch_without_sound_and_a_recording_without_a_track_say_why(tmp_path: Path) -> None:
    heard = media(tmp_path, np.random.default_rng(0).normal(0, 0.1, (RATE, 7)).astype(np.float32))
    assert opinions(heard, "r", [(50.0, 51.0)], least_confidence=0.7)[0].reason == "too little can be heard of it"
    assert opinions(heard, "other", [(0.0, 1.0)], least_confidence=0.7)[0].reason == "the recording has one microphone"


@pytest.mark.parametrize("dead", [(0,), (3,), (5,), (0, 5, 6)], ids=str)
def test_dead_microphones_are_left_out(
    mixtures: ModuleType, voices: list[np.ndarray], tmp_path: Path, dead: tuple[int, ...]
) -> None:
    array = array_of(7)
    assert array is not None
    mixture = mixtures.mixed(voices[:6], array, mixtures.Room("room", dead=dead), seed=1)
    assert {who for _, _, who in mixture.turns} == {"wearer", "other"}
    said = opinions(media(tmp_path, mixture.sound), "r", [turn[:2] for turn in mixture.turns], least_confidence=0.7)
    known = [(one.speaker, who) for one, (_, _, who) in zip(said, mixture.turns, strict=True) if one.confidence]
    assert len(known) >= 4
    assert all(speaker == who for speaker, who in known)


def test_too_few_microphones_and_wind_tell_nothing(
    mixtures: ModuleType, voices: list[np.ndarray], tmp_path: Path
) -> None:
    array = array_of(7)
    assert array is not None
    for room, reason in (
        (mixtures.Room("dead", dead=(1, 2, 4, 6)), "only 3 of its 7 microphones work"),
        (mixtures.Room("storm", wind_db=40.0), "its microphones do not agree on any place: wind or noise covers it"),
    ):
        mixture = mixtures.mixed(voices[:4], array, room, seed=1)
        said = opinions(media(tmp_path, mixture.sound), "r", [turn[:2] for turn in mixture.turns], least_confidence=0.7)
        assert said == [Opinion("unknown", None, reason)] * 4


def test_the_track_is_small(mixtures: ModuleType, voices: list[np.ndarray], tmp_path: Path) -> None:
    array = array_of(7)
    assert array is not None
    sound = mixtures.mixed(voices[:4], array, mixtures.Room("room"), seed=1).sound
    table = pa.concat_tables(microphone_tables(iter([(0.0, sound)]), RATE))
    out = tmp_path / "t.parquet"
    write_track(out, [table], MICROPHONES)
    assert out.stat().st_size / (len(sound) / RATE) * 3600 < 8_000_000  # bytes an hour; its sound has 800 million
