"""Frames of a cached eye video, one after the other: brightness, time, and whether one only repeats the one before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange

from osmo.tasks.cues.extractor import MediaUndecodableError
from osmo.tasks.eyes.layout import Gray
from osmo.tasks.eyes.ranks import ranked

SAME, SAME_AT_KEYFRAME = 0.1, 0.8
"""Mean difference in grey levels up to which a frame repeats the one before: a constant frame rate fills what the
camera dropped. Keyframes are coded anew and differ more. Genuine frames of an open eye differ by their noise alone by
0.7 to 2, as long as the encoder keeps it."""
TELLS_REPEATS_HZ = 15.0
"""Frame rate of the video above which nothing is called repeated: the encoder leaves the noise of near frames out, so
that genuine frames of a still eye are as alike as repeated ones."""
BLACK = 12.0
"""Grey level that a frame's brightest hundredth must exceed; under it the camera gave nothing."""
_VIDEO_BLACK, _VIDEO_RANGE = 16, 219
_FULL_RANGE = np.clip(np.rint((np.arange(256) - _VIDEO_BLACK) * (255 / _VIDEO_RANGE)), 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class EyeFrame:
    """One frame of the eye camera.

    Attributes:
        time_s: Seconds from the video's start.
        gray: Grey levels, shape (H, W).
        repeated: Whether it shows what the frame before showed.
        black: Whether it shows nothing.
    """

    time_s: float
    gray: Gray
    repeated: bool
    black: bool


def eye_frames(path: Path) -> Iterator[EyeFrame]:
    """Every frame of a video, in order of time.

    Raises:
        MediaUndecodableError: It is no video, or damaged.
        FileNotFoundError: It is gone.
    """
    before: Gray | None = None
    latest_s = -np.inf
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise MediaUndecodableError(str(path), "it has no video stream")
            stream = container.streams.video[0]
            stream.thread_count = 1
            slow = float(stream.average_rate or 0) <= TELLS_REPEATS_HZ
            for frame in container.decode(stream):
                if frame.time is None or frame.time <= latest_s:
                    continue
                latest_s = frame.time
                gray = _luma(frame)
                same = SAME_AT_KEYFRAME if frame.key_frame else SAME
                repeated = slow and before is not None and before.shape == gray.shape and _differ(before, gray) < same
                black = ranked(gray[::8, ::8], 0.99)[0] <= BLACK
                before = gray
                yield EyeFrame(latest_s, gray, repeated, black)
    except FileNotFoundError:
        raise
    except av.FFmpegError as error:
        raise MediaUndecodableError(str(path), error.strerror or type(error).__name__) from error


def _differ(one: Gray, other: Gray) -> float:
    return float(np.abs(one[::2, ::2].astype(np.int16) - other[::2, ::2]).mean())


def _luma(frame: av.VideoFrame) -> Gray:
    """The brightness of a frame, 0 to 255."""
    if frame.format.name not in ("yuv420p", "yuvj420p"):
        frame = frame.reformat(format="yuv420p")
    plane = frame.planes[0]
    luma = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: frame.height, : frame.width]
    if frame.format.name == "yuvj420p" or frame.color_range == ColorRange.JPEG:
        return luma.copy()
    return np.asarray(_FULL_RANGE[luma], np.uint8)
