"""Addresses of streams inside files: `recording.vrs#214-1` is the stream 214-1 of recording.vrs."""

from __future__ import annotations

import re

_STREAM = re.compile(r"(?P<file>.+\.vrs)#(?P<stream>[0-9]+-[0-9]+)", re.IGNORECASE | re.DOTALL)


def split_stream(uri: str) -> tuple[str, str | None]:
    """The file of an address, and the stream inside it; null where the address is that of a whole file.

    Only what looks like a stream behind `.vrs` is one: other file names may hold number signs.
    """
    found = _STREAM.fullmatch(uri)
    return (found["file"], found["stream"]) if found else (uri, None)


def with_stream(uri: str, stream_id: str) -> str:
    """The address of a stream inside a VRS file.

    Raises:
        NoStreamError: The file's name does not end in `.vrs`, or `stream_id` is not digits, a hyphen, and digits.
    """
    address = f"{uri}#{stream_id}"
    if split_stream(address) != (uri, stream_id):
        raise NoStreamError(address)
    return address


class NoStreamError(ValueError):
    """An address that no stream can have."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__(f"{address!r} names no stream of a VRS file. Expected something like recording.vrs#214-1.")
