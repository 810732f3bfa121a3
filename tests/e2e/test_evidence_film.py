"""The command over real film: every recording measured once, again nothing, and planned before."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from osmo.schemas.config import load_config
from osmo.schemas.tables import MEDIA
from osmo.storage.media import Media, MediaCache
from osmo.storage.store import Store
from osmo.tasks.cues.extractor import Span
from osmo.tasks.cues.registry import extractor
from osmo.tasks.ingest import ingest
from osmo.tasks.pipeline import Pipeline

TRACKERS = ("acoustic", "visual")


def osmo(command: str, config: Path) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "osmo.flows", command, "--config", str(config), "--json"],
        env={**os.environ, "OSMO_HOME": str(config.parent / "home")},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def film(corpora: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Configuration over the film, and over its transcript alone: that has a captioned stand-in and no sound."""
    folder = tmp_path_factory.mktemp("film")
    for name, files in (("film", ("friday.mp4", "friday.vtt")), ("words", ("friday.vtt",))):
        place = folder / "recordings" / name
        place.mkdir(parents=True)
        for file in files:
            shutil.copy(corpora / "friday_video" / file, place / file)
        facts: dict[str, object] = {"recording_id": name, "dataset": "corpora", "transcript": "friday.vtt"}
        facts |= {"video": "friday.mp4", "audio": "friday.mp4"} if name == "film" else {"duration_s": 6.2}
        (place / "recording.json").write_text(json.dumps(facts))
    config = folder / "osmo.toml"
    settings = {
        "sources": [{"path": str(folder / "recordings")}],
        "store": {"uri": str(folder / "store"), "buckets": 2},
        "evidence": {"trackers": list(TRACKERS)},
    }
    config.write_text(tomli_w.dumps(settings))
    pipeline = pipeline_of(config)
    ingest(pipeline.store, pipeline.config.sources)
    run(pipeline, "media", "segment")
    return config


def pipeline_of(config: Path) -> Pipeline:
    loaded = load_config(config)
    return Pipeline(Store.open(loaded.store.uri, buckets=loaded.store.buckets), loaded)


def run(pipeline: Pipeline, *stages: str) -> int:
    """Run stages over all buckets; gives the input rows that were taken up."""
    taken = 0
    for stage in stages:
        pipeline = pipeline.renew()
        taken += sum(pipeline.run_bucket(stage, bucket).rows_in for bucket in pipeline.views.buckets)
    return taken


def planned(config: Path) -> dict[str, tuple[int, int]]:
    stages = osmo("plan", config)
    return {row["stage"]: (row["present"], row["missing"]) for row in stages if row["stage"].startswith("evidence:")}


def test_it_measures_each_recording_once(film: Path) -> None:
    assert planned(film) == {f"evidence:{name}": (0, 1) for name in TRACKERS}, "a stand-in is not measured"
    first = osmo("evidence", film)
    assert {name: counts["rows_out"] for name, counts in first.items()} == {f"evidence:{name}": 1 for name in TRACKERS}
    files = sorted(film.parent.glob("store/media/*/*"))
    assert sum(file.suffix == ".parquet" for file in files) == 2
    assert run(pipeline_of(film), *first) == 0, "a second run finds nothing to do"
    assert sorted(film.parent.glob("store/media/*/*")) == files
    assert planned(film) == {f"evidence:{name}": (1, 0) for name in TRACKERS}


def test_what_it_measured_is_plausible(film: Path) -> None:
    """Two people talk, in black and white, before a camera that stands still."""
    store = Store.open(str(film.parent / "store"))
    media = Media(MediaCache(store.objects), store.read(MEDIA))
    acoustic, visual = media.track("film", "acoustic_track"), media.track("film", "visual_track")
    assert acoustic is not None and visual is not None
    assert acoustic.num_rows == pytest.approx(617, abs=2) and visual.num_rows == 31
    assert not any(visual["cut"].to_pylist()) and not any(visual["black"].to_pylist())
    cues = {name: extractor(name).extract([Span("e", "film", 1.0, 5.5, "en")], media)[0] for name in TRACKERS}
    voice, view = ({name: value for name, value, _ in cues[name].evidence} for name in TRACKERS)
    assert 100 < voice["pitch"] < 300 and 2 < voice["rate"] < 7 and -50 < voice["level"] < -10
    assert view["motion"] < 5 and 60 < view["brightness"] < 100
    assert "not known whether it is the wearer" in str(cues["acoustic"].text)
