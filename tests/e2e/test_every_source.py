"""Every dataset's layout and every folder of real inputs goes through ingest, media, segmentation and evidence."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import tomli_w

from osmo.schemas.tables import MEDIA, PROBLEMS, RECORDINGS, SEGMENTS
from osmo.storage.media import Media, MediaCache
from osmo.storage.store import Store
from osmo.tasks.recordings import current_recordings

pytestmark = pytest.mark.e2e
Osmo = Callable[..., subprocess.CompletedProcess[str]]

TRACKERS = ["ocular", "acoustic", "visual"]
AEA, CUT = "aea-loc1_script1_seq1_rec1", "aea-loc1_script1_seq1_rec2"
PATRICIA, GREG = (
    "nymeria-20231113_s0_patricia_gutierrez_act2_c993gv",
    "nymeria-20231113_s1_greg_clark_act2_jc6wnc",
)
STAGES = {"ingest": 3, "media": 3, "segment": 0, "evidence": 0}
"""In order, with their exit codes: three sources hold no recordings, and one recording is cut to less than a second."""
NO_RECORDINGS = {"cped": "folder", "agreement_reference": "aea", "nymeria_meta": "nymeria"}
"""Folders of real inputs that hold no recordings: tables without times, textbook matrices, tables of sequences."""


def _loose(root: Path, corpora: Path) -> Path:
    """The real inputs that come without the folder layout, in it."""
    film = corpora / "friday_video" / "friday.mp4"
    recordings = {"friday": {"video": film, "transcript": film.with_suffix(".vtt")}, "friday-heard": {"video": film}}
    for folder in ("speech_en", "speech_zh", "ami_multispeaker"):
        for sound in (file for file in (corpora / folder).iterdir() if file.suffix in (".wav", ".flac")):
            recordings[f"{folder}-{sound.stem}"] = {"audio": sound}
    vrs = corpora / "aria_composite" / "recording.vrs"
    recordings["composite"] = {"video": vrs, "audio": vrs, "eye": vrs}
    for name, files in recordings.items():
        (root / name).mkdir(parents=True)
        said = {"dataset": "corpora", "subject_id": "w", "language": "zh" if "zh" in name else "en"}
        for kind, file in files.items():
            shutil.copyfile(file, root / name / file.name)
            said[kind] = file.name
        (root / name / "recording.json").write_text(json.dumps(said))
    return root


@pytest.fixture(scope="module")
def config(
    corpora: Path, dataset_trees: ModuleType, whisper_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    place = tmp_path_factory.mktemp("every-source")
    sources = [
        {"adapter": "folder", "path": str(corpora / "meld_dev")},
        {"adapter": "folder", "path": str(_loose(place / "loose", corpora))},
        {"adapter": "egolife", "path": str(dataset_trees.egolife(place / "egolife"))},
        {"adapter": "aea", "path": str(dataset_trees.aea(place / "aea", corpora)), "subjects": str(place / "who.csv")},
        {"adapter": "nymeria", "path": str(dataset_trees.nymeria(place / "nymeria", corpora))},
        *({"adapter": adapter, "path": str(corpora / name)} for name, adapter in NO_RECORDINGS.items()),
    ]
    (place / "who.csv").write_text("recording,subject_id\nloc1_script1_seq1_rec1,Ann\n")
    settings = {
        "sources": sources,
        "store": {"uri": str(place / "store"), "buckets": 2},
        "segment": {"whisper_model": str(whisper_checkpoint), "whisper_sample_len": 6},
        "evidence": {"trackers": TRACKERS},
    }
    path = place / "osmo.toml"
    path.write_text(tomli_w.dumps(settings))
    return path


@pytest.fixture(scope="module")
def store(config: Path, osmo: Osmo) -> Store:
    for stage, code in STAGES.items():
        osmo(stage, "--config", str(config), code=code)
    return Store.open(str(config.parent / "store"))


@pytest.fixture(scope="module")
def recordings(store: Store) -> dict[str, dict[str, Any]]:
    return {row["recording_id"]: row for row in current_recordings(store.read(RECORDINGS)).to_pylist()}


def test_every_recording_is_taken(recordings: dict[str, dict[str, Any]], corpora: Path) -> None:
    by_dataset: dict[str, set[str]] = defaultdict(set)
    for row in recordings.values():
        by_dataset[row["dataset"]].add(row["recording_id"])
    assert len(by_dataset["meld_dev"] | by_dataset["meld-dev"] | by_dataset["MELD"] | by_dataset["meld"]) == 114
    assert by_dataset["egolife"] == {"egolife-A1_JAKE-DAY1", "egolife-A1_JAKE-DAY2", "egolife-A2_ALICE-DAY1"}
    assert by_dataset["aea"] == {AEA, CUT}
    assert by_dataset["nymeria"] == {PATRICIA, GREG}
    assert len(by_dataset["corpora"]) == 2 + 6 + 4 + 1
    assert (recordings[AEA]["subject_id"], recordings[CUT]["subject_id"]) == ("Ann", None)


def test_what_holds_no_recordings_says_so_in_one_row(store: Store, corpora: Path) -> None:
    rows = store.read(PROBLEMS).to_pylist()
    told = {row["where"]: row["what"] for row in rows if row["stage"] == "ingest" and row["status"] == "failed"}
    assert told.keys() == {str(corpora / name) for name in NO_RECORDINGS}
    assert all(what.startswith("there are no folders in it, expected ") for what in told.values())


def test_what_cannot_be_used_says_why_in_one_line(store: Store) -> None:
    rows = [
        row for row in store.read(PROBLEMS).to_pylist() if row["stage"] != "ingest" and row["status"] == "permanent"
    ]
    [row] = rows
    assert (row["recording_id"], row["stage"]) == (CUT, "media")
    assert "cut short" in row["what"] and "\n" not in row["what"]


def test_every_absence_has_its_reason(recordings: dict[str, dict[str, Any]]) -> None:
    for row in recordings.values():
        for part in ("video", "audio", "eye", "transcript", "gaze"):
            assert (row[part] is None) == (row[f"{part}_reason"] is not None), (row["recording_id"], part)
        assert (row["subject_id"] is None) == (row["subject_reason"] is not None)


def test_every_recording_has_segments_or_the_reason_why_not(
    store: Store, recordings: dict[str, dict[str, Any]]
) -> None:
    rows = store.read(SEGMENTS).to_pylist()
    by_recording: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_recording[row["recording_id"]].append(row)
    assert by_recording.keys() == recordings.keys() - {CUT}
    assert all((row["segment_id"] is None) == (row["empty_reason"] is not None) for row in rows)
    jake = by_recording["egolife-A1_JAKE-DAY1"]
    assert [(row["text"], row["translation"], row["speaker"], row["in_media"]) for row in jake] == [
        ("今天我们做什么？", "What do we do today?", "wearer", True),
        ("我不知道。", "I don't know.", "other", False),
        ("好", None, "wearer", False),
    ]
    assert {row["in_media"] for row in by_recording[AEA]} == {False}
    assert all(row["words"] for row in by_recording[AEA])
    assert [row["text"] for row in by_recording["friday"]][:2] == ["Hildy!", "How are you?"]
    heard = [row for row in rows if str(row["source"]).startswith("whisper") and row["segment_id"]]
    assert {row["recording_id"] for row in heard} >= {"composite", "friday-heard"}
    assert all(0 <= row["start_s"] < row["end_s"] <= row["start_s"] + 30 for row in heard)
    assert {row["speaker"] for row in by_recording["composite"]} == {"unknown"}  # all its microphones are one


def test_every_recording_with_media_has_evidence(store: Store, recordings: dict[str, dict[str, Any]]) -> None:
    index = store.read(MEDIA)
    kinds: dict[str, set[str]] = defaultdict(set)
    for row in index.to_pylist():
        genuine = not row["silent"] if row["kind"] == "audio" else not row["captioned"]
        kinds[row["recording_id"]] |= {row["kind"]} if genuine else set()
    for tracker, needed in (("acoustic_track", "audio"), ("visual_track", "proxy"), ("ocular_track", "eye")):
        have = {name for name, found in kinds.items() if needed in found}
        assert {name for name, found in kinds.items() if tracker in found} == have, tracker
    assert {name for name, found in kinds.items() if "ocular_track" in found} == {AEA, PATRICIA, GREG, "composite"}
    assert {name for name, found in kinds.items() if "microphones" in found} == {AEA, GREG, "composite"}
    assert {name for name, found in kinds.items() if "gaze" in found} == {AEA}
    media = Media(MediaCache(store.objects), index)
    for name, found in kinds.items():
        for kind in found & {"acoustic_track", "visual_track", "ocular_track"}:
            track = media.track(name, kind)
            assert track is not None
            times = track["time_s"].to_pylist()
            assert times == sorted(times)
            assert all(-0.001 <= at_s <= recordings[name]["duration_s"] + 0.1 for at_s in times), (name, kind)


def test_a_second_run_reads_no_media_and_adds_no_row(config: Path, store: Store, osmo: Osmo) -> None:
    parts = {path: size for path, size in _parts(store) if "/problems/" not in path}
    for stage, code in STAGES.items():
        done = osmo(stage, "--config", str(config), "--json", code=code if stage == "ingest" else 0)
        if stage == "ingest":
            counts = json.loads(done.stdout)["ingest"]
            assert (counts["stored"], counts["unchanged"]) == (0, counts["listed"])
    assert {path: size for path, size in _parts(store) if "/problems/" not in path} == parts


def _parts(store: Store) -> list[tuple[str, int]]:
    return sorted((info.path, info.size) for info in store.objects.walk("logs/"))
