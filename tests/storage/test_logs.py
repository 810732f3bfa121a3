"""Logs: what is appended is read back, once; what is damaged is noticed."""

from __future__ import annotations

import dataclasses
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from osmo.schemas.table import SchemaMismatchError
from osmo.schemas.tables import ERASURES, PROBLEMS, RUNS, VOTES
from osmo.storage.objects import Objects, StoreUnreachableError
from osmo.storage.store import NoStoreError, Store


def votes(*labels: str | None, recording: str = "r") -> pa.Table:
    return VOTES.rows(
        {
            "recording_id": recording,
            "segment_id": f"s{i}",
            "annotator": "lexicon",
            "model_revision": "1",
            "label": label,
            "abstain_reason": None if label else "no evidence",
        }
        for i, label in enumerate(labels)
    )


def append(store: Store, *labels: str | None, keys: list[str], bucket: int = 0, fingerprint: str = "f") -> str:
    path = store.append(VOTES, bucket, votes(*labels), fingerprint=fingerprint, input_keys=pa.array(keys))
    assert path is not None
    return path


def test_rows_come_back_as_written(store_uri: str) -> None:
    store = Store.open(store_uri, buckets=4)
    append(store, "joy", None, keys=["k0", "k1"])
    append(store, "anger", keys=["k2"], bucket=3)
    rows = store.read(VOTES)
    assert rows["label"].to_pylist() == ["joy", None, "anger"]
    assert store.read(VOTES, bucket=3, columns=["label"]).to_pylist() == [{"label": "anger"}]
    assert rows.schema.equals(VOTES.schema)


def test_of_equal_units_the_first_counts_before_and_after_compaction(store_uri: str) -> None:
    store = Store.open(store_uri, buckets=1)
    append(store, "joy", "fear", keys=["k0", "k0"])
    time.sleep(0.002)
    append(store, "anger", "surprise", keys=["k0", "k1"])
    append(store, "sadness", keys=["k0"], fingerprint="other")
    expected = ["joy", "fear", "surprise", "sadness"]
    assert store.read(VOTES)["label"].to_pylist() == expected
    assert store.logs.compact(VOTES, 0) == 3
    assert store.read(VOTES)["label"].to_pylist() == expected
    assert len(store.logs.parts(VOTES)) == 1


def test_rows_of_other_fingerprints_are_history(store_uri: str) -> None:
    store = Store.open(store_uri, buckets=1)
    append(store, "joy", keys=["k0"], fingerprint="old")
    append(store, "fear", keys=["k0"], fingerprint="new")
    assert store.read(VOTES, fingerprints=["new"])["label"].to_pylist() == ["fear"]


@pytest.mark.parametrize("position", [0.001, 0.2, 0.5, 0.8, 0.999])
def test_one_flipped_bit_moves_the_part_to_quarantine(tmp_path: Path, position: float) -> None:
    store = Store.open(str(tmp_path), buckets=1)
    path = append(store, *["joy"] * 50, keys=[f"k{i}" for i in range(50)])
    file = tmp_path / path
    damaged = bytearray(file.read_bytes())
    damaged[int(len(damaged) * position)] ^= 0x10
    file.write_bytes(damaged)
    assert store.read(VOTES).num_rows == 0
    assert not file.exists()
    assert (tmp_path / "quarantine" / path).exists()
    (problem,) = store.read(PROBLEMS).to_pylist()
    assert problem["status"] == "quarantined"
    assert problem["key"] == path


def test_an_empty_part_is_quarantined(tmp_path: Path) -> None:
    store = Store.open(str(tmp_path), buckets=1)
    path = append(store, "joy", keys=["k"])
    (tmp_path / path).write_bytes(b"")
    assert store.read(VOTES).num_rows == 0
    assert store.read(PROBLEMS)["status"].to_pylist() == ["quarantined"]


def test_a_column_that_came_later_is_null_in_older_parts(tmp_path: Path) -> None:
    store = Store.open(str(tmp_path), buckets=1)
    latest = VOTES.columns[-1].name
    older = dataclasses.replace(VOTES, columns=VOTES.columns[:-1])
    body = votes("joy").drop_columns([latest])
    store.append(older, 0, body, fingerprint="f", input_keys=pa.array(["k"]))
    assert store.read(VOTES)[latest].to_pylist() == [None]


def test_erased_recordings_and_subjects_are_not_read(store_uri: str) -> None:
    from datetime import UTC, datetime

    store = Store.open(store_uri, buckets=1)
    keys = pa.array(["k0"])
    store.append(VOTES, 0, votes("joy", recording="a"), fingerprint="f", input_keys=keys)
    store.append(VOTES, 0, votes("fear", recording="b"), fingerprint="f", input_keys=pa.array(["k1"]))
    store.append_rows(
        ERASURES, [{"recording_id": "a", "subject_id": None, "at": datetime.now(UTC), "reason": "withdrawn"}]
    )
    assert store.read(VOTES, columns=["label"])["label"].to_pylist() == ["fear"]
    assert Store.open(store_uri).read(VOTES)["recording_id"].to_pylist() == ["b"]


def test_of_many_creators_one_wins(store_uri: str) -> None:
    Objects(store_uri, create=True)
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda i: Objects(store_uri).create("x/y", str(i).encode()), range(16)))
    assert won.count(True) == 1
    assert Objects(store_uri).read("x/y") == str(won.index(True)).encode()


def test_a_second_opener_gets_the_first_layout(store_uri: str) -> None:
    first = Store.open(store_uri, buckets=4)
    assert Store.open(store_uri, buckets=64).layout == first.layout


def test_an_unwritable_store_is_one_clear_line() -> None:
    with pytest.raises(StoreUnreachableError, match=r"Store /proc/osmo: .*Check that the place exists"):
        Store.open("/proc/osmo", buckets=1)


def test_a_table_of_other_columns_is_refused(tmp_path: Path) -> None:
    store = Store.open(str(tmp_path), buckets=1)
    with pytest.raises(SchemaMismatchError, match="annotator"):
        store.append(VOTES, 0, votes("joy").drop_columns(["annotator"]), fingerprint="f", input_keys=pa.array(["k"]))
    with pytest.raises(SchemaMismatchError, match="unknown columns"):
        RUNS.check(votes("joy"), body=True)


def test_what_is_no_store_is_said(tmp_path: Path) -> None:
    with pytest.raises(NoStoreError, match="`osmo build` creates a store"):
        Store.open(str(tmp_path))
