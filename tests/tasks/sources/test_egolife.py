"""EgoLife as its owner ships it: days of 30 s files, transcripts by the hour in two languages."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import av
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
        ("Jake: OK\nJake: OK", [("Jake", "OK", "OK")]),
        ("Jake:你好\nJake:Hello", [("Jake", "你好", "Hello")]),
        ("Jake : 你好\nHello there", [("Jake", "你好", "Hello there")]),
        ("Jake: 你好\n（Hello）", [("Jake", "你好", "Hello")]),
        ("Jake: 你好 (Hello)", [("Jake", "你好", "Hello")]),
        ("Jake：（嗯）\nJake：（Um）", [("Jake", "（嗯）", "Um")]),
        ("Jake: （笑）", [("Jake", "（笑）", None)]),
        ("Jake: I went\nto the shop", [("Jake", "I went to the shop", None)]),
        ("Jake, Shure: 好的\nJake, Shure: All right", [("Jake, Shure", "好的", "All right")]),
        ("路人：三点：见\n路人：At three: see you", [("路人", "三点：见", "At three: see you")]),
        ("他今天说了一句很长的话：你好", [(None, "他今天说了一句很长的话：你好", None)]),
        ("<i>Jake: 你&amp;我</i>\nJake: You &amp; me", [("Jake", "你&我", "You & me")]),
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
        "DAY10_A1_JAKE_10000025.mp4 is left out: its name is not DAY10_A1_JAKE_<HHMMSS and a frame below 20>.mp4",
        "DAY10_A1_JAKE_10000100.mp4 begins 1.1 s before the file before it ends: there the earlier one counts",
        "DAY10_A1_JAKE_10000500.mp4 is left out: it cannot be opened: Invalid data found when processing input",
    ]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("DAY1_A2_ALICE_11095000.mp4", "its name is not DAY1_A1_JAKE_<HHMMSS and a frame below 20>.mp4"),
        ("DAY1_A1_JAKE_24000000.mp4", "its name is not DAY1_A1_JAKE_<HHMMSS and a frame below 20>.mp4"),
        ("DAY1_A1_JAKE_1109.mp4", "its name is not DAY1_A1_JAKE_<HHMMSS and a frame below 20>.mp4"),
        ("DAY1_A1_JAKE_11094208.MP4", "another file begins then"),
        ("old/DAY1_A1_JAKE_11095000.mp4", "it lies in a folder of its own"),
        (os.fsdecode(b"\xff.mp4"), "its name is not DAY1_A1_JAKE_<HHMMSS and a frame below 20>.mp4"),
    ],
    ids=["another-person", "no-hour", "too-short", "twice", "deeper", "no-text"],
)
def test_a_file_that_has_no_place_in_the_day_is_one_line(
    dataset_trees: ModuleType, tmp_path: Path, name: str, problem: str
) -> None:
    root = dataset_trees.egolife(tmp_path / "e", [("A1_JAKE", "DAY1", ("11094208",))])
    odd = root / "A1_JAKE" / "DAY1" / name
    odd.parent.mkdir(exist_ok=True)
    shutil.copyfile(root / "A1_JAKE" / "DAY1" / "DAY1_A1_JAKE_11094208.mp4", odd)
    found = read(root, "A1_JAKE-DAY1")
    assert found.recording is not None and len(found.recording.video.files) == 1
    left_out = "DAY1_A1_JAKE_11094208.mp4" if problem.startswith("another") else name  # capitals come first
    assert [flaw.what for flaw in found.flaws] == [f"{left_out} is left out: {problem}"]


def test_hidden_files_and_files_of_other_kinds_are_passed_over(dataset_trees: ModuleType, tmp_path: Path) -> None:
    root = dataset_trees.egolife(tmp_path / "e", [("A1_JAKE", "DAY1", ("11094208",))])
    for name in ("._DAY1_A1_JAKE_11094208.mp4", ".DS_Store", "notes.txt"):
        (root / "A1_JAKE" / "DAY1" / name).write_bytes(b"x")
    (root / ".cache" / "A2_ALICE" / "DAY1").mkdir(parents=True)
    (root / ".cache" / "A2_ALICE" / "DAY1" / "DAY1_A2_ALICE_11094208.mp4").touch()
    assert [item.name for item in create_adapter().list(str(root))] == ["A1_JAKE-DAY1"]
    assert read(root, "A1_JAKE-DAY1").flaws == ()


@pytest.mark.parametrize("place", ["A1_JAKE", "A1_JAKE/DAY1", "A1_JAKE/DAY1/DAY1_A1_JAKE_11094208.mp4"])
def test_what_leads_out_of_the_source_is_refused_by_name(dataset_trees: ModuleType, tmp_path: Path, place: str) -> None:
    elsewhere = dataset_trees.egolife(tmp_path / "elsewhere", [("A1_JAKE", "DAY1", ("11094208",))])
    root = tmp_path / "root"
    (root / place).parent.mkdir(parents=True)
    (root / place).symlink_to(elsewhere / place)
    [item] = create_adapter().list(str(root))
    found = create_adapter().read(item)
    assert found.recording is None
    [flaw] = found.flaws
    name = place.rpartition("/")[2] if place.endswith(".mp4") else place
    told = f"{name} is left out: a link that leads out of the source"
    assert flaw.what == f"there is no video that can be used ({told})"


def test_an_hour_without_transcript_is_said_and_a_transcript_without_video_stays(
    dataset_trees: ModuleType, tmp_path: Path
) -> None:
    root = dataset_trees.egolife(tmp_path / "e", [("A1_JAKE", "DAY1", ("11594000", "12000000", "13000000"))])
    transcripts = root / "EgoLifeCap" / "Transcript" / "A1_JAKE" / "DAY1"
    (transcripts / "A1_JAKE_DAY1_20000000.srt").write_text("1\n00:00:01,0 --> 00:00:02,0\nJake: 晚安\n", "utf-8")
    (transcripts / "A1_JAKE_DAY1_noon.srt").write_text("")
    found = read(root, "A1_JAKE-DAY1")
    assert found.recording is not None
    assert [file.start_s for file in found.recording.transcript.files] == [-3580.0, 28820.0]
    assert [flaw.what for flaw in found.flaws] == [
        "A1_JAKE_DAY1_noon.srt is left out: its name is not A1_JAKE_DAY1_<HHMMSS and a frame below 20>.srt",
        "there is no transcript of the hours 12, 13: nothing said in them is read",
    ]


def test_the_tenth_day_comes_after_the_second(dataset_trees: ModuleType, tmp_path: Path) -> None:
    days = [("A1_JAKE", day, ("11000000",)) for day in ("DAY2", "DAY10")]
    root = dataset_trees.egolife(tmp_path / "e", days)
    found = {name: read(root, f"A1_JAKE-{name}").recording for name in ("DAY2", "DAY10")}
    assert [one.started_at for one in found.values() if one] == [
        datetime(2000, 1, 2, 11, tzinfo=UTC),
        datetime(2000, 1, 10, 11, tzinfo=UTC),
    ]


def test_a_day_of_which_nothing_can_be_used_is_refused_in_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "A1_JAKE" / "DAY1"
    folder.mkdir(parents=True)
    (folder / "DAY1_A1_JAKE_11094208.mp4").touch()
    found = read(tmp_path, "A1_JAKE-DAY1")
    assert found.recording is None
    [flaw] = found.flaws
    assert flaw.what == (
        "there is no video that can be used (DAY1_A1_JAKE_11094208.mp4 is left out: it has zero bytes)"
    )


def test_a_film_that_says_it_lasts_for_hours_is_left_out(dataset_trees: ModuleType, tmp_path: Path) -> None:
    root = dataset_trees.egolife(tmp_path / "e", [("A1_JAKE", "DAY1", ("11000000",))])
    with av.open(str(root / "A1_JAKE" / "DAY1" / "DAY1_A1_JAKE_11003000.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=20)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for pts in (0, 20 * 7200):
            frame = av.VideoFrame(64, 48, "yuv420p")
            frame.pts = pts
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    found = read(root, "A1_JAKE-DAY1")
    assert found.recording is not None and found.recording.duration_s < 3
    assert [flaw.what for flaw in found.flaws] == [
        "DAY1_A1_JAKE_11003000.mp4 is left out: it says that it lasts 7200 s"
    ]


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00" * 99, b"9" * 99_999 + b":00:00,0 --> 1", b"00:00:01,0 --> 00:00:02,0\n" + b"(" * 99_999 + b")"],
    ids=["empty", "zeros", "digits", "brackets"],
)
def test_no_bytes_crash_the_reader_of_transcripts(data: bytes) -> None:
    assert len(read_cues(data).cues) <= 1


def peak_of_listing(root: Path, days: int) -> int:
    """Most bytes held while so many days are listed."""
    gc.collect()
    tracemalloc.start()
    try:
        assert sum(1 for _ in create_adapter().list(str(root))) == days
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_listing_more_days_takes_no_more_memory(tmp_path: Path) -> None:
    peaks = {}
    for people in (2, 20):
        root = tmp_path / str(people)
        for person, day in itertools.product(range(people), range(7)):
            folder = root / f"A{person}_JAKE" / f"DAY{day + 1}"
            folder.mkdir(parents=True)
            for file in range(100):
                (folder / f"DAY{day + 1}_A{person}_JAKE_{file:06}00.mp4").touch()
        # What threads of other tests allocate meanwhile counts too, and does not come again each time.
        peaks[people] = min(peak_of_listing(root, people * 7) for _ in range(3))
    assert peaks[20] < 1.25 * peaks[2] + 10_000


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
