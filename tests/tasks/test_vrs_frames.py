"""Streams of a VRS file as frames: upright pictures, one microphone without its constant part, seeking."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from vrs_writer import Camera, Microphones, VrsWriter

from osmo.tasks.decode import file_frames, picture_shape
from osmo.tasks.pictures import frame_rate, picture_size, pictures
from osmo.tasks.sound import sound
from osmo.tasks.source_file import MediaUnreadableError, SourceFile, Tally

AEA, COMPOSITE = "aria_gen1/aea_recording/recording.vrs", "aria_composite/recording.vrs"


def heard(file: SourceFile, seconds: float, rate_hz: int = 16_000) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return np.concatenate(list(sound([file], rate_hz=rate_hz, samples=round(seconds * rate_hz), tally=Tally())))


def test_a_genuine_recording_gives_upright_pictures_and_the_eyes_as_they_are(corpora: Path) -> None:
    video, eye = (SourceFile(corpora / AEA, stream=stream) for stream in ("214-1", "211-1"))
    assert picture_shape(video).aspect == 1
    assert picture_size([video], height=360) == (360, 360)
    assert picture_size([eye], height=360) == (640, 240)
    assert frame_rate([eye]) == pytest.approx(10, abs=0.01)
    frames = [frame for _, frame in file_frames(video, "video", 0.0, Tally())]
    assert len(frames) == 8
    upright = frames[1].to_ndarray(format="gray").astype(np.float64)
    ceiling, floor = upright[100:450, 550:850], upright[1050:1300, 300:550]
    assert ceiling.mean() > 1.5 * floor.mean(), "the bright ceiling is above, the dark floor below"


def test_real_speech_is_heard_as_it_was_put_in(corpora: Path) -> None:
    """The composite holds speech_en/jfk.flac on all channels, at a quarter or so of its level."""
    pcm = heard(SourceFile(corpora / COMPOSITE, stream="231-1"), 10.9).astype(np.float64)
    with av.open(str(corpora / "speech_en/jfk.flac")) as file:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
        parts = [out.to_ndarray()[0] for frame in file.decode(audio=0) for out in resampler.resample(frame)]
    spoken = np.concatenate(parts).astype(np.float64)[: len(pcm)]
    assert np.corrcoef(pcm, spoken)[0, 1] > 0.999


def test_the_constant_part_of_a_microphone_is_not_heard(corpora: Path) -> None:
    pcm = heard(SourceFile(corpora / AEA, stream="231-1"), 0.3).astype(np.float64)
    assert abs(pcm[1600:].mean()) < 0.2 * pcm[1600:].std()


def test_only_the_first_of_several_microphones_is_heard(tmp_path: Path) -> None:
    tone = 8000 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    samples = np.stack([tone, -tone, -tone], axis=1).astype(np.int16)
    with VrsWriter(tmp_path / "a.vrs", {"231-1": Microphones(3, 16_000, "int16")}) as file:
        file.sound("231-1", 10.0, samples)
        file.finish()
    pcm = heard(SourceFile(tmp_path / "a.vrs", stream="231-1"), 1.0)
    assert np.corrcoef(pcm[200:-200], tone[200:-200])[0, 1] > 0.99
    assert np.abs(pcm).max() > 7000


def test_a_clock_that_drifts_from_its_samples_stays_in_step(tmp_path: Path) -> None:
    """Half a percent of drift is three seconds after ten minutes; the sound never strays by more than jitter."""
    with VrsWriter(tmp_path / "a.vrs", {"231-1": Microphones(1, 1000, "int16")}) as file:
        for second in range(60):
            block = np.zeros((1000, 1), np.int16)
            block[:20] = np.where(np.arange(20) % 2, 9000, -9000)[:, np.newaxis]
            file.sound("231-1", 5 + second * 1.005, block)
        file.finish()
    pcm = np.abs(heard(SourceFile(tmp_path / "a.vrs", stream="231-1"), 60.0, 1000).astype(np.float64))
    for second in (10, 30, 55):
        loud = np.flatnonzero(pcm[round(1.005 * second * 1000) - 300 :] > 3000)[0] - 300
        assert abs(loud) < 60


def still(grey: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    return np.full((32, 64), grey, np.uint8)


def test_a_dropped_frame_repeats_and_a_longer_gap_is_black(tmp_path: Path) -> None:
    with VrsWriter(tmp_path / "a.vrs", {"211-1": Camera(64, 32, 10, "grey8")}) as file:
        for n in [*range(10), *range(12, 20), *range(50, 60)]:
            file.picture("211-1", 7 + n / 10, still(100 + n))
        file.finish()
    source = SourceFile(tmp_path / "a.vrs", stream="211-1")
    shown = pictures([source], fps=Fraction(10), count=60, size=(64, 32), tally=Tally())
    grey = [round(float(frame.to_ndarray(format="gray").mean())) for frame in shown]
    assert grey[:14] == pytest.approx([*range(100, 110), 109, 109, 112, 113], abs=1)
    assert grey[20:29] == pytest.approx([119] * 9, abs=1)
    assert set(grey[31:49]) == {0}
    assert grey[50:] == pytest.approx(range(150, 160), abs=1)


def test_reading_begins_where_it_is_asked_to(tmp_path: Path) -> None:
    with VrsWriter(tmp_path / "a.vrs", {"211-1": Camera(64, 32, 10, "grey8")}) as file:
        for n in range(40):
            file.picture("211-1", 7 + n / 10, still(n))
        file.finish()
    source = SourceFile(tmp_path / "a.vrs", stream="211-1")
    times = [time_s for time_s, _ in file_frames(source, "video", 3.0, Tally())]
    assert times == pytest.approx([3.0 + n / 10 for n in range(10)], abs=1e-6)


@pytest.mark.parametrize(("stream", "kind"), [("214-1", "audio"), ("231-1", "video"), ("999-1", "video")])
def test_a_stream_of_another_kind_is_refused(corpora: Path, stream: str, kind: str) -> None:
    tally = Tally()
    frames = file_frames(SourceFile(corpora / AEA, stream=stream), "audio" if kind == "audio" else "video", 0.0, tally)
    assert not list(frames)
    assert f"it has no {kind} in stream {stream}" in tally.losses[0].what
    with pytest.raises(MediaUnreadableError, match="in stream 231-1"):
        picture_shape(SourceFile(corpora / AEA, stream="231-1"))
