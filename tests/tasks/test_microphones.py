"""Levels of and delays between several microphones, without their sound."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from osmo.tasks.microphones import HOP_S, MICROPHONES, microphone_tables, pairs_of
from osmo.tasks.source_file import SourceFile
from osmo.tasks.vrs_frames import vrs_blocks

RATE = 48_000
Sound = Any


def noise(seconds: float, seed: int = 0) -> Sound:
    return np.random.default_rng(seed).normal(0, 0.05, round(seconds * RATE)).astype(np.float32)


def track(blocks: Iterator[tuple[float, Sound]] | list[tuple[float, Sound]], rate: int = RATE) -> list[dict[str, Any]]:
    return pa.Table.from_batches(
        [batch for table in microphone_tables(iter(blocks), rate) for batch in table.to_batches()], MICROPHONES
    ).to_pylist()


def delayed(sound: Sound, samples: int) -> Sound:
    return np.roll(sound, samples)


def test_a_known_delay_and_level_are_measured() -> None:
    one = noise(2.0)
    several = np.stack([one, 0.5 * delayed(one, 12), delayed(one, -6)], axis=1)
    rows = track([(0.0, several)])
    assert pairs_of(3) == [(0, 1), (0, 2), (1, 2)]
    for row in rows:
        assert row["delay_us"] == pytest.approx([-250, 125, 375], abs=15)
        assert row["level_db"][0] - row["level_db"][1] == pytest.approx(6.0, abs=0.3)
        assert row["copy_of"] == [0, 1, 2] and row["flaw"] is None


def test_the_size_of_the_blocks_changes_nothing() -> None:
    several = np.stack([noise(3.0, 1), noise(3.0, 2), noise(3.0, 3)], axis=1)
    whole = track([(5.0, several)])
    cut = [(5.0 + start / RATE, several[start : start + 1777]) for start in range(0, len(several), 1777)]
    assert track(cut) == whole
    assert [row["time_s"] for row in whole[:2]] == [pytest.approx(5.064), pytest.approx(5.064 + HOP_S)]


def test_nothing_reaches_over_a_gap_and_what_was_heard_counts_once() -> None:
    several = np.stack([noise(1.0, 1), noise(1.0, 2), noise(1.0, 3)], axis=1)
    rows = track([(0.0, several), (0.5, several), (10.0, several)])
    times = [row["time_s"] for row in rows]
    assert times == sorted(times)
    assert not [at for at in times if 1.5 < at < 10.0]


@pytest.mark.parametrize(
    ("spoil", "flaw"),
    [(lambda s: np.where(np.arange(len(s))[:, None] == 9, np.nan, s), "not finite"), (lambda s: s * 1e3, "clipped")],
    ids=["nan", "clipped"],
)
def test_flawed_frames_are_named(spoil: Any, flaw: str) -> None:
    several = np.stack([noise(0.2, 1), noise(0.2, 2), noise(0.2, 3)], axis=1)
    with np.errstate(invalid="ignore"):
        row = track([(0.0, spoil(several).clip(-1, 1).astype(np.float32))])[0]
    assert row["flaw"] == flaw and row["delay_us"] is None


def test_silence_has_levels_and_no_delays() -> None:
    row = track([(0.0, np.zeros((RATE, 7), np.float32))])[0]
    assert row["delay_us"] is None and max(row["level_db"]) < -90


def test_copies_of_one_channel_are_known_whatever_their_gain() -> None:
    one = noise(1.0)
    row = track([(0.0, np.stack([one, 0.3 * one, noise(1.0, 9)], axis=1))])[0]
    assert row["copy_of"] == [0, 0, 2]


def test_seven_genuine_microphones_are_measured(corpora: Path) -> None:
    path = corpora / "aria_gen1" / "aea_recording" / "recording.vrs"
    rows = track(list(vrs_blocks(SourceFile(path, stream="231-1"))))
    assert len(rows) == 3
    assert all(len(row["level_db"]) == 7 and len(row["delay_us"]) == 21 for row in rows)
    assert all(row["copy_of"] == list(range(7)) for row in rows)
    assert all(-110 < level < -40 for row in rows for level in row["level_db"])
