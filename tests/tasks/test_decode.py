"""Decoding of whole, broken and oddly laid out files onto the recording's clock."""

from __future__ import annotations

import tracemalloc
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from osmo.tasks.pictures import frame_rate, picture_size, pictures
from osmo.tasks.proxy import Shape, encode
from osmo.tasks.sound import sound, write_wav
from osmo.tasks.source_file import MediaUnreadableError, SourceFile, Tally

HZ = 16_000


def tone_wav(path: Path, seconds: float, *, hz: int = HZ, channels: int = 1) -> Path:
    t = np.arange(round(seconds * hz)) / hz
    pcm = (np.sin(2 * np.pi * 440 * t) * 10_000).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(hz)
        file.writeframes(np.repeat(pcm, channels).tobytes())
    return path


def grey_mp4(
    path: Path, seconds: float, *, grey: int = 200, fps: float = 25.0, size: tuple[int, int] = (64, 48)
) -> Path:
    shape = Shape.of(size, fps, seconds, HZ)
    noise = np.random.default_rng(0)
    shown = (
        av.VideoFrame.from_ndarray(
            np.clip(grey + noise.integers(-20, 20, (size[1], size[0], 3)), 0, 255).astype(np.uint8), format="rgb24"
        ).reformat(format="yuv420p")
        for _ in range(shape.count)
    )
    t = np.arange(shape.samples) / HZ
    encode(path, shape, shown, iter([(np.sin(2 * np.pi * 440 * t) * 10_000).astype(np.int16)]), crf=20)
    return path


def heard(files: list[SourceFile], seconds: float, tally: Tally | None = None) -> npt.NDArray[np.int16]:
    return np.concatenate(list(sound(files, rate_hz=HZ, samples=round(seconds * HZ), tally=tally or Tally())))


