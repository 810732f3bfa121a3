"""Killed with SIGKILL at any point and run again, a store ends equal to that of an undisturbed run, nothing done twice.

The driver itself refuses to compute a unit that its log has, and ends with an error where one would be.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from kill_stores import Driven, assert_equal, units_in_two_parts

from osmo.storage.store import Store

pytestmark = pytest.mark.kill


def writes(store: Path) -> int:
    """Objects that a build made, each by one write."""
    return len(Store.open(str(store)).objects.list())


@pytest.mark.parametrize(("killed", "at"), [("after", 1), ("torn", 5)], ids=["each", "torn"])
def test_killed_at_its_writes(killed: str, at: int, driven: Driven, undisturbed: Path, tmp_path: Path) -> None:
    """Each attempt is killed at its `at`-th write, so that the chain of attempts passes every state of the store.

    After a write and before the next one the store is the same: `each` leaves no step out.
    """
    uri = str(tmp_path / "store")
    kills = driven.build(uri, "--killed", killed, "--at", str(at))
    advance = at if killed == "after" else at - 1
    assert kills >= (writes(undisturbed) - 40) // advance  # a run that was killed leaves no row of its own in `runs`
    store = assert_equal(uri, undisturbed)
    assert units_in_two_parts(store) == []


def test_killed_at_random_moments(driven: Driven, undisturbed: Path, tmp_path: Path) -> None:
    uri = str(tmp_path / "store")
    kills = driven.build(uri, "--random", "1", "--times", "10", "--longest", "2")
    assert kills > 0
    store = assert_equal(uri, undisturbed)
    assert units_in_two_parts(store) == []


def test_a_second_run_over_a_finished_store_writes_nothing(driven: Driven, undisturbed: Path) -> None:
    before = {info.path for info in Store.open(str(undisturbed)).objects.list()}
    assert driven.build(str(undisturbed)) == 0
    assert {info.path for info in Store.open(str(undisturbed)).objects.list()} == before
