"""EgoLife as its owner ships it: days of 30 s files, transcripts by the hour in two languages."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from osmo.storage.objects import Objects
from osmo.tasks.sources.adapter import Reading
from osmo.tasks.sources.egolife import create_adapter, read_cues
from osmo.tasks.sources.places import SourceUnreachableError
from osmo.tasks.transcripts import TranscriptEncodingError


@pytest.fixture(scope="module")
def root(dataset_trees: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = dataset_trees.egolife(tmp_path_factory.mktemp("egolife") / "EgoLife")
    return made


def read(root: Path | str, name: str) -> Reading:
    adapter = create_adapter()
    return adapter.read(next(item for item in adapter.list(str(root)) if item.name == name))


def test_a_persons_day_is_one_recording(root: Path) -> None:
    names = [item.name for item in create_adapter().list(str(root))]
    assert names == ["A1_JAKE-DAY1", "A1_JAKE-DAY2", "A2_ALICE-DAY1"]
    found = read(root, "A1_JAKE-DAY1")
    assert found.flaws == () and found.recording is not None
    day = found.recording
    assert (day.recording_id, day.subject_id, day.language) == ("egolife-A1_JAKE-DAY1", "JAKE", "zh")
    assert [file.start_s for file in day.video.files] == [0.0, 2.0]  # 08 is frame 8 of 20: both begin 0.4 s after
    assert day.audio == day.video
    assert day.duration_s == pytest.approx(4.0, abs=0.1)
    assert day.eye.reason == "EgoLife's main release has no eye video"
    assert (day.started_at, day.time_domain) == (datetime(2000, 1, 1, 11, 9, 42, 400_000, UTC), "calendar")


def test_people_of_one_day_share_a_session_and_days_keep_their_order(root: Path) -> None:
    days = {name: read(root, name).recording for name in ("A1_JAKE-DAY1", "A1_JAKE-DAY2", "A2_ALICE-DAY1")}
    groups = [day.session_group for day in days.values() if day]
    assert groups == ["egolife-DAY1", "egolife-DAY2", "egolife-DAY1"]
    starts = [day.started_at for day in days.values() if day and day.started_at]
    assert starts[0] < starts[2] < starts[1]


def test_transcripts_count_from_their_hour(root: Path) -> None:
    day = read(root, "A1_JAKE-DAY1").recording
    assert day is not None
    [file] = day.transcript.files
    assert (file.format, file.start_s) == ("egolife", pytest.approx(-582.4))
    said = read_cues(Path(file.uri).read_bytes()).moved(file.start_s).cues
    assert [(cue.start_s, cue.end_s) for cue in said][:2] == [
        (pytest.approx(1.105 - 0.5), pytest.approx(2.72)),
        (pytest.approx(3.64), pytest.approx(5.5)),
    ]
    assert [(cue.speaker, cue.text, cue.translation) for cue in said] == [
        ("Jake", "今天我们做什么？", "What do we do today?"),
        ("Alice", "我不知道。", "I don't know."),
        ("Jake", "好", None),
    ]
    other = read(root, "A2_ALICE-DAY1").recording
    assert other is not None
    assert other.transcript.reason == "there is no transcript in EgoLifeCap/Transcript/A2_ALICE/DAY1"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("Jake: 你好\nJake: Hello", [("Jake", "你好", "Hello")]),
        ("Jake：你好\nJake： Hello", [("Jake", "你好", "Hello")]),
        ("Jake: 你好\nAlice: Hello", [("Jake", "你好", None), ("Alice", "Hello", None)]),
        ("Jake: Hello\nJake: 你好", [("Jake", "Hello", None), ("Jake", "你好", None)]),
        ("Jake: OK\nJake: Fine", [("Jake", "OK", None), ("Jake", "Fine", None)]),
        ("Jake: 一\nJake: One\nAlice: 二\nAlice: Two", [("Jake", "一", "One"), ("Alice", "二", "Two")]),
        ("你好", [(None, "你好", None)]),
    ],
)
def test_a_turn_in_english_after_the_same_in_mandarin_is_its_translation(
    lines: str, expected: list[tuple[str | None, str, str | None]]
) -> None:
    found = read_cues(f"1\n00:00:01,0 --> 00:00:02,5\n{lines}\n".encode())
    assert [(cue.speaker, cue.text, cue.translation) for cue in found.cues] == expected


def test_a_transcript_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(TranscriptEncodingError):
        read_cues("你好".encode("gbk"))


def test_files_that_cannot_be_used_are_left_out_and_the_rest_goes_on(dataset_trees: ModuleType, tmp_path: Path) -> None:
    clocks = ("10000000", "10000025", "10000100", "10000500")
    root = dataset_trees.egolife(tmp_path / "e", [("A1_JAKE", "DAY10", clocks)])
    folder = root / "A1_JAKE" / "DAY10"
    (folder / "DAY10_A1_JAKE_10000500.mp4").write_bytes(b"no film")
    dataset_trees.egolife_video(folder / "DAY10_A1_JAKE_10001000.mp4", sound=False)
    found = read(root, "A1_JAKE-DAY10")
    assert found.recording is not None
    assert [file.start_s for file in found.recording.video.files] == [0.0, 1.0, 10.0]
    assert [file.start_s for file in found.recording.audio.files] == [0.0, 1.0]
    assert [flaw.what for flaw in found.flaws] == [
        "DAY10_A1_JAKE_10000025.mp4 is left out: its name tells no time (HHMMSS and a frame below 20)",
        "DAY10_A1_JAKE_10000100.mp4 begins 1.1 s before the file before it ends: the earlier one counts",
        "DAY10_A1_JAKE_10000500.mp4 is left out: it cannot be opened: Invalid data found when processing input",
    ]


def test_a_new_file_or_transcript_changes_the_days_key_alone(dataset_trees: ModuleType, tmp_path: Path) -> None:
    root = dataset_trees.egolife(tmp_path / "e")

    def keys() -> dict[str, str]:
        return {item.name: item.key for item in create_adapter().list(str(root))}

    before = keys()
    dataset_trees.egolife_video(root / "A1_JAKE" / "DAY2" / "DAY2_A1_JAKE_10003000.mp4", 0.2)
    folder = root / "EgoLifeCap" / "Transcript" / "A2_ALICE" / "DAY1"
    folder.mkdir(parents=True)
    (folder / "A2_ALICE_DAY1_11000000.srt").write_text("")
    assert {name for name, key in keys().items() if before[name] != key} == {"A1_JAKE-DAY2", "A2_ALICE-DAY1"}


def test_a_place_without_days_is_said(tmp_path: Path) -> None:
    (tmp_path / "README.md").touch()
    with pytest.raises(SourceUnreachableError, match="there is no day of EgoLife in it"):
        list(create_adapter().list(str(tmp_path)))


def test_an_object_store_is_read_by_the_same_code(root: Path, s3_uri: str) -> None:
    objects = Objects(s3_uri)
    for path in root.rglob("*"):
        if path.is_file():
            objects.create(path.relative_to(root).as_posix(), path.read_bytes())
    for name in ("A1_JAKE-DAY1", "A2_ALICE-DAY1"):
        here, there = read(root, name).recording, read(s3_uri, name).recording
        assert here is not None and there is not None
        assert here.recording_key == there.recording_key