def loud_seconds(pcm: npt.NDArray[np.int16]) -> list[int]:
    return [n for n, second in enumerate(np.split(pcm, len(pcm) // HZ)) if np.abs(second).mean() > 1000]


def brightness(files: list[SourceFile], seconds: int, tally: Tally | None = None, *, fps: int = 2) -> list[int]:
    found = pictures(files, fps=Fraction(fps), count=fps * seconds, size=(64, 48), tally=tally or Tally())
    return [round(float(frame.to_ndarray(format="gray").mean()) / 10) * 10 for frame in found]


def test_gaps_between_files_are_silent_and_overlaps_are_heard_once(tmp_path: Path) -> None:
    file = tone_wav(tmp_path / "a.wav", 2)
    pcm = heard([SourceFile(file, 1.0), SourceFile(file, 5.0), SourceFile(file, 6.0)], 10)
    assert len(pcm) == 10 * HZ
    assert loud_seconds(pcm) == [1, 2, 5, 6, 7]


@pytest.mark.parametrize(("hz", "channels"), [(8_000, 1), (44_100, 2), (48_000, 7)])
def test_sound_is_resampled_and_mixed_to_mono(tmp_path: Path, hz: int, channels: int) -> None:
    pcm = heard([SourceFile(tone_wav(tmp_path / "a.wav", 3, hz=hz, channels=channels))], 3)
    spectrum = np.abs(np.fft.rfft(pcm[HZ : 2 * HZ].astype(float)))
    assert int(spectrum.argmax()) == 440
    assert loud_seconds(pcm) == [0, 1, 2]


def test_pictures_between_files_and_after_them_are_black(tmp_path: Path) -> None:
    file = grey_mp4(tmp_path / "a.mp4", 2)
    seen = brightness([SourceFile(file, 0.0), SourceFile(file, 5.0)], 9, fps=1)
    assert [n for n, level in enumerate(seen) if level > 100] == [0, 1, 2, 5, 6, 7], "the last one stays for a second"


def test_a_video_of_a_variable_rate_keeps_its_times(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "v.mkv"), "w") as out:
        stream = out.add_stream("libx264", rate=30, options={"bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for pts, grey in ((0, 50), (400, 100), (3000, 150), (4500, 200)):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), grey, np.uint8), format="rgb24")
            frame.pts, frame.time_base = pts, Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    seen = brightness([SourceFile(tmp_path / "v.mkv")], 5, fps=2)
    assert seen == pytest.approx([50, 100, 100, 100, 100, 100, 150, 150, 150, 200], abs=10)


def test_the_proxy_keeps_the_aspect_ratio_in_even_pixels_and_never_enlarges(tmp_path: Path) -> None:
    small = SourceFile(grey_mp4(tmp_path / "a.mp4", 1, size=(130, 98)))
    assert picture_size([small], height=360) == (130, 98)
    assert picture_size([small], height=65) == (84, 64)
    assert frame_rate([small]) == 25.0


@pytest.mark.parametrize("degrees", [90, -90, 180])
def test_a_video_that_was_held_turned_is_shown_upright(tmp_path: Path, degrees: int) -> None:
    bright_corner = np.full((48, 64, 3), 30, np.uint8)
    bright_corner[:16, :16] = 220
    with av.open(str(tmp_path / "v.mp4"), "w") as out:
        stream = out.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.set_display_rotation(degrees)
        for _ in range(20):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(bright_corner, format="rgb24")))
        out.mux(stream.encode(None))
    file = SourceFile(tmp_path / "v.mp4")
    size = picture_size([file], height=360)
    assert size == ((64, 48) if degrees == 180 else (48, 64))
    with av.open(str(file.path)) as source:
        asked = next(source.decode(video=0)).rotation
    upright = np.rot90(bright_corner, round(asked / 90))
    shown = next(pictures([file], fps=Fraction(10), count=10, size=size, tally=Tally())).to_ndarray(format="gray")
    assert np.abs(shown.astype(int) - upright[:, :, 0]).mean() < 15


@pytest.mark.parametrize(
    ("content", "expected"),
    [(None, "no such file"), (b"", "empty"), (b"this is no media file" * 99, "not a readable media file")],
    ids=["missing", "zero bytes", "text"],
)
def test_a_file_that_cannot_be_opened_is_refused_with_one_line(
    tmp_path: Path, content: bytes | None, expected: str
) -> None:
    path = tmp_path / "a.mp4"
    if content is not None:
        path.write_bytes(content)
    for read in (lambda: heard([SourceFile(path)], 2), lambda: brightness([SourceFile(path)], 2)):
        with pytest.raises(MediaUnreadableError, match=expected) as caught:
            read()
        assert "\n" not in str(caught.value)


def test_a_file_without_the_stream_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaUnreadableError, match="no video stream"):
        brightness([SourceFile(tone_wav(tmp_path / "a.wav", 1))], 1)


def test_one_broken_file_of_several_is_a_gap_and_a_loss(tmp_path: Path) -> None:
    good = tone_wav(tmp_path / "a.wav", 2)
    (tmp_path / "b.wav").write_bytes(b"")
    tally = Tally()
    pcm = heard([SourceFile(good), SourceFile(tmp_path / "b.wav", 2.0), SourceFile(good, 4.0)], 6, tally)
    assert loud_seconds(pcm) == [0, 1, 4, 5]
    assert [loss.what for loss in tally.losses] == ["the file is empty (0 bytes)"]


@pytest.mark.parametrize(("share", "usable"), [(0.6, True), (0.08, False)], ids=["most", "half a second"])
def test_a_truncated_video_is_used_from_one_second_on(tmp_path: Path, share: float, usable: bool) -> None:
    whole = grey_mp4(tmp_path / "a.mp4", 10).read_bytes()
    (tmp_path / "b.mp4").write_bytes(whole[: round(len(whole) * share)])
    tally = Tally()
    if usable:
        assert brightness([SourceFile(tmp_path / "b.mp4")], 10, tally)[:8] == [200] * 8
        assert "of 10.0 s can be decoded" in tally.losses[0].what
    else:
        with pytest.raises(MediaUnreadableError, match=r"of 10\.0 s can be decoded"):
            brightness([SourceFile(tmp_path / "b.mp4")], 10, tally)


@pytest.mark.parametrize("name", ["speech_en/jfk.flac", "ami_multispeaker/dev00.wav"])
def test_half_of_a_real_sound_file_is_used_and_said_to_be_half(corpora: Path, tmp_path: Path, name: str) -> None:
    whole = (corpora / name).read_bytes()
    half = tmp_path / Path(name).name
    half.write_bytes(whole[: len(whole) // 2])
    tally = Tally()
    heard([SourceFile(half)], 30, tally)
    assert "damaged or cut off" in tally.losses[0].what


def test_half_of_a_matroska_file_is_used_and_said_to_be_half(tmp_path: Path) -> None:
    with av.open(str(grey_mp4(tmp_path / "a.mp4", 10))) as source, av.open(str(tmp_path / "a.mkv"), "w") as out:
        copies = {stream: out.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.size:
                packet.stream = copies[packet.stream]
                out.mux(packet)
    whole = (tmp_path / "a.mkv").read_bytes()
    (tmp_path / "b.mkv").write_bytes(whole[: len(whole) // 2])
    tally = Tally()
    heard([SourceFile(tmp_path / "b.mkv")], 10, tally)
    assert "of 10.1 s can be decoded" in tally.losses[0].what


def test_damage_in_the_middle_is_passed_over(tmp_path: Path) -> None:
    data = bytearray(grey_mp4(tmp_path / "a.mp4", 10).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    (tmp_path / "b.mp4").write_bytes(data)
    tally = Tally()
    seen = brightness([SourceFile(tmp_path / "b.mp4")], 10, tally)
    assert len(seen) == 20
    assert "damaged packets were left out" in tally.losses[0].what
    assert seen[:6] == seen[-6:] == [200] * 6
    assert len(heard([SourceFile(tmp_path / "b.mp4")], 10)) == 10 * HZ


def test_silence_is_sound_too(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(HZ)
        file.writeframes(bytes(2 * HZ * 2))
    tally = Tally()
    assert not heard([SourceFile(tmp_path / "a.wav")], 2, tally).any()
    assert tally.decoded_s == pytest.approx(2)


def test_an_hour_passes_in_bounded_memory(tmp_path: Path) -> None:
    file = SourceFile(tone_wav(tmp_path / "a.wav", 600, hz=8_000))
    tracemalloc.start()
    write_wav(tmp_path / "o.wav", sound([file], rate_hz=HZ, samples=3600 * HZ, tally=Tally()), rate_hz=HZ)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000
    assert (tmp_path / "o.wav").stat().st_size == 44 + 3600 * HZ * 2


def test_real_files_decode_whole(corpora: Path) -> None:
    for name, seconds in (
        ("friday_video/friday.mp4", 6.15), ("ami_multispeaker/dev00.wav", 60), ("speech_en/jfk.flac", 11)
    ):  # fmt: skip
        tally = Tally()
        pcm = heard([SourceFile(corpora / name)], 60, tally)
        assert np.abs(pcm).max() > 1000, name
        assert tally.decoded_s == pytest.approx(seconds, rel=0.01) or name.startswith("ami"), name
        assert tally.losses == [], name
