"""Frames of one stream of a VRS file, as decoders of other media give them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Literal

import av
import numpy as np
import numpy.typing as npt
import scipy.signal

from osmo.tasks.source_file import Loss, MediaUnreadableError, PictureShape, SourceFile, Tally
from osmo.tasks.still_pictures import StillPictures
from osmo.tasks.vrs import VrsFile, VrsStream, VrsUnreadableError, open_vrs

MICROPHONE = 0
"""The one that is heard, of however many: Aria's first lies in the lower rim, nearest to the mouth, and is the left
channel of Meta's own converter. The sum of several would cancel at the pitches that reach them half a wave apart."""
_CLOCKWISE_QUARTERS = {"214-1": 1}
"""How often Aria's RGB camera, which is mounted on its side, is turned for an upright picture."""
_CUTOFF_HZ = 20.0


def vrs_frames(
    file: SourceFile, kind: Literal["audio", "video"], seek_s: float, tally: Tally
) -> Iterator[tuple[float, av.AudioFrame | av.VideoFrame]]:
    """Frames as they are read, with their seconds from the stream's first record; losses go into the tally.

    Raises:
        MediaUnreadableError: The file is no VRS file, has no such stream, or broke off after the frames so far.
    """
    with _stream(file, kind) as (vrs, stream):
        skipped: list[str] = []
        from_s = stream.start_s + seek_s if seek_s > 0 else 0.0
        read = _sounds if kind == "audio" else _pictures
        broken = 0
        try:
            for device_s, frame in read(vrs, stream, from_s, skipped):
                if frame is None:
                    broken += 1
                    continue
                tally.decoded_s += _length_s(frame, stream)
                yield device_s - stream.start_s, frame
        finally:
            what = [f"{broken} pictures cannot be decoded"] if broken else []
            lost = [*what, *skipped, *([vrs.lost] if vrs.lost else [])]
            tally.losses += [Loss(file.label, f"its {kind}: {line}") for line in lost]


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
            if kind == "audio" and not (stream.channels and stream.sample_rate_hz):
                raise MediaUnreadableError(file.label, "its sound has no channels, or no sample rate")
            yield vrs, stream
    except FileNotFoundError as error:
        raise MediaUnreadableError(file.label, "there is no such file") from error
    except VrsUnreadableError as error:
        raise MediaUnreadableError(file.label, error.problem) from error


def _length_s(frame: av.AudioFrame | av.VideoFrame, stream: VrsStream) -> float:
    if isinstance(frame, av.AudioFrame):
        return frame.samples / frame.sample_rate
    return 1 / stream.fps if stream.fps else stream.end_s - stream.start_s


def _sounds(
    vrs: VrsFile, stream: VrsStream, from_s: float, skipped: list[str]
) -> Iterator[tuple[float, av.AudioFrame | None]]:
    """Sound of one microphone without its constant part, which on these glasses is larger than quiet speech."""
    rate = stream.sample_rate_hz or 0
    pole = 1 - 2 * math.pi * _CUTOFF_HZ / rate
    state: npt.NDArray[np.float64] | None = None
    for device_s, samples in vrs.sound(stream.stream_id, from_s, skipped):
        if not len(samples):
            continue
        heard = np.nan_to_num(samples[:, min(MICROPHONE, samples.shape[1] - 1)]).astype(np.float64)
        state = -heard[:1] if state is None else state
        level, state = scipy.signal.lfilter([1.0, -1.0], [1.0, -pole], heard, zi=state)
        mono = np.clip(level, -1, 1).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(mono[np.newaxis], format="flt", layout="mono")
        frame.sample_rate = rate
        yield device_s, frame


def _pictures(
    vrs: VrsFile, stream: VrsStream, from_s: float = 0.0, skipped: list[str] | None = None
) -> Iterator[tuple[float, av.VideoFrame | None]]:
    still = StillPictures(quarters=_CLOCKWISE_QUARTERS.get(stream.stream_id, 0))
    for device_s, data in vrs.images(stream.stream_id, from_s, skipped):
        yield device_s, still.upright(data)
