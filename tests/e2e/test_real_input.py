"""A build over a real corpus: 114 dialogues, 19 wearers, their human labels replayed through Label Studio."""

from __future__ import annotations

import csv
import importlib.util
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from osmo.schemas.vocabulary import vocabulary
from osmo.storage import releases

pytestmark = pytest.mark.e2e
Osmo = Callable[..., subprocess.CompletedProcess[str]]
REPOSITORY = Path(__file__).resolve().parents[2]


def _figures() -> ModuleType:
    spec = importlib.util.spec_from_file_location("real_input", REPOSITORY / "benchmarks" / "real_input.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def built(corpora: Path, osmo: Osmo, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The configuration, and what the build said."""
    config = _figures().configure(tmp_path_factory.mktemp("meld"), corpora / "meld_dev")
    said = json.loads(osmo("build", "--config", str(config), "--json").stdout)
    osmo("release", "create", "--config", str(config))
    return config, said


@pytest.fixture(scope="module")
def release(built: tuple[Path, dict[str, Any]]) -> releases.Release:
    return releases.open("meld", store=str(built[0].parent / "store"))


def _labels(corpora: Path, recording_id: str) -> list[dict[str, str]]:
    with (corpora / "meld_dev" / recording_id / "labels.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_recording_and_every_utterance_is_there(release: releases.Release) -> None:
    assert release.manifest.tables["recordings"] == 114
    assert release.manifest.tables["segments"] == 1109
    assert len(set(release.table("recordings")["subject_id"].to_pylist())) == 19


def test_nothing_waits_and_nothing_failed(built: tuple[Path, dict[str, Any]]) -> None:
    _, said = built
    assert said["people"]["waiting"] == 0
    assert all(counts.get("failed", 0) == 0 for counts in said.values())
    assert all(counts.get("quarantined", 0) == 0 for counts in said.values())


def test_events_say_what_the_human_labels_said(release: releases.Release, corpora: Path) -> None:
    events = release.table("events").to_pylist()
    assert events
    for event in events:
        wearer = event["subject_id"]
        matching = [
            label
            for label in _labels(corpora, event["recording_id"])
            if label["speaker"] == wearer
            and label["emotion"] != "neutral"
            and float(label["start_s"]) <= event["start_s"] + 0.002
            and float(label["end_s"]) >= event["end_s"] - 0.002
        ]
        assert [vocabulary().from_ekman(label["emotion"]) for label in matching] == event["emotions"], event
        assert [label["sentiment"] for label in matching] == [event["polarity"]]


def test_what_the_corpus_never_had_stays_empty_and_says_so(release: releases.Release) -> None:
    for event in release.table("events").to_pylist():
        assert (event["cause"], event["cause_reason"]) == (None, "not_collected")
        assert (event["intensity"], event["intensity_reason"]) == (None, "not_collected")
        assert (event["agreement"], event["agreement_reason"]) == (None, "replayed")
    assert release.manifest.holdings.sources == ("replayed",)


def test_labels_shorter_than_a_second_are_no_events(release: releases.Release) -> None:
    durations = [event["end_s"] - event["start_s"] for event in release.table("events").to_pylist()]
    assert min(durations) >= 1.0
    assert max(durations) <= 25.0


def test_readme_shows_these_figures(built: tuple[Path, dict[str, Any]], osmo: Osmo) -> None:
    figures = _figures()
    config = str(built[0])
    readme = (REPOSITORY / "README.md").read_text()
    status = json.loads(osmo("status", "--config", config, "--json").stdout)
    quality = json.loads(osmo("prescreen-quality", "--config", config, "--json").stdout)
    assert figures.block(readme, "funnel") == figures.funnel_table(status)
    others = json.loads(osmo("prescreen-quality", "--speaker", "other", "--config", config, "--json").stdout)
    assert figures.block(readme, "quality") == figures.quality_table(quality, others)


def test_kept_segments_beat_the_base_rate(built: tuple[Path, dict[str, Any]], osmo: Osmo) -> None:
    quality = json.loads(osmo("prescreen-quality", "--config", str(built[0]), "--json").stdout)
    assert quality["kept"] >= 50
    assert quality["kept_precision"] > quality["emotional_share"]
    assert quality["kept_agreement"] > quality["commonest_share"]
