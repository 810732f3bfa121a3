"""Reads any sidecar transcript: the formats that anyone uses, and those that a dataset's owner invented."""

from __future__ import annotations

from osmo.tasks.sources.registry import ADAPTERS
from osmo.tasks.transcripts import FORMATS, Transcript, TranscriptFormatError, read_transcript

MAX_BYTES = 1 << 26
"""A larger transcript is taken for a mistake."""
READER = "read_cues"
"""Function of an adapter's module: bytes of a transcript in, a `Transcript` out."""


def read_sidecar(data: bytes, kind: str) -> Transcript:
    """Cues of a transcript, in seconds from its own zero.

    Args:
        data: The file's bytes.
        kind: csv, srt or vtt, or the name of an adapter that defines `read_cues`.

    Raises:
        TranscriptEncodingError: The bytes are not UTF-8; says where.
        TranscriptFormatError: Unknown format, not what the format says, or too large.
    """
    if len(data) > MAX_BYTES:
        raise TranscriptFormatError(kind, f"it has more than {MAX_BYTES} bytes")
    if kind in FORMATS or kind not in ADAPTERS.names():
        return read_transcript(data, kind)
    reader = getattr(ADAPTERS.module(kind), READER, None)
    if reader is None:
        raise TranscriptFormatError(kind, "the adapter of this name reads no transcripts")
    found: Transcript = reader(data)
    return found
