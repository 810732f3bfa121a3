"""Reads VRS files of Project Aria: streams, pictures, sound and clocks, in seconds of the device's clock.

The package `vrs` (imported as pyvrs) is optional, since it asks for backports that shadow the standard library.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from osmo.tasks.vrs_clock import VrsClock, mapping_points
from osmo.tasks.vrs_file import lost_bytes

STREAMS: Mapping[str, str] = {"video": "214-1", "eye": "211-1", "audio": "231-1"}
"""Aria Gen1: RGB camera, both eye cameras side by side, microphones."""

INSTALL = "python -m pip install --no-deps vrs==1.2.2"
_NS = 1e-9


class VrsUnavailableError(RuntimeError):
    """The package that reads VRS is not installed."""

    def __init__(self) -> None:
        self.remedy = f"Install it: `{INSTALL}`."
        super().__init__(f"VRS files are read by the package vrs, which is not installed. {self.remedy}")


class VrsUnreadableError(ValueError):
    """A file that is no VRS file, or one of which nothing can be read."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(f"{path}: {problem}. Replace the file by a whole copy and ingest again.")


@dataclass(frozen=True)
class VrsStream:
    """What one stream holds, times in seconds of the device's clock.

    Attributes:
        stream_id: Type and instance, such as 214-1.
        records: Data records.
        start_s: Time of the first one.
        end_s: End of the last one: its picture's or its block's length included.
        fps: From the median interval of pictures, Hz; null: sound, or fewer than two pictures.
        width: Pixels; null: sound, or not said.
        height: Pixels; null: sound, or not said.
        channels: Microphones; null: pictures.
        sample_rate_hz: Of the sound; null: pictures.
    """

    stream_id: str
    records: int
    start_s: float
    end_s: float
    fps: float | None
    width: int | None
    height: int | None
    channels: int | None
    sample_rate_hz: int | None


class VrsFile:
    """One open VRS file."""

    def __init__(self, reader: Any, path: Path) -> None:
        self._reader = reader
        self._path = path

    @cached_property
    def tags(self) -> Mapping[str, str]:
        """What the recorder noted of the file."""
        return {str(key): str(value) for key, value in self._reader.file_tags.items()}

    @cached_property
    def lost(self) -> str | None:
        """What is missing at the file's end, in one line; null: nothing."""
        return lost_bytes(self._path)

    @cached_property
    def streams(self) -> Mapping[str, VrsStream]:
        """Streams of pictures and sound that have data, by id."""
        found = {}
        for stream_id in sorted(self._reader.stream_ids):
            records = self._records(stream_id, "data")
            if len(records) and (stream := self._stream(stream_id, records)) is not None:
                found[stream_id] = stream
        return found

    @cached_property
    def clock(self) -> VrsClock:
        """How the device's clock maps to others."""
        return VrsClock(mapping_points(self._mappings()))

    def images(self, stream_id: str) -> Iterator[tuple[float, bytes | npt.NDArray[np.uint8]]]:
        """Pictures in the order of the file: encoded bytes (JPEG, PNG), or raw pixels of shape (H, W) or (H, W, 3)."""
        for record in self._records(stream_id, "data"):
            for block, spec in zip(record.image_blocks, record.image_specs, strict=False):
                yield float(record.timestamp), _picture(np.asarray(block), spec)

    def sound(self, stream_id: str) -> Iterator[tuple[float, npt.NDArray[np.float32]]]:
        """Blocks of sound in the order of the file, of shape (N, C), -1 to 1, with the time of their first sample.

        A block's samples count as it holds them, whatever the list of their times says.
        """
        for record in self._records(stream_id, "data"):
            for block in record.audio_blocks:
                samples = np.asarray(block)
                yield _block_start_s(record), _scaled(samples.reshape(len(samples), -1))

    def _records(self, stream_id: str, kind: str) -> Any:
        return self._reader.filtered_by_fields(stream_ids=stream_id, record_types=kind)

    def _stream(self, stream_id: str, records: Any) -> VrsStream | None:
        first, last = records[0], records[len(records) - 1]
        said = self._configuration(stream_id)
        if first.n_audio_blocks:
            spec = first.audio_specs[0]
            rate, channels = int(spec.sample_rate), int(spec.channel_count)
            if rate <= 0 or channels <= 0:
                return None
            length_s = sum(int(one.sample_count) for one in last.audio_specs) / rate
            start_s, end_s = _block_start_s(first), _block_start_s(last) + length_s
            return VrsStream(stream_id, len(records), start_s, end_s, None, None, None, channels, rate)
        if not first.n_image_blocks:
            return None
        times = np.asarray(records.get_timestamp_list(), np.float64)
        steps = np.diff(times)
        steps = steps[steps > 0]
        interval_s = float(np.median(steps)) if steps.size else None
        said_hz = float(said.get("nominal_rate") or 0)
        length_s = interval_s or (1 / said_hz if said_hz > 0 else 0.0)
        width, height = (int(said.get(name) or 0) or None for name in ("image_width", "image_height"))
        fps = None if interval_s is None else 1 / interval_s
        return VrsStream(
            stream_id, len(records), float(times.min()), float(times.max()) + length_s, fps, width, height, None, None
        )

    def _configuration(self, stream_id: str) -> Mapping[str, Any]:
        records = self._records(stream_id, "configuration")
        said: dict[str, Any] = {}
        for block in records[0].metadata_blocks if len(records) else ():
            said.update(block)
        return said

    def _mappings(self) -> Iterator[tuple[str, float, float]]:
        """Points of the device's clock against others: mode, device seconds, other seconds."""
        for stream_id in sorted(self._reader.stream_ids):
            if not stream_id.startswith("285-"):
                continue
            mode = str(self._configuration(stream_id).get("mode", ""))
            for record in self._records(stream_id, "data"):
                for block in record.metadata_blocks:
                    device, other = block["monotonic_timestamp_ns"], block["real_timestamp_ns"]
                    yield mode, float(device) * _NS, float(other) * _NS


@contextmanager
def open_vrs(path: Path) -> Iterator[VrsFile]:
    """Open a VRS file; one without an index is indexed while it is opened.

    Raises:
        VrsUnavailableError: The package is not installed.
        VrsUnreadableError: It is no VRS file, empty, or nothing of it can be read.
        FileNotFoundError: It is gone.
    """
    if path.stat().st_size == 0:
        raise VrsUnreadableError(path, "it has zero bytes")
    try:
        from pyvrs import SyncVRSReader
    except ImportError as error:
        raise VrsUnavailableError from error
    try:
        reader = SyncVRSReader(os.fspath(path))
    except (OSError, RuntimeError, ValueError) as error:
        line = (str(error).splitlines() or [type(error).__name__])[0]
        raise VrsUnreadableError(path, f"it cannot be read as VRS: {line}") from error
    try:
        yield VrsFile(reader, path)
    finally:
        reader.close()


def _block_start_s(record: Any) -> float:
    for block in record.metadata_blocks:
        stamps = block.get("capture_timestamps_ns")
        if stamps is not None and len(stamps):
            return float(stamps[0]) * _NS
    return float(record.timestamp)


def _scaled(samples: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    if np.issubdtype(samples.dtype, np.floating):
        return samples.astype(np.float32)
    return (samples / float(np.iinfo(samples.dtype).max + 1)).astype(np.float32)


def _picture(block: npt.NDArray[Any], spec: Any) -> bytes | npt.NDArray[np.uint8]:
    if spec.image_format in ("jpg", "png"):
        return block.tobytes()
    return np.ascontiguousarray(block).astype(np.uint8, copy=False)
