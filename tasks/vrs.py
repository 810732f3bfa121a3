"""Reads VRS files of Project Aria: streams, pictures, sound and clocks, in seconds of the device's clock.

The package `vrs` (imported as pyvrs) is optional, since it asks for backports that shadow the standard library. Files
are read in processes of their own (`tasks/vrs_process.py`), one for each question and each pass over a stream.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from osmo.tasks.vrs_clock import VrsClock, mapping_points
from osmo.tasks.vrs_process import Message, VrsWorkerError, messages

STREAMS: Mapping[str, str] = {"video": "214-1", "eye": "211-1", "audio": "231-1"}
"""Aria Gen1: RGB camera, both eye cameras side by side, microphones."""

INSTALL = "python -m pip install --no-deps vrs==1.2.2"

_BEYOND = re.compile(r"(\d+) records are beyond the end of the file")
_TRUNCATED = re.compile(r"Reindexing: record #(\d+) truncated")
_NO_INDEX = "VRS file has no index"
_BROKEN_INDEX = "Index incomplete"


class VrsUnavailableError(RuntimeError):
    """The package that reads VRS is not installed."""

    def __init__(self) -> None:
        self.problem = "VRS files are read by the package vrs, which is not installed"
        self.remedy = f"Install it: `{INSTALL}`."
        super().__init__(f"{self.problem}. {self.remedy}")


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
    """One VRS file that can be read."""

    def __init__(self, path: Path, said: Mapping[str, Any], log: Sequence[str]) -> None:
        """Take what the reading process found.

        Args:
            path: The file.
            said: Its tags and streams.
            log: What the library logged on opening it.
        """
        self._path = path
        self.tags: Mapping[str, str] = said["tags"]
        """What the recorder noted of the file."""
        readable = [found for found in said["streams"] if not found.get("unreadable")]
        self.streams: Mapping[str, VrsStream] = {found["stream_id"]: _stream(found) for found in readable}
        """Streams of pictures and sound that have data, by id."""
        self.lost: str | None = _lost(log)
        """What is missing at the file's end, in one line; null: nothing."""

    @cached_property
    def clock(self) -> VrsClock:
        """How the device's clock maps to others.

        Raises:
            VrsUnreadableError: The file's clock streams cannot be read.
        """
        said, _ = next(self._messages("clock"))
        return VrsClock(mapping_points((mode, device, other) for mode, device, other in said["points"]))

    def images(
        self, stream_id: str, from_s: float = 0.0, skipped: list[str] | None = None
    ) -> Iterator[tuple[float, bytes | npt.NDArray[np.uint8]]]:
        """Pictures with their times: encoded bytes (JPEG, PNG), or raw pixels of shape (H, W) or (H, W, 3), RGB.

        Args:
            stream_id: A stream; one that the file has not gives nothing.
            from_s: Earlier records are passed over, in seconds of the device's clock.
            skipped: Takes a line where records could not be read.

        Raises:
            VrsUnreadableError: After what could be read.
        """
        for said, data in self._read("images", stream_id, from_s, skipped):
            shape = said.get("shape")
            yield said["t"], data if shape is None else np.frombuffer(data, np.uint8).reshape(shape)

    def sound(
        self, stream_id: str, from_s: float = 0.0, skipped: list[str] | None = None
    ) -> Iterator[tuple[float, npt.NDArray[np.float32]]]:
        """Blocks of sound of shape (N, C), -1 to 1, with the times of their first samples.

        A block's samples count as it holds them, whatever the list of their times says; arguments as for `images`.

        Raises:
            VrsUnreadableError: After what could be read.
        """
        for said, data in self._read("sound", stream_id, from_s, skipped):
            yield said["t"], _scaled(np.frombuffer(data, said["dtype"]).reshape(said["shape"]))

    def _read(self, what: str, stream_id: str, from_s: float, skipped: list[str] | None) -> Iterator[Message]:
        with closing(self._messages(what, stream_id, repr(from_s))) as found:
            for said, data in found:
                if "damaged" not in said:
                    yield said, data
                elif said["damaged"] and skipped is not None:
                    skipped.append(f"{said['damaged']} damaged records were left out")

    def _messages(self, *command: str) -> Generator[Message, None, None]:
        with closing(messages(self._path, *command)) as found:
            try:
                yield from found
            except VrsWorkerError as error:
                raise VrsUnreadableError(self._path, error.problem) from error


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
    if importlib.util.find_spec("pyvrs") is None:
        raise VrsUnavailableError
    log: list[str] = []
    try:
        with closing(messages(path, "describe", log=log)) as found:
            said = [said for said, _ in found]
    except VrsWorkerError as error:
        raise VrsUnreadableError(path, error.problem) from error
    yield VrsFile(path, said[0], log)


def _stream(said: Mapping[str, Any]) -> VrsStream:
    values: dict[str, Any] = {column.name: said.get(column.name) for column in fields(VrsStream)}
    return VrsStream(**values)


def _lost(log: Sequence[str]) -> str | None:
    """What the library says of the file's end; one without an index may be whole all the same."""
    text = "\n".join(log)
    if found := _BEYOND.search(text):
        return f"it is cut short: {found[1]} of its records lie beyond its end"
    if found := _TRUNCATED.search(text):
        return f"it is cut short after {found[1]} records"
    if _BROKEN_INDEX in text and _NO_INDEX not in text:
        return "its index is damaged"
    return None


def _scaled(samples: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Samples by the full scale of their type, which is also what Meta's own converter to MP4 takes."""
    if np.issubdtype(samples.dtype, np.floating):
        return samples.astype(np.float32)
    return (samples / float(np.iinfo(samples.dtype).max + 1)).astype(np.float32)
