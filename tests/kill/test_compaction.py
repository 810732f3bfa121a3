"""Compaction changes no row: killed at any step, beside a build, and by command."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest
from kill_stores import LOGS, Driven, assert_equal
from typer.testing import CliRunner

from osmo.flows.cli import app
from osmo.schemas.tables import VOTES
from osmo.storage.compaction import compact_store
from osmo.storage.store import Store

pytestmark = pytest.mark.kill


@pytest.fixture
def copied(undisturbed: Path, tmp_path: Path) -> str:
    return str(shutil.copytree(undisturbed, tmp_path / "store"))


def most_parts(store: Store) -> int:
    return max(len(store.logs.parts(table, bucket)) for table in LOGS for bucket in range(store.layout.buckets))


def test_killed_at_each_write_and_deletion_the_content_stays(copied: str, undisturbed: Path, driven: Driven) -> None:
    """Each attempt gets one write or deletion further than the one before it."""
    kills = driven.build(copied, "--compact", "--killed", "after", "--later")
    assert kills > 5
    store = assert_equal(copied, undisturbed)
    assert most_parts(store) == 1
    assert driven.build(copied) == 0
    assert most_parts(Store.open(copied)) == 1  # all rows are there: nothing was computed


def test_readers_and_two_compactions_at_once_see_every_row(store_uri: str) -> None:
    store = Store.open(store_uri, buckets=1)
    count = 60
    for index in range(count):
        append_vote(store, index)
    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(lambda: compact_store(Store.open(store_uri), at_most=1)) for _ in range(2)]
        while not all(one.done() for one in running):
            assert store.read(VOTES).num_rows == count
    assert store.read(VOTES).num_rows == count


def append_vote(store: Store, index: int) -> None:
    row = {
        "recording_id": "r",
        "segment_id": f"s{index}",
        "annotator": "lexicon",
        "model_revision": "1",
        "label": "joy",
    }
    store.append(VOTES, 0, VOTES.rows([row]), fingerprint="f", input_keys=pa.array([f"{index:032x}"]))


def test_the_command_says_what_it_did(copied: str, undisturbed: Path, tmp_path: Path) -> None:
    config = tmp_path / "osmo.toml"
    config.write_text(f'[store]\nuri = "{copied}"\n')
    before = Counter(part.bucket for part in Store.open(copied).logs.parts(VOTES))
    done = CliRunner().invoke(app, ["compact", "--config", str(config), "--parts", "2", "--json"])
    assert done.exit_code == 0, done.output
    votes = next(one for one in json.loads(done.stdout) if one["log"] == "votes")
    assert votes == {"log": "votes", "buckets": 2, "parts": before.total()}
    assert most_parts(assert_equal(copied, undisturbed)) <= 2
    again = CliRunner().invoke(app, ["compact", "--config", str(config), "--parts", "2"])
    assert "No bucket of" in again.output
