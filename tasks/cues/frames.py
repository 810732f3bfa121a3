"""Numbers of a video's frames, sampled on a fixed grid: brightness, change and dark pixels, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from osmo.tasks.cues.extractor import MediaUndecodableError

WIDTH, HEIGHT = 64, 36
DARK = 64
"""Grey level (of 255) under which a pixel counts as dark."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Trace:
    """One number per sampled frame, in order of time; all arrays of shape (N,).

    Attributes:
        times_s: Seconds from the recording's start.
        brightness: Mean grey level, 0–255.
        change: Mean absolute difference from the sample before, grey levels. The first sample of a window has its
            predecessor outside it: leave that one out.
        dark: Share of pixels under `DARK`, 0–1.
    """

    times_s: Floats
    brightness: Floats
    change: Floats
    dark: Floats

    def window(self, start_s: float, end_s: float) -> Trace:
        """The samples of [start_s, end_s)."""
        inside = (self.times_s >= start_s) & (self.times_s < end_s)
        return Trace(self.times_s[inside], self.brightness[inside], self.change[inside], self.dark[inside])

    def __len__(self) -> int:
        return self.times_s.size


def stretches(windows: Iterable[tuple[float, float]], fps: float) -> list[tuple[float, float]]:
    """Union of time windows, widened to the sampling grid, so that what is sampled in one depends on no other."""
    merged: list[tuple[float, float]] = []
    for start_s, end_s in sorted((np.floor(start * fps + 1e-6) / fps, end) for start, end in windows):
        if merged and start_s <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end_s, merged[-1][1]))
        else:
            merged.append((float(start_s), end_s))
    return merged


def trace(path: Path, windows: Sequence[tuple[float, float]], *, fps: float, offset_s: float = 0.0) -> Trace:
    """Sample the frames of some stretches of a video.

    Args:
        path: A video with an index and frequent keyframes, as the media stage makes it.
        windows: Start and end in seconds of the recording; they may overlap.
        fps: At most so many samples a second: the first frame of each slot of 1 / fps s.
        offset_s: Where the video starts on the recording's clock.

    Raises:
        MediaUndecodableError: It is no video, or damaged.
        FileNotFoundError: It is gone.
    """
    rows: list[tuple[float, float, float, float]] = []
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise MediaUndecodableError(str(path), "it has no video stream")
            for start_s, end_s in stretches(windows, fps):
                rows.extend(_sample(container, start_s - offset_s, end_s - offset_s, fps, offset_s))
    except FileNotFoundError:
        raise
    except av.FFmpegError as error:
        raise MediaUndecodableError(str(path), error.strerror or type(error).__name__) from error
    columns = np.array(rows, dtype=np.float64).reshape(-1, 4).T
    return Trace(*columns)


def _sample(
    container: av.container.InputContainer, start_s: float, end_s: float, fps: float, offset_s: float
) -> Iterable[tuple[float, float, float, float]]:
    stream = container.streams.video[0]
    assert stream.time_base is not None, "a demuxed stream has a time base"
    container.seek(int(max(0.0, start_s) / stream.time_base), stream=stream, backward=True)
    previous: npt.NDArray[np.int16] | None = None
    slot = -1
    for frame in container.decode(stream):
        if frame.time is None or frame.time < start_s - 1e-6:
            continue
        if frame.time >= end_s:
            return
        if (current := int((frame.time + offset_s) * fps + 1e-6)) == slot:
            continue
        slot = current
        small = frame.reformat(WIDTH, HEIGHT, "gray", interpolation="AREA").to_ndarray().astype(np.int16)
        change = 0.0 if previous is None else float(np.abs(small - previous).mean())
        previous = small
        yield frame.time + offset_s, float(small.mean()), change, float((small < DARK).mean())
