"""Frames of cached eye videos."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import av
import numpy as np
import numpy.typing as npt
import pytest

from osmo.tasks.cues.extractor import MediaUndecodableError
from osmo.tasks.eyes.frames import eye_frames
from osmo.tasks.proxy import Shape, encode

Gray = npt.NDArray[np.uint8]


def video(path: Path, frames: Sequence[Gray], fps: int = 10) -> Path:
    height, width = frames[0].shape
    pictures = (av.VideoFrame.from_ndarray(frame, "gray").reformat(format="yuv420p") for frame in frames)
    encode(path, Shape(width, height, Fraction(fps), len(frames), None), pictures, None, crf=18)
    return path


def test_every_frame_comes_once_with_its_time_and_its_levels(tmp_path: Path, rendered_eyes: ModuleType) -> None:
    look = rendered_eyes.Look(seed=2)
    drawn = [rendered_eyes.render(look, rendered_eyes.Pose(gaze_x=x), frame=x).gray for x in range(12)]
    got = list(eye_frames(video(tmp_path / "eye.mp4", drawn)))
    assert [round(frame.time_s * 10) for frame in got] == list(range(12))
    for frame, true in zip(got, drawn, strict=True):
        assert np.abs(frame.gray.astype(int) - true).mean() < 2.5
        assert abs(float(frame.gray.mean()) - float(true.mean())) < 1
    assert not any(frame.repeated or frame.black for frame in got)


def test_what_the_camera_dropped_is_known_as_repeated(tmp_path: Path, rendered_eyes: ModuleType) -> None:
    look = rendered_eyes.Look(seed=2)
    drawn = [rendered_eyes.render(look, rendered_eyes.Pose(), frame=n).gray for n in range(10)]
    each_thrice = [gray for gray in drawn for _ in range(3)]
    got = [frame.repeated for frame in eye_frames(video(tmp_path / "eye.mp4", each_thrice))]
    genuine, repeated = got[::3], [one for n, one in enumerate(got) if n % 3]
    assert not any(genuine)
    assert sum(repeated) >= 0.8 * len(repeated)


def test_black_frames_are_known(tmp_path: Path) -> None:
    lit = np.random.default_rng(0).integers(40, 120, (240, 640), dtype=np.uint8)
    got = list(eye_frames(video(tmp_path / "eye.mp4", [lit, np.zeros_like(lit), lit])))
    assert [frame.black for frame in got] == [False, True, False]


@pytest.mark.parametrize("content", [b"", b"no video", b"\x00\x00\x00\x20ftypisom" + b"\x00" * 400])
def test_what_is_no_video_is_said_to_be_undecodable(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "eye.mp4"
    path.write_bytes(content)
    with pytest.raises(MediaUndecodableError):
        list(eye_frames(path))


def test_a_file_that_is_gone_is_not_called_damaged(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(eye_frames(tmp_path / "gone.mp4"))
