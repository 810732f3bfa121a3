"""The committed sample: its size, its layout, that it decodes, and that it says it is synthetic."""

from __future__ import annotations

import csv
import itertools
import json
import tomllib
from pathlib import Path

import av
import numpy as np
import pytest

from osmo.tasks.transcripts import read_transcript

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SAMPLE = EXAMPLES / "sample"
FOLDERS = sorted(path.parent for path in SAMPLE.glob("*/recording.json"))
MOST_BYTES = 8 * 1024 * 1024
LABELS = {"anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral"}


def about(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "recording.json").read_text("utf-8"))
    return found


def labels(folder: Path) -> list[dict[str, str]]:
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_it_is_small_and_holds_what_the_script_names() -> None:
    assert sum(file.stat().st_size for file in SAMPLE.rglob("*") if file.is_file()) <= MOST_BYTES
    script = tomllib.loads((EXAMPLES / "sample_script.toml").read_text("utf-8"))
    assert [folder.name for folder in FOLDERS] == sorted(r["recording_id"] for r in script["recordings"])
    for recording in script["recordings"]:
        cues = read_transcript((SAMPLE / recording["recording_id"] / "transcript.csv").read_bytes(), "csv").cues
        assert [(cue.speaker, cue.text) for cue in cues] == [(n["speaker"], n["text"]) for n in recording["lines"]]


def test_two_wearers_one_english_and_one_mandarin() -> None:
    assert {(about(f)["subject_id"], about(f)["language"]) for f in FOLDERS} == {("Mira", "en"), ("Lin", "zh")}
    assert len({about(f)["started_at"] for f in FOLDERS}) == len(FOLDERS)


def test_it_says_that_it_is_synthetic() -> None:
    assert "synthetic" in (SAMPLE / "README.md").read_text("utf-8")
    assert all(about(folder)["synthetic"] is True for folder in FOLDERS)


def test_some_recordings_lack_a_stream() -> None:
    assert [folder.name for folder in FOLDERS if "eye" not in about(folder)] == ["sample-en-2"]
    assert [folder.name for folder in FOLDERS if "video" not in about(folder)] == ["sample-zh-2"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_stream_decodes_to_the_recordings_length(folder: Path) -> None:
    found = about(folder)
    duration_s = float(str(found["duration_s"]))
    assert 40 <= duration_s <= 75
    for stream in ("video", "eye"):
        if stream in found:
            with av.open(str(folder / str(found[stream]))) as file:
                times = [frame.time for frame in file.decode(video=0)]
            assert len(times) / 10 == pytest.approx(duration_s, abs=0.1)
    with av.open(str(folder / str(found["audio"]))) as file:
        pcm = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])
        assert len(pcm) / file.streams.audio[0].rate == pytest.approx(duration_s, abs=0.1)
    assert np.abs(pcm).max() > 0.2


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_labels_name_emotions_of_the_wearer_with_a_cause_and_lie_in_the_recording(folder: Path) -> None:
    found, wearer = about(folder), about(folder)["subject_id"]
    felt = [row for row in labels(folder) if row["speaker"] == wearer and row["emotion"] != "neutral"]
    assert len(felt) >= 6
    assert len({row["emotion"] for row in felt}) >= 3, "an arc of several emotions"
    for row in felt:
        assert row["emotion"] in LABELS
        assert row["cause"]
        assert int(row["intensity"]) in (1, 2, 3)
        assert 1.0 <= float(row["end_s"]) - float(row["start_s"]) <= 25.0
        assert float(row["end_s"]) <= float(str(found["duration_s"]))


def test_one_recording_holds_a_long_pause() -> None:
    rows = labels(SAMPLE / "sample-en-2")
    gaps = [float(b["start_s"]) - float(a["end_s"]) for a, b in itertools.pairwise(rows)]
    assert max(gaps) > 10
