"""Writes small VRS files for tests: chosen streams, times, sizes and flaws, record by record.

The format is that of facebookresearch/vrs (`FileFormat.h`, `DescriptionRecord.cpp`, `IndexRecord.h`): a file header, a
record that describes the streams, their records, and, where wanted, an index. The layouts are those of Aria Gen1.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

_FILE = struct.Struct("<8sQIIqqqQQQ4sI")
_RECORD = struct.Struct("<IIiIdHBBI")
_INDEX_ENTRY = struct.Struct("<dIBiH")
_STATE, _CONFIGURATION, _DATA = 1, 2, 3
_INDEX_TYPE, _DESCRIPTION_TYPE = 1, 2
_VERSION = int.from_bytes(b"VRS2", "little")
_NEVER = 1.7976931348623157e308
_BEFORE_ALL = 5e-324  # what Aria stamps configurations with
_LAYOUT_VERSION, _SKELETON_VERSION = 1, 2
_SAMPLE_FORMATS = {"int16": ("int16le", 2), "int32": ("int32le", 13), "float32": ("float32le", 22)}


@dataclass(frozen=True)
class Camera:
    """A stream of pictures: `pixel` is null for JPEG and PNG, else grey8 or rgb8."""

    width: int
    height: int
    fps: float = 10.0
    pixel: str | None = None
    kind: str = "jpg"


@dataclass(frozen=True)
class Microphones:
    """A stream of sound."""

    channels: int = 7
    rate_hz: int = 48_000
    dtype: str = "int32"


@dataclass(frozen=True)
class Clock:
    """A stream that maps the device's clock: mode is TIMECODE or APP."""

    mode: str


Stream = Camera | Microphones | Clock


class VrsWriter:
    """One VRS file in the making."""

    def __init__(self, path: Path, streams: Mapping[str, Stream], *, tags: Mapping[str, str] | None = None) -> None:
        """Begin a file.

        Args:
            path: The file.
            streams: By id, such as 214-1.
            tags: Of the file.
        """
        self._file = path.open("wb")
        self._streams = streams
        self._index: list[bytes] = []
        self._previous = 0
        self._write_header(0)
        self._record(_DESCRIPTION_TYPE, 0, _NEVER, _DATA, _description(streams, tags or {}), indexed=False)
        for stream_id, stream in streams.items():
            kind, instance = _numbers(stream_id)
            self._record(kind, instance, _BEFORE_ALL, _CONFIGURATION, _configuration(stream))
            self._record(kind, instance, 2 * _BEFORE_ALL, _STATE, b"")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def picture(self, stream_id: str, device_s: float, data: bytes | npt.NDArray[np.uint8]) -> None:
        """Add a picture: encoded, or raw pixels."""
        block = data if isinstance(data, bytes) else data.tobytes()
        stamp = struct.pack("<q", round(device_s * 1e9))
        self._record(*_numbers(stream_id), device_s, _DATA, stamp + block)

    def sound(
        self,
        stream_id: str,
        device_s: float,
        samples: npt.NDArray[np.generic],
        *,
        said: int | None = None,
        record_s: float | None = None,
    ) -> None:
        """Add a block of sound of shape (N, C), stamped sample by sample.

        Args:
            stream_id: The stream.
            device_s: When the first sample was taken.
            samples: Of the stream's type.
            said: How many stamps the record says it has; null: as many as it has.
            record_s: The record's own stamp, by which files are sorted; null: `device_s`.
        """
        microphones = self._streams[stream_id]
        assert isinstance(microphones, Microphones)
        steps = np.arange(len(samples)) * 1e9 / microphones.rate_hz
        times = (round(device_s * 1e9) + steps).astype("<i8").tobytes()
        layout = struct.pack("<BII", 0, 0, len(times) if said is None else 8 * said) + times
        data = np.ascontiguousarray(samples, microphones.dtype).tobytes()
        self._record(*_numbers(stream_id), device_s if record_s is None else record_s, _DATA, layout + data)

    def tick(self, stream_id: str, device_s: float, other_s: float) -> None:
        """Add a point of a mapping of clocks."""
        data = struct.pack("<qq", round(device_s * 1e9), round(other_s * 1e9))
        self._record(*_numbers(stream_id), device_s, _DATA, data)

    def finish(self, *, index: bool = True) -> None:
        """End the file, with its index or, as after a crash, without."""
        if index:
            at = self._file.tell()
            ids = [_numbers(stream_id) for stream_id in self._streams]
            head = struct.pack("<I", len(ids)) + b"".join(struct.pack("<iH", *one) for one in ids)
            entries = struct.pack("<I", len(self._index)) + b"".join(self._index)
            self._record(_INDEX_TYPE, 0, _NEVER, _DATA, head + entries, indexed=False)
            self._file.seek(0)
            self._write_header(at)
        self._file.close()

    def _write_header(self, index_at: int) -> None:
        size = _FILE.size
        self._file.write(_FILE.pack(b"VisionRe", 1, size, _RECORD.size, index_at, size, 0, 0, 0, 0, b"cord", _VERSION))

    def _record(
        self, kind: int, instance: int, time_s: float, what: int, payload: bytes, *, indexed: bool = True
    ) -> None:
        size = _RECORD.size + len(payload)
        version = _LAYOUT_VERSION if indexed else _SKELETON_VERSION
        head = _RECORD.pack(size, self._previous, kind, version, time_s, instance, what, 0, 0)
        self._file.write(head + payload)
        self._previous = size
        if indexed:
            self._index.append(_INDEX_ENTRY.pack(time_s, size, what, kind, instance))


