"""Decodes the single pictures of a stream, each on its own, and turns them upright."""

from __future__ import annotations

import io

import av
import numpy as np
import numpy.typing as npt
import PIL.Image
from av.error import FFmpegError

_JPEG = b"\xff\xd8"
_MOST_PIXELS = 1 << 26
_PLANAR = ("yuv420p", "yuvj420p")

Pixels = npt.NDArray[np.uint8]


class StillPictures:
    """Decodes pictures of one stream: JPEG, PNG, or raw pixels of shape (H, W) or (H, W, 3)."""

    def __init__(self, *, quarters: int) -> None:
        """Set up.

        Args:
            quarters: How often they are turned clockwise by 90 degrees.
        """
        self._quarters = quarters % 4
        self._jpeg = av.CodecContext.create("mjpeg", "r")
        self._jpeg.thread_count = 1
        self._jpeg.options = {"err_detect": "explode", "max_pixels": str(_MOST_PIXELS)}

    def upright(self, data: bytes | Pixels) -> av.VideoFrame | None:
        """The picture; null where it is damaged, or larger than a camera's can be."""
        frame = self._decoded(data) if isinstance(data, bytes) else _framed(data)
        return frame if frame is None or not self._quarters else self._turned(frame)

    def _decoded(self, data: bytes) -> av.VideoFrame | None:
        if not data.startswith(_JPEG):
            return _png(data)
        try:
            frames = self._jpeg.decode(av.Packet(data))
        except FFmpegError:
            return None
        (frame,) = frames if len(frames) == 1 else (None,)
        assert frame is None or isinstance(frame, av.VideoFrame)
        return frame

    def _turned(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Turned plane by plane where it has planes of half the size, which is three times as fast as by pixels."""
        width, height = frame.width, frame.height
        if frame.format.name not in _PLANAR or width % 2 or height % 2:
            kind = "gray" if frame.format.name == "gray" else "rgb24"
            return _framed(np.rot90(frame.to_ndarray(format=kind), -self._quarters))
        planes = frame.to_ndarray().reshape(-1)
        light, colour = width * height, width * height // 4
        shapes = [(0, height, width), (light, height // 2, width // 2), (light + colour, height // 2, width // 2)]
        turned = [
            np.rot90(planes[at : at + high * wide].reshape(high, wide), -self._quarters).reshape(-1)
            for at, high, wide in shapes
        ]
        across = height if self._quarters % 2 else width
        out = av.VideoFrame.from_ndarray(np.concatenate(turned).reshape(-1, across), format=frame.format.name)
        out.color_range, out.colorspace = frame.color_range, frame.colorspace
        return out


def _framed(pixels: Pixels) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="gray" if pixels.ndim == 2 else "rgb24")


def _png(data: bytes) -> av.VideoFrame | None:
    try:
        with PIL.Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                return None
            return _framed(np.asarray(picture.convert("L" if picture.mode == "L" else "RGB")))
    except (OSError, SyntaxError, ValueError, PIL.Image.DecompressionBombError):
        return None
