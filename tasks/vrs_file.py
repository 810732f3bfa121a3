"""Looks at the skeleton of a VRS file: whether its last record is whole. The reader itself passes over what is cut."""

from __future__ import annotations

import struct
from pathlib import Path

_FILE_HEADER = struct.Struct(
    "<8sQIIqqq"
)  # magic, creation id, header sizes, offsets of index, description, first record
_RECORD_SIZE = struct.Struct("<I")


def lost_bytes(path: Path) -> str | None:
    """What is missing at a VRS file's end, in one line; null: its last record is whole.

    Walks from record to record by their sizes, reading their headers only.
    """
    size = path.stat().st_size
    with path.open("rb", buffering=0) as file:
        head = file.read(_FILE_HEADER.size)
        if len(head) < _FILE_HEADER.size:
            return f"it is cut short: {size} bytes, less than a header"
        _, _, at, record_header, *_ = _FILE_HEADER.unpack(head)
        while at < size:
            file.seek(at)
            words = file.read(_RECORD_SIZE.size)
            length = _RECORD_SIZE.unpack(words)[0] if len(words) == _RECORD_SIZE.size else size - at + 1
            if length < record_header:
                return f"it is damaged: no record begins at byte {at} of {size}"
            at += length
    return None if at == size else f"it is cut short: {size} of at least {at} bytes"
