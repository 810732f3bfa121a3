"""Ids and content keys: what names a thing, and what says that a result still fits its input."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from pydantic import JsonValue

ID_BYTES = 10
KEY_BYTES = 16


def milliseconds(seconds: float) -> int:
    """Whole milliseconds of a time: ids never hash floats."""
    return round(seconds * 1000)


def make_id(kind: str, *parts: str | int) -> str:
    """Name a thing by what it is: 20 hexadecimal digits.

    Args:
        kind: The noun (`segment`, `clip`, `event`), so that equal parts of two kinds differ.
        parts: Owner ids and integer milliseconds, never floats, text or labels.
    """
    return _digest(ID_BYTES, kind, *parts)


def content_key(*parts: str | int | float | bool | None) -> str:
    """Key of the content that a result was computed from: 32 hexadecimal digits."""
    return _digest(KEY_BYTES, *parts)


def fingerprint(stage: str, version: int, parameters: Mapping[str, JsonValue]) -> str:
    """Fingerprint of a stage: its name, version and everything that its result depends on beside the input row."""
    canonical = json.dumps(parameters, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return _digest(KEY_BYTES, stage, version, canonical)


def bucket_of(recording_id: str, buckets: int) -> int:
    """The bucket in which all rows of a recording lie."""
    digest = hashlib.blake2b(recording_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % buckets


def _digest(size: int, *parts: str | int | float | bool | None) -> str:
    # The canonical JSON list keeps ("ab", "c") and ("a", "bc") apart, and 1, "1", True and None too.
    blob = json.dumps(parts, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    return hashlib.blake2b(blob, digest_size=size).hexdigest()
