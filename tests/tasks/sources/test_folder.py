"""The folder layout: what is read of each recording, and why the rest is left out."""

from __future__ import annotations

import json
import os
import shutil
import wave
from pathlib import Path

import pytest

from osmo.tasks.sources.adapter import Reading, Sidecars
from osmo.tasks.sources.folder import create_adapter
from osmo.tasks.sources.places import SourceUnreachableError

CSV = "start_s,end_s,speaker,text\n0,2.5,Ana,Hello\n"


def put(root: Path, name: str, said: dict[str, object] | str, **files: str | bytes) -> Path:
    """A recording's folder; a file `a__b` is called a.b."""
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "recording.json").write_text(said if isinstance(said, str) else json.dumps(said))
    for file, content in files.items():
        (folder / file.replace("__", ".")).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def put_wav(path: Path, seconds: float = 1.5) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(b"\x01\x00" * round(seconds * 8000))
    return path


def read(root: Path, name: str = "r1") -> Reading:
    adapter = create_adapter()
    return adapter.read(next(item for item in adapter.list(str(root)) if item.name == name))


def test_folders_are_listed_by_path_without_hidden_ones_and_files(tmp_path: Path) -> None:
    for name in ("b", "a-b", "a", ".git"):
        put(tmp_path, name, {})
    (tmp_path / "README.md").write_text("no recording")
    assert [item.name for item in create_adapter().list(str(tmp_path))] == ["a-b", "a", "b"]


def test_the_change_key_follows_names_sizes_and_times_of_all_files(tmp_path: Path) -> None:
    folder = put(tmp_path, "r1", {}, x__wav=b"abc")
    adapter = create_adapter()

    def key() -> str:
        return next(adapter.list(str(tmp_path))).key

    keys = [key()]
    assert key() == keys[0]
    os.utime(folder / "x.wav", ns=(1, 1))
    keys.append(key())
    (folder / "deep").mkdir()
    (folder / "deep" / "y").write_bytes(b"")
    keys.append(key())
    (folder / "x.wav").rename(folder / "z.wav")
    keys.append(key())
    assert len(set(keys)) == 4


def test_a_transcript_alone_is_a_recording_of_its_length(tmp_path: Path) -> None:
    put(tmp_path, "r1", {"subject_id": "Ana", "transcript": "t.csv", "site": "lab"}, t__csv=CSV, labels__csv="x")
    found = read(tmp_path)
    assert found.flaws == ()
    assert found.recording is not None
    row = found.recording.row(adapter="folder", source_uri="u")
    assert (row["recording_id"], row["dataset"], row["duration_s"]) == ("r1", tmp_path.name, 2.5)
    assert (row["video"], row["video_reason"]) == (None, "not in recording.json")
    assert row["audio_reason"] == "not in recording.json, and there is no video"
    [transcript] = found.recording.transcript.files
    assert (transcript.uri, transcript.start_s, transcript.format) == (str(tmp_path / "r1" / "t.csv"), 0.0, "csv")
    assert row["labels_uri"] == str(tmp_path / "r1" / "labels.csv")
    assert (row["time_domain"], row["metadata"]) == ("unknown", '{"site": "lab"}')


def test_audio_is_the_video_file_where_that_has_sound(tmp_path: Path, corpora: Path) -> None:
    folder = put(tmp_path, "r1", {"video": "v.mp4", "eye": "v.mp4"})
    shutil.copyfile(corpora / "friday_video" / "friday.mp4", folder / "v.mp4")
    found = read(tmp_path).recording
    assert found is not None
    assert found.video == found.audio
    (file,) = found.video.files
    assert (file.bytes, file.start_s, file.duration_s) == (515198, 0.0, pytest.approx(6.166))
    assert (found.duration_s, found.eye_fps) == (pytest.approx(6.166), 30.0)


def test_files_of_a_list_follow_each_other_unless_placed(tmp_path: Path) -> None:
    said = {"audio": ["a.wav", "b.wav", {"file": "c.wav", "start_s": 10}]}
    folder = put(tmp_path, "r1", said)
    for name in "abc":
        put_wav(folder / f"{name}.wav")
    found = read(tmp_path).recording
    assert found is not None
    assert [file.start_s for file in found.audio.files] == [0.0, 1.5, 10.0]
    assert found.duration_s == 11.5


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("gone.wav", None, "gone.wav is missing"),
        ("a.wav", b"", "a.wav: it has zero bytes"),
        ("a.wav", b"RIFF no more of it", "a.wav: it cannot be opened"),
        ("a.m3u8", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "a.m3u8: it"),
        ("a.srt", b"1\n00:00:00,000 --> 00:00:01,000\nhi\n", "a.srt: it has no sound track"),
    ],
    ids=["missing", "zero-bytes", "truncated", "playlist", "no-sound"],
)
def test_media_that_cannot_be_used_is_null_with_a_reason_and_a_flaw(
    tmp_path: Path, file: str, content: bytes | None, reason: str
) -> None:
    folder = put(tmp_path, "r1", {"audio": file, "duration_s": 4})
    if content is not None:
        (folder / file).write_bytes(content)
    found = read(tmp_path)
    assert found.recording is not None
    assert found.recording.audio.files == ()
    assert str(found.recording.audio.reason).startswith(reason)
    (flaw,) = found.flaws
    assert (flaw.where, reason in flaw.what) == (str(folder / file), True)


