"""Nymeria as its owner ships it: names, partners, time code, eye cameras in a file of their own."""

from __future__ import annotations

import json
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
    assert set(Counter(paired).values()) <= {1, 2}  # the partner of one was not released
    assert sum(count == 1 for count in Counter(paired).values()) == 217 - 2 * sum(
        count == 2 for count in Counter(paired).values()
    )


def test_eye_rates_of_the_owners_table_are_hertz_or_nothing(table: dict[str, Any]) -> None:
    rates = Counter(Metadata.model_validate(said).et_camera_fps for said in table.values())
    assert rates == {10.0: 983, 30.0: 32, None: 85}
