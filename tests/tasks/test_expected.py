"""What is not there yet, by the ratios of the configuration."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from osmo.schemas.config import OsmoConfig, load_config
from osmo.storage.store import Store
from osmo.tasks.expected import Expected, expected, expected_of_hours
from osmo.tasks.ingest import ingest
from osmo.tasks.pipeline import Pipeline

SEGMENTS = 40
RATIOS = "kept_share = 0.5\nclips_per_candidate = 0.5\nevents_per_clip = 0.5\nregions_per_annotation = 2\n"


def configured(folder: Path, more: str = "") -> OsmoConfig:
    place = folder / "recordings" / "r1"
    place.mkdir(parents=True)
    (place / "recording.json").write_text(
        json.dumps({"subject_id": "Ann", "language": "en", "duration_s": 3600, "transcript": "t.csv"})
    )
    said = ("I am so happy, this is wonderful!", "Could you hand me the cup?")
    lines = [f'{60 * n},{60 * n + 4},Ann,"{said[n % 2]}"' for n in range(SEGMENTS)]
    (place / "t.csv").write_text("\n".join(["start_s,end_s,speaker,text", *lines, ""]))
    file = folder / "osmo.toml"
    file.write_text(
        '[[sources]]\npath = "recordings"\n[store]\nbuckets = 1\n[prescreen]\nvoters = ["lexicon", "dialogue"]\n'
        f"quorum = 2\n[cost]\nsegments_per_hour = 100\n{RATIOS}{more}"
    )
    return load_config(file)


def run(config: OsmoConfig, *stages: str) -> Pipeline:
    store = Store.open(config.store.uri, buckets=1)
    ingest(store, config.sources)
    for stage in stages:
        Pipeline(store, config).run_bucket(stage, 0)
    return Pipeline(store, config)


@pytest.mark.parametrize(
    ("label", "each"), [("", 3), ("[label]\nsimulated = 5\n", 5), ("[label]\nreplay = true\n", 1)],
    ids=["people", "simulated", "replayed"],
)  # fmt: skip
def test_everything_of_some_hours(tmp_path: Path, label: str, each: int) -> None:
    found = expected_of_hours(2, configured(tmp_path, label))
    assert found == Expected(segments=200, clips=50, regions=50 * each * 2, events=25)


def test_a_recording_that_is_not_segmented_counts_by_its_hours(tmp_path: Path) -> None:
    found = expected(run(configured(tmp_path)), segments=0, some_voted=False)
    assert (found.segments, found.clips) == (100, 25)


def test_segments_without_votes_bring_their_share_of_clips(tmp_path: Path) -> None:
    found = expected(run(configured(tmp_path), "segment"), segments=SEGMENTS, some_voted=False)
    assert found == Expected(segments=0, clips=10, regions=60, events=5)


def test_once_all_have_voted_candidates_and_then_clips_are_counted(tmp_path: Path) -> None:
    voted = ("segment", "prescreen:lexicon", "prescreen:dialogue")
    pipeline = run(configured(tmp_path), *voted)
    kept = pipeline.views.candidates(0)["kept"].to_pylist().count(True)
    assert 0 < kept < SEGMENTS
    assert expected(pipeline, segments=SEGMENTS, some_voted=True).clips == kept * 0.5
    pipeline.renew().run_bucket("clips", 0)
    after = pipeline.renew()
    clips = after.views.clips(0).num_rows
    assert clips > kept * 0.5, "each candidate stands far from the next"
    assert expected(after, segments=SEGMENTS, some_voted=True).clips == clips
