"""Trackers are found by the names of their files."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest

from osmo.schemas.config import EvidenceConfig
from osmo.schemas.extensions import UnknownExtensionError
from osmo.tasks.tracks.registry import TRACKERS, tracker


def test_every_tracker_is_named_after_its_file() -> None:
    assert {"acoustic", "visual"} <= set(TRACKERS.names())
    assert [tracker(name).name for name in TRACKERS.names()] == TRACKERS.names()
    assert set(EvidenceConfig().trackers) <= set(TRACKERS.names())


@pytest.mark.parametrize("name", TRACKERS.names())
def test_a_tracker_says_what_its_numbers_depend_on_and_keeps_time(name: str) -> None:
    found = tracker(name)
    assert re.match(r"\d+(\+|$)", found.revision)
    assert found.looks_at
    assert found.schema.field("time_s") == pa.field("time_s", pa.float64(), nullable=False)
    assert found.schema.names[0] == "time_s"


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownExtensionError, match="Did you mean 'acoustic'"):
        tracker("acustic")
