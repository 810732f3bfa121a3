"""MP4 files: what a browser needs of them, read back packet by packet."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from osmo.tasks.proxy import EmptyCutError, Shape, as_rate, cut, encode

HZ = 16_000


def grey_pictures(shape: Shape) -> Iterator[av.VideoFrame]:
    """Picture n has grey level 16 + n: a decoded picture says which one it was."""
    for n in range(shape.count):
        grey = np.full((shape.height, shape.width, 3), 16 + n % 220, np.uint8)
        yield av.VideoFrame.from_ndarray(grey, format="rgb24").reformat(format="yuv420p")


def beeps(shape: Shape) -> Iterator[npt.NDArray[np.int16]]:
    """A beep of 0.1 s at the start of each second, so that cuts can be checked for sync."""
    t = np.arange(shape.samples) / HZ
    yield (np.where(t % 1 < 0.1, np.sin(2 * np.pi * 800 * t), 0) * 12_000).astype(np.int16)


def made(path: Path, *, fps: float = 10.0, seconds: float = 6.0, with_sound: bool = True) -> Shape:
    shape = Shape.of((64, 48), fps, seconds, HZ if with_sound else None)
    encode(path, shape, grey_pictures(shape), beeps(shape) if with_sound else None, crf=10)
    return shape


def lengths_s(path: Path) -> dict[str, float]:
    with av.open(str(path)) as file:
        return {s.type: float(s.duration * s.time_base) for s in file.streams}


def picture_times(path: Path) -> list[float]:
    with av.open(str(path)) as file:
        return [round(frame.time, 4) for frame in file.decode(video=0)]


def key_times(path: Path) -> list[float]:
    with av.open(str(path)) as file:
        return [float(p.pts * p.time_base) for p in file.demux(video=0) if p.size and p.is_keyframe]


def sound_of(path: Path) -> npt.NDArray[np.float32]:
    with av.open(str(path)) as file:
        return np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])


def first_grey(path: Path) -> int:
    with av.open(str(path)) as file:
        return round(float(next(file.decode(video=0)).to_ndarray(format="gray").mean()))


@pytest.mark.parametrize("fps", [1.0, 2.0, 10.0, 25.0], ids="{} Hz".format)
def test_streams_are_of_equal_length_at_a_constant_rate_with_a_key_picture_each_second(
    tmp_path: Path, fps: float
) -> None:
    shape = made(tmp_path / "a.mp4", fps=fps)
    assert lengths_s(tmp_path / "a.mp4") == pytest.approx({"video": 6.0, "audio": 6.0}, abs=1 / fps)
    assert picture_times(tmp_path / "a.mp4") == pytest.approx([n / fps for n in range(shape.count)], abs=1e-3)
    assert key_times(tmp_path / "a.mp4") == pytest.approx([0, 1, 2, 3, 4, 5])


def test_a_fractional_frame_rate_has_a_key_picture_at_or_just_after_each_second(tmp_path: Path) -> None:
    made(tmp_path / "a.mp4", fps=29.97)
    late = [time_s - n for n, time_s in enumerate(key_times(tmp_path / "a.mp4"))]
    assert len(late) == 6
    assert all(0 <= gap < 1 / 29.97 for gap in late)
    assert as_rate(29.97) == Fraction(2997, 100)
    assert as_rate(30000 / 1001) == Fraction(30000, 1001)


def test_the_index_lies_before_the_data_and_nothing_is_dated(tmp_path: Path) -> None:
    made(tmp_path / "a.mp4")
    made(tmp_path / "b.mp4")
    data = (tmp_path / "a.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")
    assert data == (tmp_path / "b.mp4").read_bytes()


def test_pictures_are_yuv420p_without_reordering(tmp_path: Path) -> None:
    made(tmp_path / "a.mp4")
    with av.open(str(tmp_path / "a.mp4")) as file:
        assert file.streams.video[0].codec_context.pix_fmt == "yuv420p"
        assert all(p.pts == p.dts for p in file.demux(video=0) if p.size)


def test_a_recording_shorter_than_a_picture_has_one(tmp_path: Path) -> None:
    assert made(tmp_path / "a.mp4", fps=2.0, seconds=0.1).count == 1
    assert picture_times(tmp_path / "a.mp4") == [0.0]


@pytest.mark.parametrize(
    ("start_s", "end_s", "pictures"),
    [(0.0, 3.0, 30), (2.0, 5.0, 30), (4.0, 5.53, 15), (5.0, 99.0, 10)],
    ids=["from the start", "middle", "a fractional end", "beyond the end"],
)
def test_a_cut_starts_at_its_first_picture_and_sounds_in_sync(
    tmp_path: Path, start_s: float, end_s: float, pictures: int
) -> None:
    made(tmp_path / "a.mp4")
    shape = cut(tmp_path / "a.mp4", tmp_path / "c.mp4", start_s=start_s, end_s=end_s, silent=False)
    assert shape.count == pictures
    assert lengths_s(tmp_path / "c.mp4") == pytest.approx(dict.fromkeys(("video", "audio"), pictures / 10), abs=0.05)
    assert picture_times(tmp_path / "c.mp4") == pytest.approx([n / 10 for n in range(pictures)], abs=1e-3)
    assert first_grey(tmp_path / "c.mp4") == pytest.approx(16 + 10 * start_s, abs=3)
    loud = np.flatnonzero(np.abs(sound_of(tmp_path / "c.mp4")) > 0.1)
    assert loud[0] / HZ < 0.03, "the beep of the cut's first second is at its start"
    data = (tmp_path / "c.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_a_cut_of_a_silent_proxy_is_silent_and_of_a_soundless_one_soundless(tmp_path: Path) -> None:
    made(tmp_path / "a.mp4")
    cut(tmp_path / "a.mp4", tmp_path / "c.mp4", start_s=1, end_s=3, silent=True)
    assert not sound_of(tmp_path / "c.mp4").any()
    made(tmp_path / "b.mp4", with_sound=False)
    cut(tmp_path / "b.mp4", tmp_path / "d.mp4", start_s=1, end_s=3, silent=True)
    assert lengths_s(tmp_path / "d.mp4") == pytest.approx({"video": 2.0})


def test_a_cut_outside_its_proxy_is_refused(tmp_path: Path) -> None:
    made(tmp_path / "a.mp4")
    with pytest.raises(EmptyCutError, match="no picture from 30 to 40"):
        cut(tmp_path / "a.mp4", tmp_path / "c.mp4", start_s=30, end_s=40, silent=False)
