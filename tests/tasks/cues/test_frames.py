"""Sampling frames on a fixed grid."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from osmo.tasks.cues.extractor import MediaUndecodableError
from osmo.tasks.cues.frames import stretches, trace


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ([(0, 5), (4, 9)], [(0, 9)]),
        ([(10, 12), (0, 5)], [(0, 5), (10, 12)]),
        ([(0.13, 1), (0.2, 3)], [(0, 3)]),
        ([(0, 9), (1, 2)], [(0, 9)]),
    ],
    ids=["overlap", "apart", "widened-to-the-grid", "inside"],
)
def test_stretches(windows: list[tuple[float, float]], expected: list[tuple[float, float]]) -> None:
    assert stretches(windows, 5.0) == expected


def test_frames_are_sampled_at_most_fps_times_a_second_on_the_recordings_clock(studio: Any) -> None:
    video = studio.video([np.full((36, 64), 100, np.uint8)] * 40)
    seen = trace(video, [(101, 103)], fps=5, offset_s=100.0)
    assert seen.times_s == pytest.approx([101 + k / 5 for k in range(10)])
    assert seen.brightness == pytest.approx(100, abs=2)
    assert seen.dark == pytest.approx(0)


def test_what_is_sampled_in_a_window_does_not_depend_on_other_windows(studio: Any) -> None:
    random = np.random.default_rng(0)
    video = studio.video([random.integers(0, 255, (36, 64)).astype(np.uint8) for _ in range(50)])
    alone = trace(video, [(2.3, 4)], fps=5).window(2.3, 4)
    together = trace(video, [(0, 3), (2.3, 4), (3.5, 5)], fps=5).window(2.3, 4)
    assert alone.times_s.tolist() == together.times_s.tolist()
    assert alone.brightness.tolist() == together.brightness.tolist()
    assert alone.change[1:].tolist() == together.change[1:].tolist()


@pytest.mark.parametrize("content", [b"", b"not a video" * 99], ids=["empty", "text"])
def test_a_file_that_is_no_video_is_named(studio: Any, content: bytes) -> None:
    path = studio.folder / "broken.mp4"
    path.write_bytes(content)
    with pytest.raises(MediaUndecodableError, match=r"broken\.mp4 cannot be decoded"):
        trace(path, [(0, 1)], fps=5)


def test_sound_without_picture_is_no_video(studio: Any) -> None:
    with pytest.raises(MediaUndecodableError, match="no video stream"):
        trace(studio.sound(np.zeros(1600)), [(0, 1)], fps=5)


def test_a_file_that_is_gone_is_not_called_undecodable(studio: Any) -> None:
    with pytest.raises(FileNotFoundError):
        trace(studio.folder / "gone.mp4", [(0, 1)], fps=5)
