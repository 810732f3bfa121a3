"""Asks a media file what it holds, without decoding it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
from av.container import InputContainer
from av.error import FFmpegError

# Formats whose file is a list of other files or addresses: a recording's media must be in the file itself.
_PLAYLISTS = frozenset({"hls", "concat", "dash", "sdp", "rtsp", "applehttp"})


class UnreadableMediaError(ValueError):
    """A media file that cannot be opened or that does not say how long it is."""


@dataclass(frozen=True)
class Probe:
    """What a media file holds.

    Attributes:
        duration_s: Length in seconds, above 0.
        video: Whether it has a picture track (a cover image is none).
        audio: Whether it has a sound track.
        fps: Mean frame rate of the picture track in Hz; null: has none or does not say.
    """

    duration_s: float
    video: bool
    audio: bool
    fps: float | None


def probe(path: Path) -> Probe:
    """What a media file holds.

    Raises:
        UnreadableMediaError: It is empty, truncated before its index, no media, or a list of other files.
    """
    if path.stat().st_size == 0:
        raise UnreadableMediaError("it has zero bytes")
    try:
        with av.open(str(path), metadata_errors="ignore", options={"protocol_whitelist": "file"}) as container:
            if _PLAYLISTS & set(container.format.name.split(",")):
                raise UnreadableMediaError(f"it is a {container.format.name} list of other files")
            pictures = [s for s in container.streams.video if not s.disposition & s.disposition.attached_pic]
            rate = pictures[0].average_rate if pictures else None
            return Probe(
                duration_s=_duration_s(container),
                video=bool(pictures),
                audio=bool(container.streams.audio),
                fps=float(rate) if rate else None,
            )
    except FFmpegError as error:
        raise UnreadableMediaError(f"it cannot be opened: {error.strerror}") from error


def cut_short(path: Path) -> str | None:
    """How much of a WAVE file is missing by its own header; null: nothing, or the file is of another format.

    A decoder takes such a file for a shorter one, so that nothing else would tell. Recorders that write to a pipe
    leave 0 or the largest number as the size: they say nothing.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return None
    said = int.from_bytes(head[4:8], "little")
    if said in (0, 0xFFFFFFFF) or size >= said + 8:
        return None
    return f"it is cut short: {size} of {said + 8} bytes"


def _duration_s(container: InputContainer) -> float:
    if container.duration is not None and container.duration > 0:
        return container.duration / av.time_base
    # Files that a browser records live carry no length: the last packet tells.
    ends = [
        float((packet.pts + (packet.duration or 0)) * packet.time_base)
        for packet in container.demux()
        if packet.pts is not None and packet.time_base is not None
    ]
    if not ends or max(ends) <= 0:
        raise UnreadableMediaError("it does not say how long it is")
    return max(ends)
