"""Visual tracker: brightness, contrast, motion and scene changes of the first-person video, five times a second.

It sees neither faces nor things. Scene changes are PySceneDetect's adaptive detector, which holds a change against the
changes around it, so that a turning head is none; it looks at brightness, of which every video has one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import av
import cv2
import numpy as np
import pyarrow as pa
import scenedetect
from av.video.reformatter import ColorRange
from scenedetect.common import FrameTimecode
from scenedetect.detectors import AdaptiveDetector

from osmo.storage.media import Media
from osmo.tasks.cues.extractor import MediaUndecodableError
from osmo.tasks.tracks.scene import WIDTH, Grey, MotionMeter, small_height
from osmo.tasks.tracks.tracker import Recorded

VERSION = 1
FPS = 5.0
BLOCK_ROWS = 3_000

BLACK, FLAT = 8.0, 2.0
"""Mean and standard deviation in grey levels below which a picture counts as black: a gap in the video, or darkness."""
FARTHEST_S = 1.0
"""Pictures farther apart than this are not compared."""
CUT_WINDOW = 2
"""Samples before and after one that its change is held against."""
LEAST_SCENE = 3
"""Samples between two scene changes."""
_VIDEO_BLACK, _VIDEO_RANGE = 16, 219

_FIELDS: list[pa.Field[Any]] = [
    pa.field("time_s", pa.float64(), nullable=False),
    *(pa.field(name, pa.float32(), nullable=False) for name in ("brightness", "contrast")),
    *(pa.field(name, pa.float32()) for name in ("camera_right", "camera_down", "residual")),
    *(pa.field(name, pa.bool_(), nullable=False) for name in ("cut", "black")),
]
VISUAL_TRACK = pa.schema(_FIELDS)
"""A row a sample. Mean and standard deviation of grey levels (0–255); how fast the camera moves to the right and down,
and the median speed of what moves against that, all in percent of the picture's width per second, null where there is
nothing to compare; whether the scene changes here; whether the picture is black."""


@dataclass
class _Sample:
    time_s: float
    brightness: float
    contrast: float
    camera_right: float | None
    camera_down: float | None
    residual: float | None
    cut: bool
    black: bool


class VisualTracker:
    """The tracker of the labelling proxy's pictures."""

    name = "visual"
    looks_at: tuple[str, ...] = ("proxy",)
    hears_speakers = False
    schema = VISUAL_TRACK

    @property
    def revision(self) -> str:
        """Versions of the code, of PySceneDetect, OpenCV and FFmpeg's decoder."""
        decoder = ".".join(str(part) for part in av.library_versions["libavcodec"])
        return f"{VERSION}+scenedetect-{scenedetect.__version__}+opencv-{cv2.__version__}+avcodec-{decoder}"

    def track(self, recorded: Recorded, media: Media) -> Iterator[pa.Table]:
        """Tables of `VISUAL_TRACK`, ten minutes each.

        Raises:
            MediaUndecodableError: The cached video cannot be decoded.
        """
        path = media.path(recorded.recording_id, "proxy")
        row = media.row(recorded.recording_id, "proxy")
        assert path is not None and row is not None, "the stage asks only for recordings with a proxy"
        waiting: list[_Sample] = []
        try:
            for sample in _samples(str(path), float(str(row["start_s"]))):
                waiting.append(sample)
                if len(waiting) >= BLOCK_ROWS + CUT_WINDOW:  # the detector looks back so far
                    yield _table(waiting[:BLOCK_ROWS])
                    del waiting[:BLOCK_ROWS]
        except FileNotFoundError:
            raise
        except av.FFmpegError as error:
            raise MediaUndecodableError(str(row["uri"]), error.strerror or type(error).__name__) from error
        if waiting:
            yield _table(waiting)


def _samples(path: str, start_s: float) -> Iterator[_Sample]:
    """Samples in order of time; one's `cut` may still be set when two more have come."""
    detector = AdaptiveDetector(min_scene_len=LEAST_SCENE, window_width=CUT_WINDOW, luma_only=True)
    meter: MotionMeter | None = None
    latest: list[_Sample] = []
    grey_before: Grey | None = None
    for number, (time_s, grey) in enumerate(_pictures(path)):
        meter = meter or MotionMeter(grey.shape[0])
        sample = _plain(start_s + time_s, grey)
        if latest and grey_before is not None:
            _add_motion(sample, latest[-1], meter, grey_before, grey)
        grey_before = grey
        latest = [*latest[-2 * CUT_WINDOW :], sample]
        for cut in detector.process_frame(FrameTimecode(number, FPS), cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)):
            _cut(latest[cut.frame_num - number - 1])
        yield sample


def _cut(sample: _Sample) -> None:
    """Two scenes have no motion in common."""
    sample.cut = True
    sample.camera_right = sample.camera_down = sample.residual = None


def _pictures(path: str) -> Iterator[tuple[float, Grey]]:
    """Small grey pictures, at most `FPS` a second: the first of each slot, and its seconds from the start.

    Raises:
        FFmpegError: It is no video, or damaged.
    """
    with av.open(path) as container:
        if not container.streams.video:
            raise MediaUndecodableError(path, "it has no video stream")
        stream = container.streams.video[0]
        size = WIDTH, small_height(stream.width, stream.height)
        slot = -1
        for frame in container.decode(stream):
            if frame.time is None or (current := int(frame.time * FPS + 1e-6)) == slot:
                continue
            slot = current
            yield frame.time, _grey(frame, size)


def _grey(frame: av.VideoFrame, size: tuple[int, int]) -> Grey:
    """The brightness of a frame as a small picture, 0 to 255."""
    if frame.format.name not in ("yuv420p", "yuvj420p"):
        frame = frame.reformat(format="yuv420p")
    plane = frame.planes[0]
    luma = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: frame.height, : frame.width]
    small = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
    if frame.format.name != "yuvj420p" and frame.color_range != ColorRange.JPEG:
        small = cv2.convertScaleAbs(np.maximum(small, _VIDEO_BLACK) - _VIDEO_BLACK, alpha=255 / _VIDEO_RANGE)
    grey: Grey = np.asarray(small, np.uint8)
    return grey


def _plain(time_s: float, grey: Grey) -> _Sample:
    mean, deviation = cv2.meanStdDev(grey)
    brightness, contrast = float(mean[0, 0]), float(deviation[0, 0])
    black = brightness < BLACK and contrast < FLAT
    return _Sample(time_s, round(brightness, 2), round(contrast, 2), None, None, None, False, black)


def _add_motion(sample: _Sample, before: _Sample, meter: MotionMeter, grey_before: Grey, grey: Grey) -> None:
    elapsed_s = sample.time_s - before.time_s
    if elapsed_s > FARTHEST_S:
        return
    motion = meter.between(grey_before, grey)
    if motion is None:
        return
    speeds = (100 * pixels / WIDTH / elapsed_s for pixels in (motion.right, motion.down, motion.residual))
    sample.camera_right, sample.camera_down, sample.residual = (round(speed, 2) + 0.0 for speed in speeds)


def _table(samples: list[_Sample]) -> pa.Table:
    return pa.Table.from_pylist([asdict(sample) for sample in samples], schema=VISUAL_TRACK)


def create_tracker() -> VisualTracker:
    """The tracker of this file."""
    return VisualTracker()
