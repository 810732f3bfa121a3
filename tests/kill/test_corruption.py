"""Damaged parts: the next run restores an equal store; what only people know comes back from the backup."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from driver import build
from kill_stores import LOGS, Driven, assert_equal, content, flipped

from osmo.schemas.table import Table
from osmo.schemas.tables import PROBLEMS, PUBLICATIONS, PULLS, RUNS, TABLES
from osmo.storage.backup import copy_people_work
from osmo.storage.objects import Objects
from osmo.storage.store import Store

pytestmark = pytest.mark.kill

COMPUTED = [table for table in LOGS if table.name not in ("reviews", "consents", "erasures", "runs", "problems")]


def truncate(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


def empty(data: bytes) -> bytes:
    return b""


@pytest.fixture
def copied(undisturbed: Path, tmp_path: Path) -> Path:
    return shutil.copytree(undisturbed, tmp_path / "store")


def damage(store: Path, table: Table, how: Callable[[bytes], bytes]) -> str:
    """Damage the first part of a log; gives its path in the store."""
    path = Store.open(str(store)).logs.parts(table)[0].path
    (store / path).write_bytes(how((store / path).read_bytes()))
    return path


def failures(store: Store) -> set[tuple[str, str, str]]:
    rows = store.read(PROBLEMS).to_pylist()
    return {(row["stage"], row["key"], row["what"]) for row in rows if row["status"] in ("permanent", "failed")}


@pytest.mark.parametrize("table", COMPUTED, ids=lambda table: table.name)
def test_a_flipped_bit_in_any_log_is_made_good_by_the_next_run(
    table: Table, copied: Path, undisturbed: Path, driven: Driven
) -> None:
    path = damage(copied, table, flipped)
    build(str(copied), str(driven.source), watched=True)
    store = assert_equal(str(copied), undisturbed)
    assert (copied / "quarantine" / path).is_file()
    told = [row for row in store.read(PROBLEMS).to_pylist() if row["stage"] == "storage"]
    assert [(row["key"], row["status"]) for row in told] == [(path, "quarantined")]


@pytest.mark.parametrize("how", [truncate, empty], ids=lambda how: how.__name__)
def test_every_log_damaged_at_once_is_made_good(
    how: Callable[[bytes], bytes], copied: Path, undisturbed: Path, driven: Driven
) -> None:
    paths = {damage(copied, table, how) for table in COMPUTED}
    build(str(copied), str(driven.source), watched=True)
    store = assert_equal(str(copied), undisturbed)
    assert {row["key"] for row in store.read(PROBLEMS).to_pylist() if row["stage"] == "storage"} == paths


def test_damaged_bookkeeping_harms_no_result(copied: Path, undisturbed: Path, driven: Driven) -> None:
    """What failed for good fails again and is said again; warnings and rows of `runs` lie in quarantine."""
    for table in (RUNS, PROBLEMS):
        damage(copied, table, flipped)
    build(str(copied), str(driven.source), watched=True)
    store, reference = Store.open(str(copied)), Store.open(str(undisturbed))
    for table in COMPUTED:
        assert content(store, table) == content(reference, table)
    assert failures(store) == failures(reference)
    assert store.read(RUNS).num_rows > 0  # only who asks for the runs meets the damaged part
    assert len(list((copied / "quarantine" / "logs").glob("*/*/*.parquet"))) == 2


def test_lost_work_of_people_comes_back_from_a_backup(
    copied: Path, undisturbed: Path, driven: Driven, tmp_path: Path
) -> None:
    place = Objects(str(tmp_path / "backup"), create=True)
    copy_people_work(Store.open(str(copied)).objects, place)
    human = [table for table in TABLES.values() if table.human]
    for table in (PUBLICATIONS, PULLS):
        damage(copied, table, truncate)
        lost = Store.open(str(copied))
        assert sum(content(lost, table).values()) < sum(content(Store.open(str(undisturbed)), table).values())
    assert copy_people_work(place, Objects(str(copied))).written == 2
    for table in human:
        assert content(Store.open(str(copied)), table) == content(Store.open(str(undisturbed)), table)


def test_from_a_backup_alone_and_the_sources_a_build_makes_the_same(
    undisturbed: Path, driven: Driven, tmp_path: Path
) -> None:
    place = Objects(str(tmp_path / "backup"), create=True)
    copy_people_work(Store.open(str(undisturbed)).objects, place)
    restored = tmp_path / "restored"
    copy_people_work(place, Objects(str(restored), create=True))
    build(str(restored), str(driven.source), watched=True)
    store, reference = Store.open(str(restored)), Store.open(str(undisturbed))
    for table in COMPUTED:
        assert content(store, table) == content(reference, table), table.name
