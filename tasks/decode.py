"""Frames of one source file: opened, decoded and, where it is damaged, what was lost of it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Literal

import av
from av.container import InputContainer
from av.error import FFmpegError

from osmo.tasks.in_order import in_order
from osmo.tasks.source_file import Loss, MediaUnreadableError, PictureShape, SourceFile, Tally
from osmo.tasks.vrs_frames import vrs_frames, vrs_picture

_LOST_S = 1.0  # a stream that ends earlier than it says by more than this, and by more than the share, lost something
_LOST_SHARE = 0.02
_MATROSKA = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)$")  # it states streams' lengths in tags alone


def file_frames(
    file: SourceFile, kind: Literal["audio", "video"], seek_s: float, tally: Tally
) -> Iterator[tuple[float, av.AudioFrame | av.VideoFrame]]:
    """Frames in order of their seconds from the file's start; what cannot be read goes into the tally."""
    with tallied(file, tally):
        read = vrs_frames if file.stream else _frames
        backwards = yield from in_order(read(file, kind, seek_s, tally), _sound_s)
        if backwards:
            what = f"its {kind}: its clock runs backwards {backwards} times, and what overlaps is left out"
            tally.losses.append(Loss(file.label, what))


def picture_shape(file: SourceFile) -> PictureShape:
    """What the pictures of a file are like, as they are to be shown: phones turn theirs.

    Raises:
        MediaUnreadableError: It has no picture, or cannot be opened.
    """
    if file.stream:
        return vrs_picture(file)
    with opened(file, "video") as container:
        stream = container.streams.video[0]
        if not (stream.width and stream.height):
            raise MediaUnreadableError(file.label, "its pictures have no size")
        rate = float(stream.average_rate) if stream.average_rate else None
        aspect = Fraction(stream.width, stream.height) * (stream.sample_aspect_ratio or 1)
        if _is_sideways(container):
            return PictureShape(stream.height, stream.width, 1 / aspect, rate)
        return PictureShape(stream.width, stream.height, aspect, rate)


def _frames(
    file: SourceFile, kind: Literal["audio", "video"], seek_s: float, tally: Tally
) -> Iterator[tuple[float, av.AudioFrame | av.VideoFrame]]:
    with opened(file, kind) as container:
        stream = container.streams.audio[0] if kind == "audio" else container.streams.video[0]
        origin_s = (container.start_time or 0) / av.time_base
        if seek_s > 0:
            container.seek(int((seek_s + origin_s) * av.time_base))
        end_s, broken, problem = 0.0, 0, ""
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets)
                frames = packet.decode()
            except StopIteration:
                break
            except av.error.InvalidDataError:
                broken += 1
                continue
            except FFmpegError as error:
                problem = str(error.strerror)
                break
            for frame in frames:
                assert isinstance(frame, av.AudioFrame | av.VideoFrame)
                time_s = end_s if frame.time is None else frame.time - origin_s
                length_s = _length_s(frame, stream)
                tally.decoded_s += length_s
                end_s = max(end_s, time_s + length_s)
                yield time_s, frame
        if lost := _lost(_declared_s(container, stream), end_s, broken, problem):
            tally.losses.append(Loss(file.label, f"its {kind} is {lost}" if lost[0] == "d" else f"its {kind}: {lost}"))


@contextmanager
def tallied(file: SourceFile, tally: Tally) -> Iterator[None]:
    """Note in `tally` that `file` cannot be read, and go on with the next one."""
    try:
        yield
    except MediaUnreadableError as error:
        tally.losses.append(Loss(file.label, error.problem))


@contextmanager
def opened(file: SourceFile, kind: Literal["audio", "video"]) -> Iterator[InputContainer]:
    """Open a file that has a stream of this kind.

    Raises:
        MediaUnreadableError: It is missing, empty, no media file, or has no such stream.
    """
    if not file.path.is_file():
        raise MediaUnreadableError(file.label, "there is no such file")
    if file.path.stat().st_size == 0:
        raise MediaUnreadableError(file.label, "the file is empty (0 bytes)")
    try:
        container = av.open(str(file.path), metadata_errors="replace")
    except FFmpegError as error:
        raise MediaUnreadableError(file.label, f"not a readable media file ({error.strerror})") from error
    with container:
        if not (container.streams.audio if kind == "audio" else container.streams.video):
            raise MediaUnreadableError(file.label, f"it has no {kind} stream")
        yield container


def _is_sideways(container: InputContainer) -> bool:
    """Whether the file asks players to turn its pictures by a quarter, as phones do."""
    try:
        return any(frame.rotation % 180 != 0 for frame in itertools.islice(container.decode(video=0), 1))
    except FFmpegError:
        return False  # the decoding proper says what is wrong with it


def _sound_s(frame: av.AudioFrame | av.VideoFrame) -> float:
    return frame.samples / frame.sample_rate if isinstance(frame, av.AudioFrame) else 0.0


def _length_s(frame: av.AudioFrame | av.VideoFrame, stream: av.AudioStream | av.VideoStream) -> float:
    if isinstance(frame, av.AudioFrame):
        return frame.samples / frame.sample_rate
    if frame.duration and frame.time_base:
        return float(frame.duration * frame.time_base)
    rate = stream.average_rate if isinstance(stream, av.VideoStream) else None
    return 1 / float(rate) if rate else 0.0


def _declared_s(container: InputContainer, stream: av.AudioStream | av.VideoStream) -> float | None:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    if stated := _MATROSKA.match(stream.metadata.get("DURATION", "")):
        hours, minutes, seconds = (float(part) for part in stated.groups())
        return hours * 3600 + minutes * 60 + seconds
    if len(container.streams) == 1 and container.duration is not None:
        return container.duration / av.time_base
    return None  # the container's length may be that of its other stream


def _lost(declared_s: float | None, end_s: float, broken: int, problem: str) -> str | None:
    if declared_s is not None and declared_s - end_s > max(_LOST_S, _LOST_SHARE * declared_s):
        why = f" ({problem})" if problem else ""
        return f"damaged or cut off: {end_s:.1f} s of {declared_s:.1f} s can be decoded{why}"
    if problem:
        return f"cannot be read beyond {end_s:.1f} s ({problem})"
    return f"{broken} damaged packets were left out" if broken else None
