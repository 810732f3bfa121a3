"""Reads a VRS file in a process of its own, and writes what it holds to standard output.

The VRS library dies of damaged files (it reads beyond its buffers) and logs to standard error. Here it can do both:
whoever started this process goes on. `tasks/vrs_process.py` starts it and understands what it writes.

Usage: python -m osmo.tasks.vrs_worker FILE describe | clock | images STREAM FROM_S | sound STREAM FROM_S
"""

from __future__ import annotations

import json
import math
import os
import resource
import struct
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

HEADER = struct.Struct("<II")
"""Before each message: the lengths of its JSON object and of the bytes behind it."""

UNREADABLE = (RuntimeError, ValueError, LookupError, TypeError, OSError, MemoryError)
"""What the library raises for what it cannot read."""

_MEMORY_BYTES = 8 << 30  # damaged sizes ask for more
_LONGEST_S = 1e8  # stamps beyond three years on a device's clock are damage
_NS = 1e-9
_CLOCKS = "285-"
_SOUND_TYPES = ("int8", "int16", "int32", "float32")
_DEPTHS = {"grey8": 1, "rgb8": 3, "bgr8": 3}
_FEWEST_STAMPS = 8

Message = tuple[Mapping[str, object], bytes]


class _UnknownFormatError(ValueError):
    """Pixels or samples in a format that nobody here understands."""


def main(path: str, command: str, stream_id: str = "", from_s: str = "0") -> None:
    """Carry out one command, one message after the other."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing but messages goes to where they go
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY or soft > _MEMORY_BYTES:
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, hard))
    from pyvrs import SyncVRSReader

    try:
        reader = SyncVRSReader(path)
        if command == "describe":
            _send(out, _description(reader), b"")
        elif command == "clock":
            _send(out, {"points": list(_clock_points(reader))}, b"")
        else:
            read = _pictures if command == "images" else _sound
            for said, data in _read(reader, stream_id, float(from_s), read):
                _send(out, said, data)
    except UNREADABLE as error:
        _send(out, {"error": (str(error).splitlines() or [type(error).__name__])[0]}, b"")
    _send(out, {"end": True}, b"")
    out.close()


def _send(out: BinaryIO, said: Mapping[str, object], data: bytes) -> None:
    text = json.dumps(said).encode()
    out.write(HEADER.pack(len(text), len(data)) + text + data)
    out.flush()


def _records(reader: Any, stream_id: str, kind: str = "data") -> Any:
    return reader.filtered_by_fields(stream_ids=stream_id, record_types=kind)


def _description(reader: Any) -> dict[str, object]:
    streams = [_stream(reader, stream_id) for stream_id in sorted(reader.stream_ids)]
    tags = {str(key): str(value) for key, value in reader.file_tags.items()}
    return {"tags": tags, "streams": [stream for stream in streams if stream is not None]}


def _stream(reader: Any, stream_id: str) -> dict[str, object] | None:
    """What a stream of pictures or sound holds; null: it is of neither, or has no data."""
    records = _records(reader, stream_id)
    if not len(records):
        return None
    try:
        first = records[0]
        if first.n_audio_blocks:
            return {"stream_id": stream_id, "records": len(records), **_sound_shape(records)}
        if first.n_image_blocks:
            said = _configuration(reader, stream_id)
            return {"stream_id": stream_id, "records": len(records), **_picture_shape(records, said)}
    except UNREADABLE:
        return {"stream_id": stream_id, "unreadable": True}
    return None


def _sound_shape(records: Any) -> dict[str, object]:
    spec = records[0].audio_specs[0]
    rate = int(spec.sample_rate)
    start_s, _ = _first_block(records, range(len(records)))
    last_s, samples = _first_block(records, range(len(records) - 1, -1, -1))
    end_s = last_s + len(samples) / max(1, rate)
    return {"start_s": start_s, "end_s": end_s, "channels": int(spec.channel_count), "sample_rate_hz": rate}


def _first_block(records: Any, order: Iterable[int]) -> tuple[float, npt.NDArray[Any]]:
    """The first block in this order that can be read, and its time."""
    for n in order:
        try:
            record = records[n]
            return _block_start_s(record), _samples(record, 0)
        except _UnknownFormatError:
            raise
        except UNREADABLE:
            continue
    raise ValueError("no block of sound can be read")


def _picture_shape(records: Any, said: Mapping[str, Any]) -> dict[str, object]:
    times = np.asarray(records.get_timestamp_list(), np.float64)
    times = times[np.isfinite(times) & (times >= 0) & (times < _LONGEST_S)]
    steps = np.diff(times)
    steps = steps[steps > 0]
    fps = 1 / float(np.median(steps)) if steps.size else None
    said_hz = float(said.get("nominal_rate") or 0)
    length_s = 1 / fps if fps else 1 / said_hz if said_hz > 0 else 0.0
    spec = records[0].image_specs[0]
    width = int(spec.width) or int(said.get("image_width") or 0) or None
    height = int(spec.height) or int(said.get("image_height") or 0) or None
    span = {"start_s": float(times.min()), "end_s": float(times.max()) + length_s}
    return {**span, "fps": fps, "width": width, "height": height}


def _configuration(reader: Any, stream_id: str) -> dict[str, Any]:
    said: dict[str, Any] = {}
    records = _records(reader, stream_id, "configuration")
    for block in records[0].metadata_blocks if len(records) else ():
        said.update(block)
    return said


def _clock_points(reader: Any) -> Iterator[tuple[str, float, float]]:
    for stream_id in sorted(reader.stream_ids):
        if not stream_id.startswith(_CLOCKS):
            continue
        mode = str(_configuration(reader, stream_id).get("mode", ""))
        for record in _records(reader, stream_id):
            for block in record.metadata_blocks:
                device, other = block["monotonic_timestamp_ns"], block["real_timestamp_ns"]
                yield mode, float(device) * _NS, float(other) * _NS


def _read(reader: Any, stream_id: str, from_s: float, read: Any) -> Iterator[Message]:
    """Messages of a stream's records in the order of their time stamps; what cannot be read is counted."""
    damaged = 0
    if stream_id in reader.stream_ids:
        records = _records(reader, stream_id)
        for n in range(len(records)):
            try:
                at_s = records.get_timestamp_for_index(n)
                if at_s >= from_s or not math.isfinite(at_s):
                    yield from read(records[n])
            except _UnknownFormatError:
                raise
            except UNREADABLE:
                damaged += 1
    yield {"damaged": damaged}, b""


