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

from osmo.tasks.vrs_records import LONGEST_S, Message, UnknownFormatError, block_start_s, pictures, samples_of, sound

HEADER = struct.Struct("<II")
"""Before each message: the lengths of its JSON object and of the bytes behind it."""

UNREADABLE = (RuntimeError, ValueError, LookupError, TypeError, OSError, MemoryError)
"""What the library raises for what it cannot read."""

_MEMORY_BYTES = 8 << 30  # damaged sizes ask for more
_NS = 1e-9
_CLOCKS = "285-"


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
            read = pictures if command == "images" else sound
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
            return block_start_s(record), samples_of(record, 0)
        except UnknownFormatError:
            raise
        except UNREADABLE:
            continue
    raise ValueError("no block of sound can be read")


def _picture_shape(records: Any, said: Mapping[str, Any]) -> dict[str, object]:
    times = np.asarray(records.get_timestamp_list(), np.float64)
    times = times[np.isfinite(times) & (times >= 0) & (times < LONGEST_S)]
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
            except UnknownFormatError:
                raise
            except UNREADABLE:
                damaged += 1
    yield {"damaged": damaged}, b""


if __name__ == "__main__":
    main(*sys.argv[1:])