def test_a_missing_transcript_is_a_flaw_and_a_broken_one_is_left_to_segmentation(tmp_path: Path) -> None:
    put(tmp_path, "r1", {"transcript": "t.csv", "duration_s": 4})
    put(tmp_path, "r2", {"transcript": "t.csv", "duration_s": 4}, t__csv=b"\xff")
    missing, broken = read(tmp_path, "r1"), read(tmp_path, "r2")
    assert missing.recording is not None and broken.recording is not None
    assert missing.recording.transcript == Sidecars(reason="t.csv is missing")
    assert len(missing.flaws) == 1
    assert ([file.uri for file in broken.recording.transcript.files], broken.flaws) == (
        [str(tmp_path / "r2" / "t.csv")],
        (),
    )


@pytest.mark.parametrize("path", ["../other/x.wav", "/etc/passwd", "a/../../x.wav", "s3://b/x.wav", ".", "link.wav"])
def test_a_path_that_climbs_out_refuses_the_recording(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    folder = put(root, "r1", {"audio": path, "duration_s": 4})
    put_wav(tmp_path / "outside.wav")
    (folder / "link.wav").symlink_to(tmp_path / "outside.wav")
    found = read(root)
    assert found.recording is None
    assert "leads out of" in found.flaws[0].what


def test_a_folder_that_links_out_of_the_root_is_refused_unlisted(tmp_path: Path) -> None:
    put(tmp_path, "elsewhere", {"duration_s": 4})
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "r1").symlink_to(tmp_path / "elsewhere")
    assert "leads out of" in read(tmp_path / "root").flaws[0].what


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    folder = put(tmp_path, "r1", {"audio": "a.wav", "duration_s": 4})
    os.mkfifo(folder / "a.wav")
    assert "missing" in read(tmp_path).flaws[0].what


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("{", "recording.json cannot be used: Invalid JSON"),
        ({"duration_s": "6"}, "recording.json cannot be used: duration_s"),
        ({}, "nothing says how long the recording is"),
        ({"audio": "gone.wav"}, "nothing says how long the recording is (audio is left out: gone.wav is missing)"),
    ],
)
def test_a_recording_that_cannot_be_taken_says_why(tmp_path: Path, said: dict[str, object] | str, what: str) -> None:
    put(tmp_path, "r1", said)
    found = read(tmp_path)
    assert found.recording is None
    assert found.flaws[0].what.startswith(what)
    assert not found.flaws[0].passing


def test_a_folder_without_recording_json_says_so(tmp_path: Path) -> None:
    (tmp_path / "r1").mkdir()
    assert read(tmp_path).flaws[0].what == "there is no recording.json"


def test_a_misspelt_field_is_pointed_out(tmp_path: Path) -> None:
    put(tmp_path, "r1", {"subject": "Ana", "duration_s": 1})
    (flaw,) = read(tmp_path).flaws
    assert "subject_id" in flaw.remedy


def test_a_moved_tree_keeps_its_recording_key(tmp_path: Path) -> None:
    put(tmp_path / "one", "r1", {"dataset": "d", "transcript": "t.csv"}, t__csv=CSV)
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    one, two = read(tmp_path / "one").recording, read(tmp_path / "two").recording
    assert one is not None and two is not None
    assert one.recording_key == two.recording_key
    (tmp_path / "two" / "r1" / "t.csv").write_text(CSV.replace("Hello", "Bye"))
    changed = read(tmp_path / "two").recording
    assert changed is not None
    assert changed.recording_key != one.recording_key


@pytest.mark.parametrize("place", ["missing", "empty"])
def test_a_place_without_recordings_is_an_error_with_its_name(tmp_path: Path, place: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceUnreachableError, match=place):
        list(create_adapter().list(str(tmp_path / place)))


def test_streams_of_a_vrs_file_share_its_clock(tmp_path: Path, corpora: Path) -> None:
    folder = put(tmp_path, "r1", {"video": "r.vrs", "eye": {"file": "r.vrs", "start_s": 2}})
    shutil.copyfile(corpora / "aria_gen1" / "aea_recording" / "recording.vrs", folder / "r.vrs")
    found = read(tmp_path)
    assert found.flaws == () and found.recording is not None
    one = found.recording
    [video], [audio], [eye] = one.video.files, one.audio.files, one.eye.files
    assert [file.uri.rpartition("#")[2] for file in (video, audio, eye)] == ["214-1", "231-1", "211-1"]
    assert (video.start_s, audio.start_s) == (0.0, pytest.approx(0.023489))
    assert eye.start_s == pytest.approx(2.05006)
    assert one.eye_fps == pytest.approx(10.0, abs=0.01)


def test_a_vrs_file_without_the_stream_is_left_out(tmp_path: Path, corpora: Path) -> None:
    folder = put(tmp_path, "r1", {"audio": "r.vrs", "eye": "r.vrs"})
    shutil.copyfile(corpora / "aria_gen1" / "aria_unit_test_timecode_sequence_calib.vrs", folder / "r.vrs")
    found = read(tmp_path)
    assert [flaw.what for flaw in found.flaws] == ["audio is left out: r.vrs has no stream 231-1"]
    assert found.recording is not None and found.recording.eye_fps == pytest.approx(30, abs=0.1)