def write_vrs(
    path: Path,
    streams: Mapping[str, Stream],
    *,
    pictures: Mapping[str, Sequence[tuple[float, bytes | npt.NDArray[np.uint8]]]] | None = None,
    sound: Mapping[str, Sequence[tuple[float, npt.NDArray[np.generic]]]] | None = None,
    index: bool = True,
) -> Path:
    """Write a whole file: for each stream, device seconds and pictures, or device seconds and blocks of sound."""
    with VrsWriter(path, streams) as file:
        for stream_id, listed in (pictures or {}).items():
            for device_s, data in listed:
                file.picture(stream_id, device_s, data)
        for stream_id, blocks in (sound or {}).items():
            for device_s, samples in blocks:
                file.sound(stream_id, device_s, samples)
        file.finish(index=index)
    return path


def _numbers(stream_id: str) -> tuple[int, int]:
    kind, _, instance = stream_id.partition("-")
    return int(kind), int(instance)


def _configuration(stream: Stream) -> bytes:
    if isinstance(stream, Camera):
        return struct.pack("<dII", stream.fps, stream.width, stream.height)
    if isinstance(stream, Microphones):
        return struct.pack("<BIB", stream.channels, stream.rate_hz, _SAMPLE_FORMATS[stream.dtype][1])
    mode = stream.mode.encode()
    return struct.pack("<dII", 1.0, 0, len(mode)) + mode


def _layouts(stream: Stream) -> tuple[list[object], str, list[object], str]:
    """Layout and format of configurations, then of data."""
    if isinstance(stream, Camera):
        said = [_value("nominal_rate", "double", 0), _value("image_width", "uint32_t", 8)]
        block = stream.kind
        if stream.pixel is not None:
            block = f"raw/{stream.width}x{stream.height}/pixel={stream.pixel}"
        data = [_value("capture_timestamp_ns", "int64_t", 0)]
        return (
            [*said, _value("image_height", "uint32_t", 12)],
            "data_layout/size=16",
            data,
            (f"data_layout/size=8+image/{block}"),
        )
    if isinstance(stream, Microphones):
        said = [_value("audio_channel_count", "uint8_t", 0), _value("audio_sample_rate", "uint32_t", 1)]
        sample = _SAMPLE_FORMATS[stream.dtype][0]
        stamps = {"name": "capture_timestamps_ns", "type": "DataPieceVector<int64_t>", "index": 0}
        sound = f"data_layout+audio/pcm/{sample}/channels={stream.channels}/rate={stream.rate_hz}"
        data = [_value("audio_muted", "uint8_t", 0), stamps]
        return [*said, _value("audio_sample_format", "uint8_t", 5)], "data_layout/size=6", data, sound
    mode = {"name": "mode", "type": "DataPieceString", "index": 0}
    data = [_value("monotonic_timestamp_ns", "int64_t", 0), _value("real_timestamp_ns", "int64_t", 8)]
    return [_value("sample_rate_hz", "double", 0), mode], "data_layout", data, "data_layout/size=16"


def _value(name: str, kind: str, offset: int) -> dict[str, object]:
    return {"name": name, "type": f"DataPieceValue<{kind}>", "offset": offset}


def _description(streams: Mapping[str, Stream], tags: Mapping[str, str]) -> bytes:
    out = [struct.pack("<I", len(streams))]
    for stream_id, stream in streams.items():
        said, said_format, data, data_format = _layouts(stream)
        formats = {
            "DL:Configuration:1:0": json.dumps({"data_layout": said}, separators=(",", ":")),
            "DL:Data:1:0": json.dumps({"data_layout": data}, separators=(",", ":")),
            "RF:Configuration:1": said_format,
            "RF:Data:1": data_format,
            "VRS_Original_Recordable_Name": "Test",
        }
        out += [struct.pack("<iH", *_numbers(stream_id)), _strings({}), _strings(formats)]
    return b"".join([*out, _strings(tags)])


def _strings(pairs: Mapping[str, str]) -> bytes:
    return struct.pack("<I", len(pairs)) + b"".join(
        struct.pack("<I", len(text.encode())) + text.encode() for pair in pairs.items() for text in pair
    )
