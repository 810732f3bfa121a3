"""The media of an item: from its URIs to files that are known to be decodable, and nowhere else from."""

from __future__ import annotations

import base64
import binascii
import math
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

import av

TOLERANCE_S = 0.1
"""How far a clip's sound or last picture may stand past its longest: codecs pad."""

Kind = Literal["audio", "video"]

_TYPES: dict[Kind, tuple[str, ...]] = {"audio": ("audio/wav", "audio/x-wav", "audio/wave"), "video": ("video/mp4",)}
# Naming the format keeps FFmpeg from reading playlists, which may name other files and addresses.
_FORMATS: dict[Kind, str] = {"audio": "wav", "video": "mp4"}
_DATA = re.compile(r"data:(?P<type>[\w.+-]+/[\w.+-]+)(?:;[\w.+-]+=[\w.+-]+)*;base64,", re.ASCII)


class MediaRefusedError(ValueError):
    """Media that an item cannot be answered with; the message says why."""


@dataclass(frozen=True)
class MediaRules:
    """What a sidecar takes.

    Attributes:
        root: Folder below which file: URIs may point; null: none may.
        max_bytes: Largest file.
        max_clip_s: Longest clip in seconds.
    """

    root: Path | None
    max_bytes: int
    max_clip_s: float


def fetch(uri: str, kind: Kind, folder: Path, name: str, rules: MediaRules) -> Path:
    """The file that a URI means. Nothing is ever fetched from an address.

    Args:
        uri: data: with base64, or file: below the rules' folder.
        kind: What it must be.
        folder: Where the content of a data: URI is put.
        name: Under which name, without suffix.
        rules: What is taken.

    Raises:
        MediaRefusedError: It is anything else, too large or not there.
    """
    scheme = uri[:10].partition(":")[0].lower()
    if scheme == "data":
        path = folder / f"{name}.{_FORMATS[kind]}"
        path.write_bytes(_content(uri, kind, rules.max_bytes))
        return path
    if scheme == "file":
        return _below(uri, kind, rules)
    raise MediaRefusedError(f"{kind}_uri has the scheme {scheme[:10]!r}; expected data: or file:")


def check(path: Path, kind: Kind, max_clip_s: float) -> None:
    """Decode sound whole, and of a film its first picture.

    Raises:
        MediaRefusedError: It cannot be decoded, is empty or is longer than `max_clip_s`.
    """
    try:
        with av.open(str(path), format=_FORMATS[kind]) as container:
            seconds = (_sound_s if kind == "audio" else _film_s)(container, max_clip_s + TOLERANCE_S)
    except av.FFmpegError as error:
        raise MediaRefusedError(f"{kind} cannot be decoded as {_FORMATS[kind].upper()}: {error.strerror}") from error
    if seconds <= 0:
        raise MediaRefusedError(f"{kind} holds nothing")
    if seconds > max_clip_s + TOLERANCE_S:
        raise MediaRefusedError(f"{kind} is longer than max_clip_s, {max_clip_s:g} s: cut it")


def _content(uri: str, kind: Kind, max_bytes: int) -> bytes:
    head = _DATA.match(uri[:200])
    if head is None or head["type"].lower() not in _TYPES[kind]:
        raise MediaRefusedError(f"{kind}_uri starts with {uri[:40]!r}; expected data:{_TYPES[kind][0]};base64,")
    encoded = uri[head.end() :]
    if len(encoded) * 3 // 4 > max_bytes + 2:
        raise MediaRefusedError(f"{kind} has about {len(encoded) * 3 // 4} bytes; at most {max_bytes} are taken")
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MediaRefusedError(f"{kind}_uri is no base64: {error}") from error


def _below(uri: str, kind: Kind, rules: MediaRules) -> Path:
    if rules.root is None:
        raise MediaRefusedError(f"{kind}_uri is a file: URI, and the sidecar was started without --media-root")
    outside = MediaRefusedError(f"{kind}_uri names no file below the sidecar's --media-root")
    try:
        parts = urlsplit(uri)
        path = Path(unquote(parts.path)).resolve(strict=True)
        status = path.stat()
    except (OSError, ValueError, RuntimeError) as error:
        raise outside from error
    if parts.netloc not in ("", "localhost") or not path.is_relative_to(rules.root.resolve()):
        raise outside
    if not stat.S_ISREG(status.st_mode):
        raise outside
    if status.st_size > rules.max_bytes:
        raise MediaRefusedError(f"{kind} has {status.st_size} bytes; at most {rules.max_bytes} are taken")
    return path


def _sound_s(container: av.container.InputContainer, enough_s: float) -> float:
    """Length of the sound, decoded; no further than a little past `enough_s`."""
    if not container.streams.audio:
        raise MediaRefusedError("audio has no sound track")
    seconds = 0.0
    for frame in container.decode(container.streams.audio[0]):
        seconds += frame.samples / frame.sample_rate
        if seconds > enough_s:
            break
    return seconds


def _film_s(container: av.container.InputContainer, enough_s: float) -> float:
    """Length of the pictures by their packets; the first picture is decoded."""
    if not container.streams.video:
        raise MediaRefusedError("video has no pictures")
    stream = container.streams.video[0]
    if next(container.decode(stream), None) is None:
        return 0.0
    container.seek(0, stream=stream)
    first, last = math.inf, -math.inf
    for packet in container.demux(stream):
        if packet.pts is None or packet.time_base is None:
            continue
        first = min(first, float(packet.pts * packet.time_base))
        last = max(last, float((packet.pts + (packet.duration or 0)) * packet.time_base))
        if last - first > enough_s:
            break
    return max(0.0, last - first)
