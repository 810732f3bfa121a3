"""osmo votes, osmo plan --cost and osmo status --cost, as a person and as a program see them."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

new_project = sys.modules["small_project"].new_project
OsmoHere = Callable[..., tuple[str, str]]
MODELS = '[prescreen]\nvoters = ["lexicon", "dialogue", "valence"]\nquorum = 2\n'
PRICED = '[models.valence]\nmodel = "a model"\nallow_unpinned = true\n'


@pytest.fixture
def voted(tmp_path: Path) -> Any:
    """Two recordings with votes of three voters."""
    from osmo.schemas.config import load_config
    from osmo.storage.store import Store
    from osmo.tasks.ingest import ingest
    from osmo.tasks.pipeline import Pipeline

    project = new_project(tmp_path, recordings=2)
    project.config.write_text(project.config.read_text() + MODELS)
    config = load_config(project.config)
    store = Store.open(config.store.uri, buckets=2)
    ingest(store, config.sources)
    for stage in ("segment", "prescreen:lexicon", "prescreen:dialogue", "prescreen:valence"):
        pipeline = Pipeline(store, config)
        for bucket in pipeline.views.buckets:
            pipeline.run_bucket(stage, bucket)
    return project


def test_the_report_fits_a_terminal(voted: Any, osmo_here: OsmoHere, monkeypatch: pytest.MonkeyPatch) -> None:
    printed, _ = osmo_here("votes", "--config", voted.config)
    for said in ("How votes fall on 6 segments", "Krippendorff", "88.0 %", "48.6 %", "never decides"):
        assert said in printed
    assert max(map(len, printed.splitlines())) <= 80, printed


def test_the_report_for_programs(voted: Any, osmo_here: OsmoHere, tmp_path: Path) -> None:
    picture = tmp_path / "votes.png"
    report = json.loads(osmo_here("votes", "--config", voted.config, "--json", "--plot", picture)[0])
    assert report["segments"] == sum(one["segments"] for one in report["patterns"]) == 6
    assert all(one["pattern"] for one in report["patterns"])
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("suffix", ["parquet", "csv", "json"])
def test_the_second_opinion_is_written(voted: Any, osmo_here: OsmoHere, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"opinion.{suffix}"
    osmo_here("votes", "--config", voted.config, "--export", file)
    if suffix == "parquet":
        rows = pq.read_table(file).to_pylist()
    elif suffix == "csv":
        with file.open(newline="") as lines:
            rows = list(csv.DictReader(lines))
    else:
        rows = json.loads(file.read_text("utf-8"))
    assert len(rows) == 6
    assert sum(float(rows[0][f"p_{label}"]) for label in ("anger", "disgust", "fear", "joy", "sadness", "surprise",
                                                         "neutral")) == pytest.approx(1)  # fmt: skip


def test_kept_segments_are_ranked(voted: Any, osmo_here: OsmoHere) -> None:
    ranked = json.loads(osmo_here("votes", "--config", voted.config, "--rank", "--json")[0])
    assert ranked and all(one["kept"] for one in ranked)
    posterior = [one["posterior"] for one in ranked]
    assert posterior == sorted(posterior, reverse=True)
    assert "the surest first" in osmo_here("votes", "--config", voted.config, "--rank")[0]


def test_flips_are_counted(voted: Any, osmo_here: OsmoHere) -> None:
    found = json.loads(osmo_here("votes", "--config", voted.config, "--flips", "5", "--json")[0])
    assert [(one["voter"], one["sampled"], one["changed"]["hits"]) for one in found] == [
        ("lexicon", 5, 0), ("dialogue", 5, 0), ("valence", 5, 0)
    ]  # fmt: skip
    printed, _ = osmo_here("votes", "--config", voted.config, "--flips", "5", "--voter", "valence")
    assert "nothing was stored" in printed and "lexicon" not in printed


def test_what_cannot_be_written_or_asked_is_refused(voted: Any, osmo_here: OsmoHere) -> None:
    assert ".parquet" in osmo_here("votes", "--config", voted.config, "--export", "opinion.xlsx", code=2)[1]
    assert "prosody" in osmo_here("votes", "--config", voted.config, "--flips", "5", "--voter", "prosody", code=2)[1]
    assert "--hours" in osmo_here("plan", "--config", voted.config, "--hours", "5", code=2)[1]


def test_what_runs_here_costs_no_money(voted: Any, osmo_here: OsmoHere) -> None:
    printed, _ = osmo_here("plan", "--cost", "--config", voted.config)
    assert "nothing is to be paid" in " ".join(printed.split())
    assert "prescreen:lexicon" in printed


def test_the_bill_fits_a_terminal_and_is_the_same_from_both_commands(voted: Any, osmo_here: OsmoHere) -> None:
    voted.config.write_text(voted.config.read_text() + PRICED)
    printed, _ = osmo_here("plan", "--cost", "--config", voted.config)
    assert "foretold" in printed and "actual" in printed and "GPU h" in printed
    lines = [line for line in printed.splitlines() if str(voted.store) not in line]
    assert max(map(len, lines)) <= 80, printed
    bill, status = (
        json.loads(osmo_here(name, "--cost", "--config", voted.config, "--json")[0]) for name in ("plan", "status")
    )
    assert bill == status
    [row] = bill["rows"]
    assert (row["stage"], row["done"], row["left"]["calls"]) == ("prescreen:valence", 6, 0)
    assert bill["totals"]["actual"]["money"] == row["actual"]["money"] > 0


def test_hours_are_priced_without_a_store(tmp_path: Path, osmo_here: OsmoHere) -> None:
    config = tmp_path / "osmo.toml"
    config.write_text('profile = "lmm"\n')
    printed, _ = osmo_here("plan", "--cost", "--hours", "750", "--config", config)
    assert "prescreen:qwen2_audio" in printed and "200k" in printed
    assert max(map(len, printed.splitlines())) <= 80, printed
    assert not (tmp_path / "store").exists()
