"""Transcripts become lines on the recording's clock, with all that their owners tell."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from osmo.schemas.config import SegmentConfig
from osmo.tasks.said import NothingReadError
from osmo.tasks.segment_sidecar import sidecar_lines
from osmo.tasks.segment_units import Unit

BILINGUAL = "1\n00:00:{}\nJake: 你好。再见。\nJake: Hello. Goodbye.\n"
WORDS = (
    "startTime_ns,endTime_ns,written,confidence\n"
    "1000000000,1500000000,So,0.25\n1500000000,2000000000,yes,1.0\n2600000000,3000000000,then,0.5\n"
)


def file(path: Path, content: str | bytes, kind: str, start_s: float = 0.0) -> dict[str, Any]:
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    return {"uri": str(path), "sha256": sha256, "bytes": len(data), "start_s": start_s, "format": kind}


def unit(*files: dict[str, Any]) -> Unit:
    return Unit("k", "r", 60.0, "JAKE", "zh", list(files), None, None, None, microphones=False)


def test_hours_come_on_the_recordings_clock_with_translations(tmp_path: Path) -> None:
    hours = [
        file(tmp_path / f"{hour}.srt", BILINGUAL.format("10,5 --> 00:00:12,0"), "egolife", start_s)
        for hour, start_s in ((11, -9.0), (12, 3591.0))
    ]
    said = sidecar_lines(unit(*hours), SegmentConfig())
    assert [(line.start_s, line.end_s) for line in said.lines] == [
        (pytest.approx(1.005), pytest.approx(3.0)),
        (pytest.approx(3601.005), pytest.approx(3603.0)),
    ]
    assert {(line.speaker, line.text, line.translation) for line in said.lines} == {
        ("Jake", "你好。再见。", "Hello. Goodbye.")
    }
    assert said.note == "cues outside the 60.000 s of media (the first at 3601.005 s): 1, kept and marked"


def test_words_and_confidence_are_kept_also_where_a_cue_is_split(tmp_path: Path) -> None:
    transcript = file(tmp_path / "speech.csv", WORDS, "aea", -1.0)
    [whole] = sidecar_lines(unit(transcript), SegmentConfig()).lines
    assert [(word.start_s, word.end_s, word.text) for word in whole.words] == [
        (0.0, 0.5, " So"), (0.5, 1.0, " yes"), (pytest.approx(1.6), 2.0, " then"),
    ]  # fmt: skip
    assert whole.confidence == pytest.approx((0.25 * 1.0 * 0.5) ** (1 / 3))
    parts = sidecar_lines(unit(transcript), SegmentConfig(max_segment_s=1.0)).lines
    assert [(part.text, len(part.words)) for part in parts] == [("So yes", 2), ("then", 1)]
    assert [part.confidence for part in parts] == [pytest.approx(0.5), pytest.approx(0.5)]


def test_a_cue_that_is_split_loses_its_translation_and_says_so(tmp_path: Path) -> None:
    long = file(tmp_path / "a.srt", BILINGUAL.format("10,0 --> 00:00:12,0"), "egolife")
    said = sidecar_lines(unit(long), SegmentConfig(max_segment_s=1.0))
    assert [(line.text, line.translation, line.words) for line in said.lines] == [
        ("你好。", None, ()),
        ("再见。", None, ()),
    ]
    assert said.note == "translations of cues that are split: 1, left out"


def test_one_unreadable_transcript_leaves_the_others(tmp_path: Path) -> None:
    good = file(tmp_path / "11.srt", BILINGUAL.format("1,0 --> 00:00:02,0"), "egolife")
    bad = file(tmp_path / "12.srt", "你好".encode("gbk"), "egolife")
    said = sidecar_lines(unit(good, bad), SegmentConfig())
    assert len(said.lines) == 1
    assert said.note is not None and said.note.startswith(
        "12.srt is left out: the transcript cannot be read: not UTF-8"
    )
    for files in ([bad], [bad, bad]):
        with pytest.raises(NothingReadError) as refused:
            sidecar_lines(unit(*files), SegmentConfig())
        assert refused.value.permanent


@pytest.mark.parametrize("change", ["changed", "gone"])
def test_a_transcript_that_is_not_what_was_ingested_is_read_another_time(tmp_path: Path, change: str) -> None:
    files = [file(tmp_path / name, BILINGUAL.format("1,0 --> 00:00:02,0"), "egolife") for name in ("11.srt", "12.srt")]
    if change == "gone":
        (tmp_path / "12.srt").unlink()
    else:
        (tmp_path / "12.srt").write_text("other")
    with pytest.raises(NothingReadError, match=f"the transcript (has|is) {change} since ingest") as refused:
        sidecar_lines(unit(*files), SegmentConfig())
    assert not refused.value.permanent
