"""The quickstart as a newcomer runs it, and what can be done with the release that it makes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from osmo.storage import releases

pytestmark = pytest.mark.e2e
Osmo = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def quickstart(osmo: Osmo, label_studio: Any) -> tuple[str, Path]:
    """What the quickstart printed, and its configuration."""
    done = osmo("quickstart")
    return done.stdout, label_studio.home / "quickstart" / "osmo.toml"


@pytest.fixture(scope="module")
def release(quickstart: tuple[str, Path]) -> releases.Release:
    return releases.open("osmo-sample", store=str(quickstart[1].parent / "store"))


def test_it_ends_with_a_verified_release_and_says_what_it_holds(quickstart: tuple[str, Path]) -> None:
    printed, _ = quickstart
    assert "is published and verified" in printed
    assert "synthetic" in printed
    assert "simulated" in printed


def test_every_table_went_through(release: releases.Release) -> None:
    rows = release.manifest.tables
    assert rows["recordings"] == 4
    for table in ("media", "segments", "candidates", "clips", "annotations", "verdicts", "events", "cues", "reasoning"):
        assert rows[table] > 0, table
    events = release.table("events").to_pylist()
    assert {event["language"] for event in events} == {"en", "zh"}
    assert len({event["subject_id"] for event in events}) == 2
    assert all(event["sources"] == ["simulated"] for event in events)
    assert all(event["agreement"] is None and event["agreement_reason"] == "simulated" for event in events)
    assert rows["reasoning"] == 6 * len(events)


def test_eye_voice_and_scene_are_measured_where_they_are(release: releases.Release) -> None:
    cues = release.table("cues").to_pylist()
    for modality in ("visual", "acoustic", "ocular"):
        mine = [cue for cue in cues if cue["modality"] == modality]
        assert any(cue["text"] and cue["evidence"] for cue in mine), modality
    without_eye = [cue for cue in cues if cue["recording_id"] == "sample-en-2" and cue["modality"] == "ocular"]
    assert all(cue["text"] is None and cue["absent_reason"] for cue in without_eye)


def test_the_media_of_every_event_is_found_and_plays(release: releases.Release) -> None:
    for event in release.table("events").to_pylist():
        with av.open(str(release.media(event["event_id"]))) as film:
            streams = {stream.type for stream in film.streams}
            assert streams == {"video", "audio"}
            assert sum(1 for _ in film.decode(video=0)) > 10


def test_nothing_is_done_twice(quickstart: tuple[str, Path], osmo: Osmo) -> None:
    config = str(quickstart[1])
    again = json.loads(osmo("build", "--config", config, "--json").stdout)
    assert again["ingest"]["unchanged"] == 4
    worked = {name: counts["rows_in"] for name, counts in again.items() if counts.get("rows_in")}
    assert worked == {}
    assert again["collect"]["appended"] == 0
    plan = json.loads(osmo("plan", "--config", config, "--json").stdout)
    assert all(stage["missing"] == 0 and stage["quarantined"] == 0 for stage in plan)


def test_verify_accepts_the_release_and_refuses_one_changed_byte(
    quickstart: tuple[str, Path], release: releases.Release, osmo: Osmo
) -> None:
    config = str(quickstart[1])
    osmo("release", "verify", "osmo-sample", "--config", config)
    folder = Path(release.uri)
    for file in (folder / "manifest.json", folder / "README.md", next(folder.glob("data/events/*.parquet"))):
        whole = file.read_bytes()
        damaged = bytearray(whole)
        damaged[len(damaged) // 2] ^= 1
        file.write_bytes(damaged)
        refused = osmo("release", "verify", "osmo-sample", "--config", config, code=3)
        assert refused.stderr.strip()
        file.write_bytes(whole)
    osmo("release", "verify", "osmo-sample", "--config", config)


def test_it_opens_in_datasets_duckdb_pandas_and_polars(release: releases.Release) -> None:
    import datasets
    import duckdb
    import pandas
    import polars

    events = release.table("events").num_rows
    folder = str(release.uri)
    assert datasets.load_dataset(folder, "events", split="full").num_rows == events
    found = duckdb.connect().execute(f"select count(*) from read_parquet('{folder}/data/events/*.parquet')").fetchone()
    assert found == (events,)
    assert len(pandas.read_parquet(f"{folder}/data/events")) == events
    assert polars.read_parquet(f"{folder}/data/events/*.parquet").height == events


def test_a_changed_vocabulary_of_voters_recomputes_only_their_votes(
    quickstart: tuple[str, Path], osmo: Osmo, tmp_path: Path
) -> None:
    text = quickstart[1].read_text() + '\n[prescreen]\nvoters = ["lexicon", "dialogue", "valence"]\n'
    config = quickstart[1].with_name("three-voters.toml")
    config.write_text(text)
    plan = {row["stage"]: row for row in json.loads(osmo("plan", "--config", str(config), "--json").stdout)}
    assert plan["prescreen:lexicon"]["missing"] == 0
    assert "prescreen:prosody" not in plan
