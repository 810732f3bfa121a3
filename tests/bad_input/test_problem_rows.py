"""Good and bad recordings in one source: each bad one leaves exactly its rows in `problems`, and the good go on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from osmo.schemas.tables import SEGMENTS, VOTES
from osmo.tasks.status import StagePlan, plan, reopen

Bench = Any


class Row(NamedTuple):
    """What is expected of a problem: `what` is a pattern, `where` the end of the place."""

    stage: str
    status: str
    what: str
    where: str


CASES: dict[str, list[Row]] = {
    "missing-audio": [Row("ingest", "warning", "audio is left out: gone.wav is missing", "missing-audio/gone.wav")],
    "video-gone": [Row("ingest", "warning", "video is left out: gone.mp4 is missing", "video-gone/gone.mp4")],
    "zero-audio": [Row("ingest", "warning", "audio is left out: a.wav: it has zero bytes", "zero-audio/a.wav")],
    "no-media": [Row("ingest", "warning", "audio is left out: a.wav: it cannot be opened", "no-media/a.wav")],
    "cut-audio": [Row("ingest", "warning", "a.wav: it is cut short: 192022 of 384044 bytes", "cut-audio/a.wav")],
    "silence": [Row("segment", "warning", "no speech was found", "audio of silence")],
    "nothing": [Row("media", "permanent", "it has no video, no audio and no transcript", "recordings/nothing")],
    "overlapping": [Row("segment", "warning", "begin before an earlier one ends: 1, kept", "transcript.csv")],
    "negative": [
        Row("segment", "warning", r"2 of 3 cues refused \(line 2: negative time.*line 4: ends before", "transcript.csv")
    ],
    "outside": [Row("segment", "warning", r"outside the 12\.000 s of media.*90\.000 s.*: 1, kept", "transcript.csv")],
    "gbk": [
        Row("media", "permanent", "transcript is not UTF-8: byte 0xce at offset 35", "gbk/transcript.csv"),
        Row("segment", "permanent", "not UTF-8: byte 0xce at offset 35", "gbk/transcript.csv"),
    ],
    "no-columns": [
        Row("media", "permanent", "the header lacks start_s, end_s, text, got a, b", "no-columns/transcript.csv"),
        Row("segment", "permanent", "the header lacks start_s, end_s, text, got a, b", "no-columns/transcript.csv"),
    ],
    "transcript-gone": [
        Row("ingest", "warning", "transcript is left out: transcript.csv is missing", "transcript-gone/transcript.csv"),
        Row("media", "permanent", "it has no video, no audio and no transcript", "recordings/transcript-gone"),
    ],
    "odd-format": [
        Row("media", "permanent", r"not a docx transcript: expected one of csv", "odd-format/transcript.docx"),
        Row("segment", "permanent", r"not a docx transcript: expected one of csv", "odd-format/transcript.docx"),
    ],
    "twin-b": [Row("ingest", "permanent", "recording_id 'twin' is already that of .*/twin-a", "recordings/twin-b")],
    "climbs": [Row("ingest", "permanent", r"path '\.\./\.\./etc/passwd' leads out of", "climbs/recording.json")],
    "climbs-transcript": [Row("ingest", "permanent", "path '/etc/passwd' leads out of", "recording.json")],
    "linked": [Row("ingest", "permanent", "path 'a.wav' leads out of", "linked/recording.json")],
    "empty-folder": [Row("ingest", "permanent", "there is no recording.json", "recordings/empty-folder")],
    "no-json": [Row("ingest", "permanent", "Invalid JSON: .* line 1 column 2", "no-json/recording.json")],
    "not-an-object": [Row("ingest", "permanent", "should be an object", "not-an-object/recording.json")],
    "wrong-type": [Row("ingest", "permanent", "duration_s: .*number, got 'six'", "wrong-type/recording.json")],
    "nan": [Row("ingest", "permanent", "duration_s: .*finite number, got nan", "nan/recording.json")],
    "huge": [Row("ingest", "permanent", "duration_s: .*finite number, got inf", "huge/recording.json")],
    "deep": [Row("ingest", "permanent", "Invalid JSON: recursion limit", "deep/recording.json")],
    "unknown-length": [Row("ingest", "permanent", "nothing says how long the recording is", "recording.json")],
}
GOOD = {"good-1", "good-2", "zz-good"}
USABLE = GOOD | {"missing-audio", "video-gone", "zero-audio", "no-media", "cut-audio", "overlapping", "negative",
                 "outside", "twin"}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_case_has_exactly_its_rows(world: Bench, name: str) -> None:
    rows = [row for row in world.problems() if row["recording_id"] == name]
    expected = CASES[name]
    assert sorted((row["stage"], row["status"]) for row in rows) == [(one.stage, one.status) for one in expected]
    for row, one in zip(sorted(rows, key=lambda row: str(row["stage"])), expected, strict=True):
        assert re.search(one.what, str(row["what"])), row["what"]
        assert str(row["where"]).endswith(one.where), row["where"]
        assert row["remedy"] and row["attempt"] == 1
        assert all("\n" not in str(row[part]) for part in ("what", "where", "remedy"))


def test_nobody_else_has_a_row(world: Bench) -> None:
    assert {row["recording_id"] for row in world.problems()} == set(CASES)


def test_every_recording_is_in_the_store_or_refused_with_a_row(world: Bench) -> None:
    refused = {row["recording_id"] for row in world.problems() if (row["stage"], row["status"]) == INGEST_REFUSED}
    folders = {place.name for place in world.recordings.iterdir()} - {"twin-a"} | {"twin"}
    assert world.ids() | refused == folders
    assert not world.ids() & refused


INGEST_REFUSED = ("ingest", "permanent")


def test_the_usable_rest_has_its_segments_and_all_votes(world: Bench) -> None:
    segments = [row for row in world.store.read(SEGMENTS).to_pylist() if row["segment_id"]]
    assert {row["recording_id"] for row in segments} == USABLE
    assert all(sum(row["recording_id"] == name for row in segments) == 3 for name in GOOD)
    votes = {(row["segment_id"], row["annotator"]) for row in world.store.read(VOTES).to_pylist()}
    assert votes == {(row["segment_id"], voter) for row in segments for voter in world.config.prescreen.voters}


def test_what_was_said_before_elsewhere_is_voted_on_too(bench: Bench) -> None:
    bench.put("first")
    bench.run()
    for name in ("second", "third", "fourth"):
        bench.put(name)  # the same words at the same times
    bench.run()
    views = bench.pipeline().views
    assert views.everywhere(views.spoken).num_rows == 12
    assert views.everywhere(views.votes).num_rows == 48
    assert views.everywhere(views.candidates)["votes_cast"].to_pylist().count(None) == 0
    assert views.everywhere(views.candidates).num_rows == 12


def test_what_has_no_segments_says_why(world: Bench) -> None:
    silent = {row["recording_id"]: row for row in world.store.read(SEGMENTS).to_pylist() if not row["segment_id"]}
    failed = {"gbk", "no-columns", "odd-format"}
    assert set(silent) == world.ids() - USABLE - failed


def test_running_again_adds_no_row(world: Bench) -> None:
    before = world.problems()
    report = world.run()
    assert (report.stored, report.warnings) == (0, 0)
    assert world.problems() == before
    assert all(one.missing == 0 for one in plans(world))


def plans(bench: Bench) -> Iterator[StagePlan]:
    return plan(bench.pipeline())


def test_stuck_shows_what_failed_and_warnings_what_was_left_out(world: Bench) -> None:
    told = [(name, one) for name, rows in CASES.items() for one in rows]
    failed = sorted((name, one.stage) for name, one in told if one.status != "warning")
    assert sorted((one.recording_id, one.stage) for one in world.stuck()) == failed
    every = sorted((name, one.stage) for name, one in told)
    assert sorted((one.recording_id, one.stage) for one in world.stuck(warnings=True)) == every


def test_a_mended_recording_is_stuck_no_more(bench: Bench) -> None:
    bench.put("good")
    bench.put("gbk", "start_s,end_s,speaker,text\n0,1,Ann,我很生气\n".encode("gbk"))
    bench.put("wrong", duration_s="six")
    bench.put("nothing", None)
    bench.put("missing", audio="a.wav")
    bench.run()
    stuck = {("gbk", "media"), ("gbk", "segment"), ("wrong", "ingest"), ("nothing", "media")}
    assert {(one.recording_id, one.stage) for one in bench.stuck()} == stuck
    for name in ("gbk", "wrong", "nothing", "missing"):
        bench.put(name)
    bench.run()
    assert bench.stuck(warnings=True) == []
    assert bench.ids() == {"good", "gbk", "wrong", "nothing", "missing"}
    assert all((one.missing, one.quarantined) == (0, 0) for one in plans(bench))


def test_retry_reopens_what_failed_and_it_fails_again_with_a_second_attempt(bench: Bench) -> None:
    bench.put("gbk", b"start_s,end_s,speaker,text\n0,1,Ann,\xce\n")
    bench.run()
    assert reopen(bench.pipeline()) == 2
    assert bench.stuck() == []
    bench.run()
    assert [(one.stage, one.attempts) for one in bench.stuck()] == [("media", 2), ("segment", 2)]


def test_a_source_that_does_not_exist_is_one_row_and_the_others_go_on(bench: Bench, tmp_path: Path) -> None:
    bench.put("good")
    with bench.config_file.open("a") as file:
        file.write(f'[[sources]]\npath = "{tmp_path}/nowhere"\n')
    report = bench.run(stages=())
    assert (report.stored, report.failed) == (1, 1)
    [row] = bench.stuck()
    assert (row.stage, row.status, row.where) == ("ingest", "failed", f"{tmp_path}/nowhere")
    bench.run(stages=())
    assert [one.attempts for one in bench.stuck()] == [2]
