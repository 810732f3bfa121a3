"""A transcript is read by its format, or by the adapter whose owner invented it."""

from __future__ import annotations

import pytest

from osmo.tasks.sidecar_text import MAX_BYTES, read_sidecar
from osmo.tasks.transcripts import TranscriptFormatError

SRT = "1\n00:00:01,5 --> 00:00:02,0\nJake:你好\nJake:Hello\n"
WORDS = "startTime_ns,endTime_ns,written,confidence\n1000000000,2000000000,Hello.,0.5\n"


@pytest.mark.parametrize(
    ("data", "kind", "expected"),
    [
        ("start_s,end_s,text\n1,2,Hello\n", "csv", [(None, "Hello", None)]),
        (SRT, "srt", [(None, "Jake:你好 Jake:Hello", None)]),
        (SRT, "egolife", [("Jake", "你好", "Hello")]),
        (WORDS, "aea", [(None, "Hello.", None)]),
    ],
    ids=["csv", "srt", "egolife", "aea"],
)
def test_each_format_has_its_reader(data: str, kind: str, expected: list[tuple[str | None, str, str | None]]) -> None:
    cues = read_sidecar(data.encode(), kind).cues
    assert [(cue.speaker, cue.text, cue.translation) for cue in cues] == expected


@pytest.mark.parametrize("kind", ["", "txt", "places", "os", "../vrs"])
def test_what_is_neither_format_nor_adapter_is_refused(kind: str) -> None:
    with pytest.raises(TranscriptFormatError, match="expected one of csv, srt, vtt"):
        read_sidecar(b"", kind)


@pytest.mark.parametrize("kind", ["folder", "nymeria"])
def test_an_adapter_without_a_reader_is_refused(kind: str) -> None:
    with pytest.raises(TranscriptFormatError, match="the adapter of this name reads no transcripts"):
        read_sidecar(b"", kind)


def test_a_transcript_without_end_is_refused() -> None:
    with pytest.raises(TranscriptFormatError, match="more than 67108864 bytes"):
        read_sidecar(bytes(MAX_BYTES + 1), "srt")
