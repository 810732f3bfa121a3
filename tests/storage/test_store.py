"""A store keeps snapshots of configurations, and says what it found corrupt; the rest is tested with its logs."""

from pathlib import Path

import pyarrow as pa

from osmo.schemas.config import OsmoConfig, StoreConfig, dump_config
from osmo.schemas.tables import CLIPS, PROBLEMS
from osmo.storage.store import Store


def add_clip(store: Store, recording_id: str) -> None:
    row = {"clip_id": f"c-{recording_id}", "recording_id": recording_id, "start_s": 0.0, "end_s": 30.0,
           "segment_ids": [], "labels": []}  # fmt: skip
    keys = pa.array([recording_id.rjust(32, "0")])
    store.append(CLIPS, store.bucket(recording_id), CLIPS.rows([row]), fingerprint="f" * 32, input_keys=keys)


def test_a_configuration_is_found_by_the_name_of_its_snapshot(store_uri: str) -> None:
    store = Store.open(store_uri, buckets=1)
    config = OsmoConfig.model_construct(store=StoreConfig(buckets=7))
    name = store.save_config(config)
    assert store.save_config(config) == name
    assert dump_config(store.load_config(name)) == dump_config(config)


def test_a_corrupt_part_moves_aside_once_and_a_problem_says_so(tmp_path: Path) -> None:
    store = Store.open(str(tmp_path), buckets=1)
    add_clip(store, "a")
    add_clip(store, "b")
    spoiled = store.objects.list("logs/clips/")[0].path
    (tmp_path / spoiled).write_bytes(b"PAR1 and nothing else")
    for _ in range(2):
        assert store.read(CLIPS).num_rows == 1
    [problem] = store.read(PROBLEMS).to_pylist()
    assert (problem["status"], problem["key"], problem["where"]) == ("quarantined", spoiled, f"quarantine/{spoiled}")
    assert store.objects.read(f"quarantine/{spoiled}") == b"PAR1 and nothing else"


def test_a_corrupt_problems_log_does_not_write_to_itself(tmp_path: Path) -> None:
    store = Store.open(str(tmp_path), buckets=1)
    row = {"recording_id": "r", "stage": "s", "key": "k", "attempt": 1, "status": "failed", "what": "w", "where": "h",
           "remedy": "m"}  # fmt: skip
    store.append_rows(PROBLEMS, [row])
    [part] = store.objects.list("logs/problems/")
    (tmp_path / part.path).write_bytes(b"")
    assert store.read(PROBLEMS).num_rows == 0
    assert store.objects.list("logs/problems/") == []
    assert store.objects.exists(f"quarantine/{part.path}")
