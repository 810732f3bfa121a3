"""Pictures of a recording: its files on one clock, at a constant frame rate, streamed in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.video.reformatter import ColorRange

from osmo.tasks.decode import file_frames, picture_shape, tallied
from osmo.tasks.source_file import SourceFile, Tally

HOLD_S = 1.0
"""Seconds for which the last picture before a gap stays, and the very first comes early; beyond, it is black. Files
have gaps between them, streams of a camera also inside."""


def picture_size(files: Sequence[SourceFile], *, height: int) -> tuple[int, int]:
    """Width and height in pixels, even, at most `height` high, in the aspect ratio of the first readable file.

    Raises:
        MediaUnreadableError: No file has a picture.
    """
    tally = Tally()
    for file in files:
        with tallied(file, tally):
            shape = picture_shape(file)
            high = max(2, min(height, shape.height) // 2 * 2)
            return max(2, round(high * shape.aspect / 2) * 2), high
    tally.require("video", files)
    raise AssertionError("a tally without seconds is refused")


def frame_rate(files: Sequence[SourceFile]) -> float | None:
    """Average frame rate in Hz of the first readable file; null where none says."""
    for file in files:
        with tallied(file, Tally()):
            if rate := picture_shape(file).fps:
                return rate
    return None


def pictures(
    files: Sequence[SourceFile], *, fps: Fraction, count: int, size: tuple[int, int], tally: Tally
) -> Iterator[av.VideoFrame]:
    """Pictures of a recording at a constant frame rate, black where there is none.

    Args:
        files: In order of time.
        fps: Of the result, in Hz.
        count: Pictures in the result.
        size: Width and height in pixels.
        tally: Takes what was decoded and lost.

    Returns:
        yuv420p pictures; one that stays comes several times, as the same object.

    Raises:
        MediaUnreadableError: At the end, if too little could be decoded.
    """
    source = _all_pictures(files, tally)
    black = shown = _fitted(av.VideoFrame.from_ndarray(np.zeros((2, 2, 3), np.uint8), format="rgb24"), size)
    current, following = None, next(source, None)
    for n in range(count):
        at = n / fps
        fresh = None
        while following is not None and following.time_s <= at + 1 / (2 * fps):
            current = fresh = following
            following = next(source, None)
        if current is None and following is not None and following.time_s - at <= HOLD_S:
            current = fresh = following
        if fresh is not None:
            shown = _fitted(fresh.frame, size)
        if current is None:
            yield black
        else:
            # A file may hold a picture for as long as it likes; a camera's stream without pictures has lost them.
            goes_on = following is not None and following.file == current.file and not files[current.file].stream
            yield shown if goes_on or at - current.time_s <= HOLD_S else black
    for _ in source:
        pass  # read to the end, so that the tally knows what the files hold
    tally.require("video", files)


@dataclass(frozen=True)
class _Picture:
    time_s: float
    frame: av.VideoFrame
    file: int


def _all_pictures(files: Sequence[SourceFile], tally: Tally) -> Iterator[_Picture]:
    for index, file in enumerate(files):
        for time_s, frame in file_frames(file, "video", 0.0, tally):
            assert isinstance(frame, av.VideoFrame)
            yield _Picture(file.start_s + time_s, frame, index)


def _fitted(frame: av.VideoFrame, size: tuple[int, int]) -> av.VideoFrame:
    if quarters := round(frame.rotation / 90) % 4:
        upright = np.rot90(frame.to_ndarray(format="rgb24"), quarters)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(upright), format="rgb24")
    # JPEG and phones use the full range of values, which players of the proxy do not expect.
    return frame.reformat(width=size[0], height=size[1], format="yuv420p", dst_color_range=ColorRange.MPEG)
