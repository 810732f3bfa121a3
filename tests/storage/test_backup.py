"""A backup holds people's work, comes back whole, and refuses to copy what is damaged."""

from pathlib import Path

import pyarrow as pa
import pytest

from osmo.schemas.tables import CLIPS, RUNS
from osmo.storage.backup import BackupDamagedError, copy_people_work
from osmo.storage.objects import Objects
from osmo.storage.store import Store


def with_clips(uri: str) -> Store:
    store = Store.open(uri, buckets=2)
    for index in range(3):
        row = {"clip_id": f"c{index}", "recording_id": f"r{index}", "start_s": 0.0, "end_s": 30.0,
               "segment_ids": [], "labels": []}  # fmt: skip
        keys = pa.array([f"{index:032x}"])
        store.append(CLIPS, store.bucket(f"r{index}"), CLIPS.rows([row]), fingerprint="f" * 32, input_keys=keys)
    run = dict.fromkeys(("rows_in", "rows_out", "abstained", "quarantined", "failed", "attempts", "bucket"), 0)
    store.append_rows(RUNS, [{"stage": "clips", "host": "h", "seconds": 0.0, "cost": 0.0, **run}])
    return store


def test_it_is_copied_once_and_comes_back_whole(store_uri: str, tmp_path: Path) -> None:
    store = with_clips(store_uri)
    place = Objects(str(tmp_path / "backup"), create=True)
    first, second = (copy_people_work(store.objects, place) for _ in range(2))
    assert (first.written, first.present) == (4, 0)  # three parts and store.json
    assert (second.written, second.present, second.bytes) == (0, 4, 0)
    restored = tmp_path / "restored"
    copy_people_work(place, Objects(str(restored), create=True))
    again = Store.open(str(restored))
    assert again.layout == store.layout
    assert again.read(CLIPS).sort_by("clip_id").equals(store.read(CLIPS).sort_by("clip_id"))
    assert again.read(RUNS).num_rows == 0  # computed by machines, not kept


def test_a_restore_completes_what_was_lost_and_touches_nothing_else(tmp_path: Path) -> None:
    store = with_clips(str(tmp_path / "store"))
    place = Objects(str(tmp_path / "backup"), create=True)
    copy_people_work(store.objects, place)
    lost, *_ = store.objects.list("logs/clips/")
    store.objects.delete(lost.path)
    assert store.read(CLIPS).num_rows == 2
    assert copy_people_work(place, store.objects).written == 1
    assert store.read(CLIPS).num_rows == 3
    assert store.read(RUNS).num_rows == 1


def test_a_damaged_part_is_refused_by_name(tmp_path: Path) -> None:
    store = with_clips(str(tmp_path / "store"))
    path = store.objects.list("logs/clips/")[0].path
    file = tmp_path / "store" / path
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))
    place = Objects(str(tmp_path / "backup"), create=True)
    with pytest.raises(BackupDamagedError, match="is damaged"):
        copy_people_work(store.objects, place)
    assert not place.exists(path)
