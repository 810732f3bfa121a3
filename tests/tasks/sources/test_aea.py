"""Aria Everyday Activities as its owner ships it, on a genuine recording."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from osmo.storage.objects import Objects
from osmo.tasks.sources.adapter import Reading, Recording
from osmo.tasks.sources.aea import create_adapter, read_cues
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
    assert cues[1].confidence == pytest.approx((0.9077 + 0.7983 + 0.5228 + 0.2944 + 0.8250 + 0.2818) / 6, abs=1e-3)


def test_a_file_that_is_cut_short_is_used_and_said(root: Path) -> None:
    found = read(root, "loc1_script1_seq1_rec2")
    assert found.recording is not None
    assert found.recording.session_group == "aea-loc1_script1_seq1_rec1"
    told = [flaw.what for flaw in found.flaws]
    assert len(told) == 1 and told[0].startswith("recording.vrs: ") and told[0].endswith("; the rest is used")
    assert found.recording.transcript.reason == "speech.csv is missing"
    assert found.recording.gaze.reason == "there is no gaze in mps/eye_gaze"
    assert recording(root).session_group is None


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
    found = read_cues(("startTime_ns,endTime_ns,written,confidence\n" + "\n".join(rows)).encode())
    assert [cue.text for cue in found.cues] == ["yes"]
    assert [one.line for one in found.rejected] == [3, 4, 5, 6, 7]
    with pytest.raises(TranscriptFormatError, match="the header lacks startTime_ns, endTime_ns, written"):
        read_cues(b"a,b\n")


def test_an_object_store_is_read_by_the_same_code(root: Path, s3_uri: str) -> None:
    objects = Objects(s3_uri)
    for path in root.rglob("*"):
        if path.is_file():
            objects.create(path.relative_to(root).as_posix(), path.read_bytes())
    assert recording(s3_uri).recording_key == recording(root).recording_key
    assert json.loads(recording(s3_uri).metadata)["device_serial"] == "1WM093701M1276"