def _pictures(record: Any) -> Iterator[Message]:
    for n in range(record.n_image_blocks):
        block, spec = np.asarray(record.image_blocks[n]), record.image_specs[n]
        said: dict[str, object] = {"t": _plausible(float(record.timestamp))}
        kind = str(spec.image_format)
        if kind not in ("jpg", "png", "raw"):
            raise _UnknownFormatError(f"its pictures are of the format {kind}, which cannot be read here")
        if kind == "raw":
            pixels = _pixels(block, spec)
            yield {**said, "shape": pixels.shape}, pixels.tobytes()
        else:
            yield said, block.tobytes()


def _pixels(block: npt.NDArray[Any], spec: Any) -> npt.NDArray[np.uint8]:
    kind = str(spec.pixel_format)
    if kind not in _DEPTHS:
        raise _UnknownFormatError(f"its pixels are of the format {kind}, which cannot be read here")
    width, height, depth = int(spec.width), int(spec.height), _DEPTHS[kind]
    data = np.ascontiguousarray(block).view(np.uint8).reshape(-1)
    stride = int(spec.stride) or width * depth
    lines = data[: stride * height].reshape(height, stride)[:, : width * depth]
    pixels = lines.reshape(height, width, depth)
    return pixels[:, :, 0] if depth == 1 else pixels[:, :, ::-1] if kind == "bgr8" else pixels


def _sound(record: Any) -> Iterator[Message]:
    at_s = _block_start_s(record)
    for n in range(record.n_audio_blocks):
        samples = _samples(record, n)
        yield {"t": at_s, "dtype": samples.dtype.name, "shape": samples.shape}, samples.tobytes()
        at_s += len(samples) / int(record.audio_specs[n].sample_rate)


def _samples(record: Any, n: int) -> npt.NDArray[Any]:
    """Samples of a block, of shape (N, C)."""
    block = np.asarray(record.audio_blocks[n])
    if not block.size:
        return np.zeros((0, int(record.audio_specs[n].channel_count)), np.int16)
    if block.ndim != 2 or block.dtype.name not in _SOUND_TYPES:
        raise _UnknownFormatError(f"its sound is {block.dtype.name} of shape {block.shape}, not samples by channels")
    if n:
        return block
    data = np.ascontiguousarray(block).tobytes()
    surplus = stamps_in(data, _stamps(record))
    row = block.itemsize * block.shape[1]
    whole = surplus + (len(data) - surplus) // row * row
    return np.frombuffer(data[surplus:whole], block.dtype).reshape(-1, block.shape[1])


def stamps_in(data: bytes, stamps: npt.NDArray[np.int64]) -> int:
    """Bytes at a block's head that are not sound but its time stamps.

    A record that understates how many stamps it has (the sample put together from parts does) makes the library read
    the others as sound: a click in each block. They are known by going on where the list ends, at its own pace.
    """
    if len(stamps) < _FEWEST_STAMPS:
        return 0
    pace = (int(stamps[-1]) - int(stamps[0])) / (len(stamps) - 1)
    following = np.frombuffer(data[: len(data) // 8 * 8], np.int64)
    steps = np.diff(np.concatenate([stamps[-1:], following]).astype(np.float64))
    goes_on = np.abs(steps - pace) <= pace / 2
    count = len(goes_on) if goes_on.all() else int(goes_on.argmin())
    return count * 8 if count >= _FEWEST_STAMPS else 0


def _stamps(record: Any) -> npt.NDArray[np.int64]:
    for block in record.metadata_blocks:
        stamps = block.get("capture_timestamps_ns")
        if stamps is not None:
            return np.asarray(stamps, np.int64)
    return np.empty(0, np.int64)


def _block_start_s(record: Any) -> float:
    """When a block's first sample was taken; the record's own stamp may be that of its last."""
    stamps = _stamps(record)
    return _plausible(int(stamps[0]) * _NS if len(stamps) and stamps[0] > 0 else float(record.timestamp))


def _plausible(at_s: float) -> float:
    if not 0 <= at_s < _LONGEST_S:
        raise ValueError(f"a time stamp of {at_s} s")
    return at_s


if __name__ == "__main__":
    main(*sys.argv[1:])
