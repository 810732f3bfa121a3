"""Time stamps that a record understates are known for what they are, whatever the sound behind them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from vrs_writer import Microphones, VrsWriter

from osmo.tasks.vrs import open_vrs
from osmo.tasks.vrs_records import plausible, stamps_in

HZ, COUNT = 16_000, 800


def stamps(count: int = COUNT) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.asarray(86_000_000_000 + np.arange(count) * 1e9 / HZ, np.int64)


def noise(count: int, channels: int = 3) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    return np.random.default_rng(0).integers(-(2**30), 2**30, (count, channels), np.int32)


@pytest.mark.parametrize(("said", "surplus"), [(COUNT, 0), (COUNT // 8, 8 * (COUNT - COUNT // 8)), (2, 0)])
def test_stamps_go_on_at_their_own_pace(said: int, surplus: int) -> None:
    times = stamps()
    data = times[said:].tobytes() + noise(COUNT).tobytes()
    assert stamps_in(data, times[:said]) == surplus


@pytest.mark.parametrize("level", [0, 1, -1, 2**30], ids=["silence", "one", "minus one", "loud"])
def test_sound_is_not_taken_for_stamps(level: int) -> None:
    assert stamps_in(np.full((COUNT, 3), level, np.int32).tobytes(), stamps()) == 0


@pytest.mark.parametrize("said", [101, 401, COUNT])
def test_a_record_that_understates_its_stamps_gives_its_sound_whole(tmp_path: Path, said: int) -> None:
    """The library reads sound only where what is left divides into rows of all channels."""
    samples = noise(COUNT)
    with VrsWriter(tmp_path / "a.vrs", {"231-1": Microphones(3, HZ, "int32")}) as file:
        file.sound("231-1", 86.0, samples, said=said)
        file.finish()
    with open_vrs(tmp_path / "a.vrs") as vrs:
        ((at_s, found),) = vrs.sound("231-1")
        assert vrs.streams["231-1"].end_s == pytest.approx(86.0 + COUNT / HZ)
    assert at_s == pytest.approx(86.0)
    assert np.array_equal(found, (samples / 2**31).astype(np.float32))


@pytest.mark.parametrize("at_s", [-1.0, 1e9, float("nan"), float("inf")])
def test_times_that_no_device_has_are_refused(at_s: float) -> None:
    with pytest.raises(ValueError, match="time stamp"):
        plausible(at_s)
