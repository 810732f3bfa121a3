"""Frames of one source file: opened, decoded and, where it is damaged, what was lost of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import av
from av.container import InputContainer
from av.error import FFmpegError

USABLE_S = 1.0
"""Of a damaged stream at least so many seconds must be readable for it to be used."""

_LOST_S = 1.0  # a stream that ends earlier than it says by more than this, and by more than the share, lost something
_LOST_SHARE = 0.02
_MATROSKA = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)$")  # it states streams' lengths in tags alone


@dataclass(frozen=True)
class SourceFile:
    """A local media file, where it starts on the recording's clock in seconds, and what messages call it."""

    path: Path
    start_s: float = 0.0
    name: str = ""

    @property
    def label(self) -> str:
        """What messages call it."""
        return self.name or str(self.path)


class MediaUnreadableError(RuntimeError):
    """A stream of which less than a second can be decoded."""

    def __init__(self, where: str, problem: str) -> None:
        self.where = where
        self.problem = problem
        super().__init__(f"{where}: {problem}. Replace the file by a whole copy and ingest again.")


@dataclass(frozen=True)
class Loss:
    """What could not be read of a file: the file and one line."""

    where: str
    what: str


@dataclass
class Tally:
    """What a decoding gave and what it lost.

    Attributes:
        decoded_s: Seconds decoded.
        losses: Of files that could not be read to their end, or at all.
    """

    decoded_s: float = 0.0
    losses: list[Loss] = field(default_factory=list)

    def require(self, kind: str, files: Sequence[SourceFile]) -> None:
        """Refuse a stream that holds nothing, or was damaged to less than `USABLE_S`.

        Raises:
            MediaUnreadableError: It is so.
        """
        if self.decoded_s == 0 or (self.losses and self.decoded_s < USABLE_S):
            where = self.losses[0].where if self.losses else files[0].label
            found = self.losses[0].what if self.losses else "nothing in it can be decoded"
            more = f" (and {len(self.losses) - 1} more files)" if len(self.losses) > 1 else ""
            raise MediaUnreadableError(where, f"no usable {kind}: {found}{more}")


def file_frames(
    file: SourceFile, kind: Literal["audio", "video"], seek_s: float, tally: Tally
) -> Iterator[tuple[float, av.AudioFrame | av.VideoFrame]]:
    """Frames with their seconds from the file's start; what cannot be read goes into the tally."""
    with tallied(file, tally), opened(file, kind) as container:
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
