"""Real film, real speech in two languages and real meetings go through ingest, media and segmentation."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import tomli_w

from osmo.schemas.tables import SEGMENTS
from osmo.storage.store import Store

pytestmark = pytest.mark.e2e
Osmo = Callable[..., subprocess.CompletedProcess[str]]


def _recording(root: Path, name: str, language: str, **files: Path) -> None:
    folder = root / name
    folder.mkdir(parents=True)
    fields: dict[str, str] = {"recording_id": name, "dataset": "corpora", "language": language, "subject_id": "w"}
    for field, file in files.items():
        shutil.copy(file, folder / file.name)
        fields[field] = file.name
    (folder / "recording.json").write_text(json.dumps(fields))


def test_all_of_them_are_segmented(corpora: Path, osmo: Osmo, tmp_path: Path, whisper_checkpoint: Path) -> None:
    root = tmp_path / "recordings"
    film = corpora / "friday_video" / "friday.mp4"
    _recording(root, "friday", "en", video=film, transcript=corpora / "friday_video" / "friday.vtt")
    _recording(root, "friday-heard", "en", video=film)
    for language in ("en", "zh"):
        sounds = [f for f in (corpora / f"speech_{language}").iterdir() if f.suffix in (".wav", ".flac")]
        for sound in sounds:
            _recording(root, f"{language}-{sound.stem}", language, audio=sound)
    for sound in (corpora / "ami_multispeaker").glob("*.wav"):
        _recording(root, f"ami-{sound.stem}", "en", audio=sound)
    config = tmp_path / "osmo.toml"
    settings = {
        "sources": [{"path": str(root)}],
        "store": {"uri": str(tmp_path / "store"), "buckets": 2},
        "segment": {"whisper_model": str(whisper_checkpoint), "whisper_sample_len": 6},
    }
    config.write_text(tomli_w.dumps(settings))
    for stage in ("ingest", "media", "segment"):
        osmo(stage, "--config", str(config))

    rows = Store.open(str(tmp_path / "store")).read(SEGMENTS).to_pylist()
    by_recording = {row["recording_id"]: [] for row in rows}
    for row in rows:
        by_recording[row["recording_id"]].append(row)
    assert set(by_recording) == {folder.name for folder in root.iterdir()}
    assert [row["text"] for row in by_recording["friday"]][:2] == ["Hildy!", "How are you?"]
    heard = [row for name, listed in by_recording.items() if name != "friday" for row in listed]
    spoken = [row for row in heard if row["segment_id"]]
    assert all(row["source"].startswith("whisper") for row in heard)
    assert len({row["recording_id"] for row in spoken}) >= 8
    assert all(0 <= row["start_s"] < row["end_s"] <= row["start_s"] + 30 for row in spoken)
    assert all(0 <= row["asr_confidence"] <= 1 for row in spoken)
    assert {row["language"] for row in spoken} == {"en", "zh"}
