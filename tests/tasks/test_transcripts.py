"""Transcripts: three formats in, cues and reasons out."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from osmo.tasks.transcripts import Cue, TranscriptEncodingError, TranscriptFormatError, read_transcript


def cues(text: str, suffix: str) -> tuple[Cue, ...]:
    return read_transcript(text.encode(), suffix).cues


def test_csv_ignores_more_columns_and_any_order_of_them() -> None:
    text = "text,mood,end_s,speaker,start_s\nHello there,ok,1.5,Ana,0.5\n"
    assert cues(text, "csv") == (Cue(0.5, 1.5, "Ana", "Hello there"),)


def test_csv_needs_no_speaker_column_and_keeps_quoted_commas_and_lines() -> None:
    assert cues('start_s,end_s,text\n0,1,"Well,\nno."\n', "csv") == (Cue(0.0, 1.0, None, "Well, no."),)


def test_srt_reads_unpadded_milliseconds_and_numbers_of_cues() -> None:
    first = "1\r\n00:00:01,5 --> 00:00:02,040\r\n<i>Hello</i> {\\an8}there\r\n\r\n"
    text = first + "2\r\n00:01:00,000 --> 00:01:01,000\r\nBye\r\n"
    assert cues(text, "srt") == (Cue(1.005, 2.04, None, "Hello there"), Cue(60.0, 61.0, None, "Bye"))


def test_vtt_reads_settings_ids_notes_styles_entities_and_short_times() -> None:
    text = (
        "\ufeffWEBVTT - a title\nKind: captions\n\nNOTE\nnot --- shown\n\nSTYLE\n::cue {}\n\n"
        "first\n00:01.000 --> 00:02.500 line:80% align:start\nFish &amp; chips,\n<c.loud>please</c>\n"
    )
    assert cues(text, "vtt") == (Cue(1.0, 2.5, None, "Fish & chips, please"),)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("<v Roger Bingham>Hi there</v>", [("Roger Bingham", "Hi there")]),
        ("<v.loud Mary>One <v Tom>Two", [("Mary", "One"), ("Tom", "Two")]),
        ("Jake: Hello", [("Jake", "Hello")]),
        ("Jake: 你好\nLucia: Hello", [("Jake", "你好"), ("Lucia", "Hello")]),
        ("小明：我不去", [("小明", "我不去")]),
        ("Dr. Green: Sit down", [("Dr. Green", "Sit down")]),
        ("Tell me: is it in?", [(None, "Tell me: is it in?")]),
        ("It is 10:30 now", [(None, "It is 10:30 now")]),
        ("see https://a.b", [(None, "see https://a.b")]),
        ("one\ntwo", [(None, "one two")]),
    ],
    ids=["voice", "two-voices", "name", "two-names", "mandarin", "title", "no-name", "clock", "address", "two-lines"],
)
def test_who_speaks(said: str, expected: list[tuple[str | None, str]]) -> None:
    found = cues(f"WEBVTT\n\n00:00.000 --> 00:01.000\n{said}\n", "vtt")
    assert [(cue.speaker, cue.text) for cue in found] == expected


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("-1,2,A,hi", "negative time"),
        ("3,2,A,hi", "ends before or when it starts"),
        ("2,2,A,hi", "ends before or when it starts"),
        ("nan,2,A,hi", "not finite"),
        ("0,inf,A,hi", "not finite"),
        ("soon,2,A,hi", "unreadable time 'soon'"),
        ("1", "unreadable time"),
        ("0,2,A,  ", "no text"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_and_the_rest_goes_on(row: str, reason: str) -> None:
    found = read_transcript(f"start_s,end_s,speaker,text\n0,1,A,first\n{row}\n4,5,A,last\n".encode(), "csv")
    assert [cue.text for cue in found.cues] == ["first", "last"]
    assert [one.line for one in found.rejected] == [3]
    assert reason in found.rejected[0].reason


@pytest.mark.parametrize(
    ("block", "line", "reason"),
    [
        ("-00:00:01.000 --> 00:00:02.000\nhi", 3, "negative time"),
        ("00:00:02.000 --> 00:00:01.000\nhi", 3, "ends before"),
        ("7\n00:00:aa --> 00:00:01.000\nhi", 4, "unreadable time"),
        ("just words", 3, "no time line"),
        ("00:00:00.000 --> 00:00:01.000", 3, "no text"),
    ],
)
def test_a_bad_block_is_refused_with_its_line(block: str, line: int, reason: str) -> None:
    found = read_transcript(f"WEBVTT\n\n{block}\n\n00:05.000 --> 00:06.000\nlast\n".encode(), "vtt")
    assert [cue.text for cue in found.cues] == ["last"]
    assert (found.rejected[0].line, reason in found.rejected[0].reason) == (line, True)


def test_overlapping_cues_are_kept_in_the_order_of_the_file() -> None:
    text = "start_s,end_s,text\n2,4,b\n0,3,a\n"
    assert [cue.text for cue in cues(text, "csv")] == ["b", "a"]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "with-mark"])
def test_bytes_that_are_not_utf8_are_refused_at_their_offset(mark: bytes) -> None:
    data = mark + "start_s,end_s,text\n0,1,caf\u00e9\n".encode("latin-1")
    with pytest.raises(TranscriptEncodingError, match="0xe9") as refused:
        read_transcript(data, "csv")
    assert refused.value.offset == data.index(b"\xe9")


@pytest.mark.parametrize(
    ("data", "suffix", "reason"),
    [
        (b"hello", ".txt", "expected one of"),
        (b"", "csv", "lacks start_s, end_s, text"),
        (b"start,end,text\n", "csv", "lacks start_s, end_s"),
        (b"1\n00:00:00.000 --> 00:00:01.000\nhi", "vtt", "WEBVTT"),
    ],
)
def test_another_format_is_refused(data: bytes, suffix: str, reason: str) -> None:
    with pytest.raises(TranscriptFormatError, match=reason):
        read_transcript(data, suffix)


def test_friday_has_five_cues(corpora: Path) -> None:
    found = read_transcript((corpora / "friday_video" / "friday.vtt").read_bytes(), "vtt")
    assert [cue.text for cue in found.cues][:2] == ["Hildy!", "How are you?"]
    assert (len(found.cues), found.rejected, found.end_s) == (5, (), 6.0)


def test_every_line_of_meld_is_read(corpora: Path) -> None:
    found = [read_transcript(path.read_bytes(), "csv") for path in (corpora / "meld_dev").glob("*/transcript.csv")]
    assert sum(len(one.cues) for one in found) == 1109
    assert not any(one.rejected for one in found)


@pytest.mark.parametrize("begins", ["{\\", "<v ", "<v.", "<a", "A ", "&", "(", "“"])
def test_long_lines_of_beginnings_take_no_long_time(begins: str) -> None:
    text = f"WEBVTT\n\n00:00.000 --> 00:01.000\n{begins * 200_000}\n"
    started = time.process_time()
    assert len(cues(text, "vtt")) == 1
    assert time.process_time() - started < 5  # read once for each of them, it would be minutes


@pytest.mark.parametrize("digits", [5, 400, 5000])
def test_times_of_many_digits_are_unreadable(digits: int) -> None:
    found = read_transcript(f"{'9' * digits}9:00:01,0 --> 00:00:02,0\nhi\n".encode(), "srt")
    assert found.cues == () and len(found.rejected) == 1
