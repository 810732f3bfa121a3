"""Aria Everyday Activities as its owner ships it, on a genuine recording."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from osmo.storage.objects import Objects
from osmo.tasks.sources.adapter import Reading, Recording
from osmo.tasks.sources.aea import Metadata, create_adapter, read_cues, session_group
from osmo.tasks.sources.places import SourceUnreachableError
from osmo.tasks.transcripts import TranscriptFormatError


@pytest.fixture
def root(dataset_trees: ModuleType, corpora: Path, tmp_path: Path) -> Path:
    made: Path = dataset_trees.aea(tmp_path / "aea", corpora)
    return made


def read(root: Path | str, name: str) -> Reading:
    adapter = create_adapter()
    return adapter.read(next(item for item in adapter.list(str(root)) if item.name == name))


def recording(root: Path | str, name: str = "loc1_script1_seq1_rec1") -> Recording:
    found = read(root, name).recording
    assert found is not None
    return found


def test_all_streams_are_on_one_clock(root: Path) -> None:
    found = recording(root)
    assert found.recording_id == "aea-loc1_script1_seq1_rec1"
    [video], [audio], [eye] = found.video.files, found.audio.files, found.eye.files
    vrs = str(root / "loc1_script1_seq1_rec1" / "recording.vrs")
    assert [file.uri for file in (video, audio, eye)] == [f"{vrs}#214-1", f"{vrs}#231-1", f"{vrs}#211-1"]
    assert (video.start_s, audio.start_s, eye.start_s) == (0.0, pytest.approx(0.023489), pytest.approx(0.05006))
    assert found.duration_s == pytest.approx(0.45, abs=0.001)
    assert found.eye_fps == pytest.approx(10.0, abs=0.01)
    assert (found.started_at, found.time_domain) == (datetime(2022, 4, 6, 17, 10, 55, tzinfo=UTC), "utc")
    assert (found.subject_id, found.subject_reason) == (None, "Aria Everyday Activities names no participants")
    [gaze] = found.gaze.files
    assert (gaze.format, gaze.start_s) == ("mps_gaze", pytest.approx(-86.385246))


def test_words_join_into_sentences_and_those_outside_the_media_stay(root: Path) -> None:
    found = recording(root)
    [file] = found.transcript.files
    cues = read_cues(Path(file.uri).read_bytes()).moved(file.start_s).cues
    assert [cue.text for cue in cues][:2] == ["and", "what is there like looking at?"]
    assert cues[0].start_s == pytest.approx(101.217 - 86.385246)
    assert all(cue.start_s > found.duration_s for cue in cues)
    assert [word.text for word in cues[1].words] == [" what", " is", " there", " like", " looking", " at?"]
    geometric_mean = (0.9077 * 0.7983 * 0.5228 * 0.2944 * 0.8250 * 0.2818) ** (1 / 6)
    assert cues[1].confidence == pytest.approx(geometric_mean, abs=1e-3)


def test_a_file_that_is_cut_short_is_used_and_said(root: Path) -> None:
    found = read(root, "loc1_script1_seq1_rec2")
    assert found.recording is not None
    assert found.recording.session_group == "aea-loc1_script1_seq1" == recording(root).session_group
    told = [flaw.what for flaw in found.flaws]
    assert len(told) == 1 and told[0].startswith("recording.vrs: ") and told[0].endswith("; the rest is used")
    assert found.recording.transcript.reason == "speech.csv is missing"
    assert found.recording.gaze.reason == "there is no gaze in mps/eye_gaze"


@pytest.mark.parametrize(
    ("metadata", "what"),
    [
        (None, "metadata.json is missing"),
        (b"{", "metadata.json cannot be used: Invalid JSON"),
        (b'{"location": "here"}', "metadata.json cannot be used: location: "),
        (b'{"note": "' + b"x" * (1 << 20) + b'"}', "metadata.json is larger than"),
    ],
    ids=["missing", "broken", "wrong", "huge"],
)
def test_without_metadata_the_folders_name_counts(root: Path, metadata: bytes | None, what: str) -> None:
    file = root / "loc1_script1_seq1_rec1" / "metadata.json"
    file.unlink()
    if metadata is not None:
        file.write_bytes(metadata)
    found = read(root, "loc1_script1_seq1_rec1")
    assert found.recording is not None and found.recording.recording_id == "aea-loc1_script1_seq1_rec1"
    assert [flaw.what.startswith(what) for flaw in found.flaws] == [True]


def test_another_folders_name_gives_way_to_the_metadata(root: Path) -> None:
    (root / "loc1_script1_seq1_rec1").rename(root / "mine")
    assert recording(root, "mine").recording_id == "aea-loc1_script1_seq1_rec1"


@pytest.mark.parametrize("name", ["a\nb", " ", os.fsdecode(b"\xff")], ids=["line-break", "blank", "no-text"])
def test_a_folder_whose_name_can_be_no_id_is_refused(root: Path, name: str) -> None:
    folder = (root / "loc1_script1_seq1_rec1").rename(root / name)
    (folder / "metadata.json").unlink()
    found = read(root, name)
    assert found.recording is None
    assert found.flaws[0].what.startswith("folder name '") and "\n" not in found.flaws[0].what


@pytest.mark.parametrize(
    ("name", "others", "group"),
    [
        ("loc1_script2_seq3_rec2", [], "aea-loc1_script2_seq3"),
        ("loc1_script2_seq3_rec2", ["loc1_script2_seq3_rec1"], "aea-loc1_script2_seq3"),
        ("loc1_script2_seq3_rec2", ["loc1_script1_seq9_rec1", "../x"], "aea-loc1_script1_seq9"),
        ("mine", [], None),
        ("mine", ["loc1_script1_seq9_rec1"], "aea-loc1_script1_seq9"),
    ],
    ids=["alone", "same-scene", "another-scene", "unknown", "unknown-with-others"],
)
def test_people_of_one_scene_share_a_session(name: str, others: list[str], group: str | None) -> None:
    assert session_group(name, Metadata(concurrent_recordings=others)) == group


def test_metadata_that_say_more_or_less_than_expected_are_kept(root: Path) -> None:
    said = '{"location": 1, "concurrent_recordings": null, "note": "caf\u00e9", "gain": NaN}'
    (root / "loc1_script1_seq1_rec1" / "metadata.json").write_text(said)
    kept = json.loads(recording(root).metadata, parse_constant=pytest.fail)
    assert (kept["note"], kept["gain"], kept["concurrent_recordings"]) == ("café", None, [])
    assert (kept["device_serial"], kept["device_time_s"]) == ("1WM093701M1276", pytest.approx(86.385246))


@pytest.mark.parametrize("place", ["recording.vrs", "speech.csv", "metadata.json", "mps"])
def test_a_link_out_of_the_source_refuses_the_recording(root: Path, tmp_path: Path, place: str) -> None:
    inside = root / "loc1_script1_seq1_rec1" / place
    inside.rename(tmp_path / "outside")
    inside.symlink_to(tmp_path / "outside")
    found = read(root, "loc1_script1_seq1_rec1")
    assert found.recording is None
    assert "leads out of" in found.flaws[0].what and not found.flaws[0].passing


def test_without_the_package_for_vrs_the_next_ingest_tries_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyvrs", None)
    found = read(root, "loc1_script1_seq1_rec1")
    assert found.recording is None
    assert found.flaws[0].passing and "--no-deps vrs==1.2.2" in found.flaws[0].remedy


def test_a_place_without_folders_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreachableError, match=r"there are no folders in it, expected .*/loc1_script1_seq1_rec1"):
        list(create_adapter().list(str(tmp_path)))


@pytest.mark.parametrize("content", [None, b"", b"no recording"], ids=["missing", "empty", "text"])
def test_a_folder_without_streams_is_refused_in_one_line(root: Path, content: bytes | None) -> None:
    file = root / "loc1_script1_seq1_rec1" / "recording.vrs"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    found = read(root, "loc1_script1_seq1_rec1")
    assert found.recording is None
    [flaw] = found.flaws
    assert flaw.what.startswith("nothing of it can be read: recording.vrs") and "\n" not in flaw.what


def test_rows_that_are_no_words_are_refused_one_by_one() -> None:
    rows = ["0,1000000000,yes,0.5", "x,1,no,0.5", "5,5,no,0.5", "-5,5,no,0.5", "2000000000,3000000000, ,1", "1,2"]
    rows += ["9" * 400 + ",1,no,0.5", "1," + "9" * 5000 + ",no,0.5"]
    found = read_cues(("startTime_ns,endTime_ns,written,confidence\n" + "\n".join(rows)).encode())
    assert [cue.text for cue in found.cues] == ["yes"]
    assert [one.line for one in found.rejected] == [3, 4, 5, 6, 7, 8, 9]
    with pytest.raises(TranscriptFormatError, match="the header lacks startTime_ns, endTime_ns, written"):
        read_cues(b"a,b\n")


@pytest.mark.parametrize(
    ("confidence", "expected"),
    [("0.5", 0.5), ("1", 1.0), ("0", 1e-6), ("", None), ("high", None), ("nan", None), ("1.5", None), ("-1", None)],
)
def test_a_confidence_is_from_0_to_1_or_none(confidence: str, expected: float | None) -> None:
    [cue] = read_cues(f"startTime_ns,endTime_ns,written,confidence\n0,9,yes,{confidence}\n".encode()).cues
    assert cue.confidence == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize("data", [b"", b"\x00", b'"', b"startTime_ns,endTime_ns,written\n" + b"x" * 200_000])
def test_bytes_that_are_no_table_are_refused(data: bytes) -> None:
    with pytest.raises(TranscriptFormatError):
        read_cues(data)


def test_an_object_store_is_read_by_the_same_code(root: Path, s3_uri: str) -> None:
    objects = Objects(s3_uri)
    for path in root.rglob("*"):
        if path.is_file():
            objects.create(path.relative_to(root).as_posix(), path.read_bytes())
    assert recording(s3_uri).recording_key == recording(root).recording_key
    assert json.loads(recording(s3_uri).metadata)["device_serial"] == "1WM093701M1276"
