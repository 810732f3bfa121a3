"""Nymeria as its owner ships it: names, partners, time code, eye cameras in a file of their own."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from osmo.tasks.sources.adapter import Reading
from osmo.tasks.sources.nymeria import Metadata, create_adapter, sequence_of, session_group


@pytest.fixture
def root(dataset_trees: ModuleType, corpora: Path, tmp_path: Path) -> Path:
    made: Path = dataset_trees.nymeria(tmp_path / "nymeria", corpora)
    return made


@pytest.fixture
def table(corpora: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((corpora / "nymeria_meta" / "dataset_metadata.json").read_text())
    return loaded


def read(root: Path, name: str) -> Reading:
    adapter = create_adapter()
    return adapter.read(next(item for item in adapter.list(str(root)) if item.name == name))


def test_a_sequence_with_time_code_stands_on_the_common_clock(root: Path) -> None:
    found = read(root, "20231113_s0_patricia_gutierrez_act2_c993gv")
    assert found.recording is not None
    one = found.recording
    assert (one.recording_id, one.subject_id) == (
        "nymeria-20231113_s0_patricia_gutierrez_act2_c993gv",
        "patricia_gutierrez",
    )
    assert one.time_domain == "timecode"
    assert one.started_at is not None
    assert abs((one.started_at - datetime(2023, 11, 13, 19, 24, 47, 424_737, UTC)).total_seconds()) < 0.01
    assert one.eye.files[0].uri.endswith("/recording_head/data/et.vrs#211-1")
    assert one.video.files[0].uri.endswith("/recording_head/data/data.vrs#214-1")
    assert one.audio.reason == "data.vrs has no stream 231-1"
    assert one.eye_fps == pytest.approx(30.0, abs=0.1)
    assert one.transcript.reason == "Nymeria has no transcripts"
    assert json.loads(one.metadata)["narrations"] == ["narration/atomic_action.csv"]
    assert [flaw.what for flaw in found.flaws] == [
        "audio is left out: data.vrs has no stream 231-1",
        "its eye cameras ran at 30.00 Hz, metadata.json says 10: the measured rate is used",
    ]


def test_a_sequence_without_time_code_and_eyes_says_so(root: Path) -> None:
    (root / "20231113_s1_greg_clark_act2_jc6wnc" / "recording_head" / "data" / "et.vrs").write_bytes(b"")
    one = read(root, "20231113_s1_greg_clark_act2_jc6wnc").recording
    assert one is not None
    assert (one.started_at, one.time_domain) == (None, "device")
    assert one.eye.files[0].uri.endswith("data.vrs#211-1")  # the eyes are in data.vrs where et.vrs does not have them
    assert "no time code" in json.loads(one.metadata)["started_at"]


def test_two_participants_share_a_session(root: Path) -> None:
    groups = {item.name: create_adapter().read(item).recording for item in create_adapter().list(str(root))}
    found = {one.session_group for one in groups.values() if one}
    assert found == {"nymeria-20231113_s0_patricia_gutierrez_act2_c993gv"}


def test_a_sequence_without_any_stream_is_refused_in_one_line(root: Path) -> None:
    name = "20231113_s1_greg_clark_act2_jc6wnc"
    (root / name / "recording_head" / "data" / "data.vrs").write_bytes(b"no recording")
    found = read(root, name)
    assert found.recording is None
    [flaw] = found.flaws
    assert flaw.what.startswith("nothing of it can be read: et.vrs is missing; data.vrs: it cannot be read as VRS")
    assert flaw.what.count("data.vrs: ") == 1 and "\n" not in flaw.what


def test_eyes_that_are_cut_off_leave_the_rest(root: Path) -> None:
    name = "20231113_s0_patricia_gutierrez_act2_c993gv"
    (root / name / "recording_head" / "data" / "et.vrs").write_bytes(b"VRS")
    (root / name / "recording_head" / "data" / "data.vrs").unlink()
    shutil.copyfile(
        root / "20231113_s1_greg_clark_act2_jc6wnc" / "recording_head" / "data" / "data.vrs",
        root / name / "recording_head" / "data" / "data.vrs",
    )
    one = read(root, name).recording
    assert one is not None and one.eye.files[0].uri.endswith("data.vrs#211-1")


def test_gaze_beside_the_head_is_on_the_devices_clock(root: Path, corpora: Path) -> None:
    name = "20231113_s1_greg_clark_act2_jc6wnc"
    folder = root / name / "recording_head" / "mps" / "eye_gaze"
    folder.mkdir(parents=True)
    for file in ("eyegaze.csv", "generalized_eye_gaze.csv"):
        shutil.copyfile(corpora / "aria_gen1" / "mps_sample_eye_gaze" / file, folder / file)
    one = read(root, name).recording
    assert one is not None
    [gaze] = one.gaze.files
    assert gaze.uri.endswith("/generalized_eye_gaze.csv")  # the newer of the two
    assert (gaze.format, gaze.start_s) == ("mps_gaze", pytest.approx(-86.385246))


@pytest.mark.parametrize("pt2", ["x", "20231113/s1/greg_clark", "a" * 10_000, None])
def test_a_partner_that_is_no_sequence_makes_no_group(pt2: str | None) -> None:
    said = Metadata(has_two_participants=True, pt2=pt2)
    assert session_group("20231113_s0_patricia_gutierrez_act2_c993gv", said) is None


@pytest.mark.parametrize(
    ("metadata", "what"),
    [
        (None, "metadata.json is missing"),
        (b"[" * 9999, "metadata.json cannot be used: Invalid JSON"),
        (b'{"pt2": 5}', "metadata.json cannot be used: pt2: "),
        (b" " * (1 << 20) + b"{}", "metadata.json is larger than"),
    ],
    ids=["missing", "broken", "wrong", "huge"],
)
def test_without_metadata_a_sequence_is_taken_alone(root: Path, metadata: bytes | None, what: str) -> None:
    name = "20231113_s1_greg_clark_act2_jc6wnc"
    file = root / name / "metadata.json"
    file.unlink()
    if metadata is not None:
        file.write_bytes(metadata)
    found = read(root, name)
    assert found.recording is not None and found.recording.session_group is None
    assert any(flaw.what.startswith(what) for flaw in found.flaws)


@pytest.mark.parametrize("place", ["recording_head", "recording_head/data/data.vrs", "narration"])
def test_a_link_out_of_the_source_refuses_the_sequence(root: Path, tmp_path: Path, place: str) -> None:
    name = "20231113_s1_greg_clark_act2_jc6wnc"
    (root / name / place).rename(tmp_path / "outside")
    (root / name / place).symlink_to(tmp_path / "outside")
    found = read(root, name)
    assert found.recording is None and "leads out of" in found.flaws[0].what


@pytest.mark.parametrize("name", ["notes", "2023_s0_a_act0_x", "20231399_s0_ann_lee_act0_abc", "20231101_s0__act0_abc"])
def test_a_folder_of_another_name_is_refused(root: Path, name: str) -> None:
    (root / name).mkdir()
    found = read(root, name)
    assert found.recording is None
    assert found.flaws[0].what == f"folder '{name}' is no sequence: expected <date>_<session>_<fake_name>_<act>_<uid>"


def test_every_name_of_the_owners_table_is_understood(table: dict[str, Any]) -> None:
    assert len(table) == 1100
    for name, said in table.items():
        sequence = sequence_of(name)
        assert sequence is not None
        assert sequence.subject == said["fake_name"]
        assert f"{sequence.date:%Y%m%d}" == said["date"]
    assert len({said["fake_name"] for said in table.values()}) == 236


def test_partners_of_the_owners_table_share_their_group(table: dict[str, Any]) -> None:
    groups = {name: session_group(name, Metadata.model_validate(said)) for name, said in table.items()}
    paired = [group for group in groups.values() if group]
    assert len(paired) == 217
    assert Counter(Counter(paired).values()) == {2: 96, 1: 25}  # the partners of 25 were not released
    for name, said in table.items():
        partner = Metadata.model_validate(said).partner
        if partner in table:
            assert Metadata.model_validate(table[partner]).partner == name
            assert table[partner]["location"] == said["location"]


def test_eye_rates_of_the_owners_table_are_hertz_or_nothing(table: dict[str, Any]) -> None:
    rates = Counter(Metadata.model_validate(said).et_camera_fps for said in table.values())
    assert rates == {10.0: 983, 30.0: 32, None: 85}
