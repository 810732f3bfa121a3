"""Frames of one stream of a VRS file, as decoders of other media give them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Literal

import av
import numpy as np
import numpy.typing as npt
import PIL.Image

from osmo.tasks.source_file import Loss, MediaUnreadableError, PictureShape, SourceFile, Tally
from osmo.tasks.vrs import VrsFile, VrsStream, VrsUnavailableError, VrsUnreadableError, open_vrs

MICROPHONE = 0
"""The one that is heard: Aria's lower left one, close to the mouth. Several summed would cancel at some pitches."""
_CLOCKWISE_QUARTERS = {"214-1": 1}
"""How often Aria's RGB camera, which is mounted on its side, is turned for an upright picture."""
_BACK_S = 0.05  # a smaller step back in time is jitter
_MOST_PIXELS = 1 << 26


def vrs_frames(
    file: SourceFile, kind: Literal["audio", "video"], seek_s: float, tally: Tally
) -> Iterator[tuple[float, av.AudioFrame | av.VideoFrame]]:
    """Frames with their seconds from the stream's first record; what cannot be read goes into the tally.

    A frame that is stamped before the end of what was read already is left out and counted: clocks may run backwards.

    Raises:
        MediaUnreadableError: The file is no VRS file, or has no such stream.
    """
    with _stream(file, kind) as (vrs, stream):
        length_s = 1 / stream.fps if stream.fps else 0.0
        end_s, back, broken = 0.0, 0, 0
        frames = _sounds(vrs, stream) if kind == "audio" else _pictures(vrs, stream)
        for device_s, frame in frames:
            time_s = device_s - stream.start_s
            if frame is None:
                broken += 1
            elif time_s < end_s - max(_BACK_S, length_s) or time_s < -_BACK_S:
                back += 1
            else:
                if isinstance(frame, av.AudioFrame):
                    length_s = frame.samples / frame.sample_rate
                tally.decoded_s += length_s
                end_s = max(end_s, time_s + length_s)
                if end_s > seek_s:
                    yield max(0.0, time_s), frame
        for what in _losses(kind, back, broken, vrs.lost):
            tally.losses.append(Loss(file.label, what))


def vrs_picture(file: SourceFile) -> PictureShape:
    """Size and rate of a stream of pictures, upright.

    Raises:
        MediaUnreadableError: The file is no VRS file, has no such stream, or no picture of it can be decoded.
    """
    with _stream(file, "video") as (vrs, stream):
        for _, frame in _pictures(vrs, stream):
            if frame is not None:
                return PictureShape(frame.width, frame.height, Fraction(frame.width, frame.height), stream.fps)
    raise MediaUnreadableError(file.label, "no picture of it can be decoded")


def vrs_channels(file: SourceFile) -> tuple[int, int]:
    """Microphones of a stream of sound, and its sample rate in Hz.

    Raises:
        MediaUnreadableError: The file is no VRS file, or has no such stream.
    """
    with _stream(file, "audio") as (_, stream):
        return stream.channels or 0, stream.sample_rate_hz or 0


def vrs_blocks(file: SourceFile) -> Iterator[tuple[float, npt.NDArray[np.float32]]]:
    """Blocks of all microphones of shape (N, C), -1 to 1, with their seconds from the stream's first record.

    Raises:
        MediaUnreadableError: The file is no VRS file, or has no such stream.
    """
    with _stream(file, "audio") as (vrs, stream):
        for device_s, samples in vrs.sound(stream.stream_id):
            yield device_s - stream.start_s, samples


@contextmanager
def _stream(file: SourceFile, kind: Literal["audio", "video"]) -> Iterator[tuple[VrsFile, VrsStream]]:
    assert file.stream is not None, "a VRS file is read by stream"
    try:
        with open_vrs(file.path) as vrs:
            stream = vrs.streams.get(file.stream)
            if stream is None or (stream.channels is not None) != (kind == "audio"):
                raise MediaUnreadableError(file.label, f"it has no {kind} in stream {file.stream}")
            yield vrs, stream
    except FileNotFoundError as error:
        raise MediaUnreadableError(file.label, "there is no such file") from error
    except VrsUnreadableError as error:
        raise MediaUnreadableError(file.label, error.problem) from error
    except VrsUnavailableError as error:
        raise MediaUnreadableError(file.label, str(error)) from error


def _sounds(vrs: VrsFile, stream: VrsStream) -> Iterator[tuple[float, av.AudioFrame | None]]:
    for device_s, samples in vrs.sound(stream.stream_id):
        heard = np.clip(np.nan_to_num(samples[:, min(MICROPHONE, samples.shape[1] - 1)]), -1, 1)
        if not len(heard):
            continue
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(heard[np.newaxis]), format="flt", layout="mono")
        frame.sample_rate = stream.sample_rate_hz or 0
        yield device_s, frame


def _pictures(vrs: VrsFile, stream: VrsStream) -> Iterator[tuple[float, av.VideoFrame | None]]:
    turns = _CLOCKWISE_QUARTERS.get(stream.stream_id, 0)
    for device_s, data in vrs.images(stream.stream_id):
        pixels = _decoded(data) if isinstance(data, bytes) else data
        if pixels is None or pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] != 3):
            yield device_s, None
            continue
        upright = np.ascontiguousarray(np.rot90(pixels, -turns))
        yield device_s, av.VideoFrame.from_ndarray(upright, format="gray" if upright.ndim == 2 else "rgb24")


def _decoded(data: bytes) -> npt.NDArray[np.uint8] | None:
    """Pixels of a JPEG or PNG; null: it cannot be decoded."""
    try:
        with PIL.Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                return None
            return np.asarray(picture.convert("L" if picture.mode == "L" else "RGB"))
    except (OSError, SyntaxError, ValueError, PIL.Image.DecompressionBombError):
        return None


def _losses(kind: str, back: int, broken: int, lost: str | None) -> Iterator[str]:
    if back:
        yield f"its {kind}: {back} frames are stamped before the end of the one before and were left out"
    if broken:
        yield f"its {kind}: {broken} damaged frames were left out"
    if lost:
        yield f"its {kind}: {lost}"
