"""Two builds over one store at once give one result."""

from __future__ import annotations

from pathlib import Path

import pytest
from kill_stores import Driven, assert_equal

pytestmark = pytest.mark.kill


def test_two_builds_at_once_give_one_result(store_uri: str, driven: Driven, undisturbed: Path) -> None:
    both = [driven.start(store_uri, "--unwatched") for _ in range(2)]
    assert [driven.finish(process) for process in both] == [0, 0]
    assert_equal(store_uri, undisturbed)


def test_one_of_two_builds_is_killed_again_and_again(tmp_path: Path, driven: Driven, undisturbed: Path) -> None:
    uri = str(tmp_path / "store")
    both = [
        driven.start(uri, "--unwatched"),
        driven.start(uri, "--unwatched", "--random", "3", "--times", "4", "--longest", "1.5"),
    ]
    assert driven.finish(both[0]) == 0
    driven.finish(both[1])
    assert_equal(uri, undisturbed)
