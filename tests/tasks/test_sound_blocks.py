"""Sound of several microphones with all its channels."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from vrs_writer import Microphones, VrsWriter

from osmo.tasks.sound_blocks import several_microphones
from osmo.tasks.source_file import SourceFile

HZ = 16_000


def wav(path: Path, channels: int, seconds: float = 1.0) -> Path:
    """Channel n holds the level (n + 1) / 16 throughout."""
    samples = np.tile((np.arange(channels) + 1) * 2048, (round(seconds * HZ), 1)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(HZ)
        file.writeframes(samples.tobytes())
    return path


def vrs(path: Path, channels: int, seconds: int = 1) -> Path:
    with VrsWriter(path, {"231-1": Microphones(channels, HZ, "int16")}) as file:
        for n in range(seconds * 10):
            samples = np.tile((np.arange(channels) + 1) * 2048, (HZ // 10, 1)).astype(np.int16)
            file.sound("231-1", 40 + n / 10, samples)
        file.finish()
    return path


@pytest.mark.parametrize("kind", ["wav", "vrs"])
@pytest.mark.parametrize("channels", [3, 7, 8])
def test_every_channel_comes_on_the_recordings_clock(tmp_path: Path, kind: str, channels: int) -> None:
    path = (wav if kind == "wav" else vrs)(tmp_path / f"a.{kind}", channels)
    file = SourceFile(path, 5.0, stream="231-1" if kind == "vrs" else None)
    rate_hz, found = several_microphones([file], 100.0)
    assert found is not None
    blocks = list(found)
    assert rate_hz == HZ
    assert blocks[0][0] == pytest.approx(5.0)
    whole = np.concatenate([samples for _, samples in blocks])
    assert whole.shape == (HZ, channels)
    assert whole.dtype == np.float32
    assert whole[100] == pytest.approx((np.arange(channels) + 1) / 16, abs=1e-4)


@pytest.mark.parametrize("channels", [1, 2])
def test_mono_and_stereo_are_no_microphones_at_different_places(tmp_path: Path, channels: int) -> None:
    assert several_microphones([SourceFile(wav(tmp_path / "a.wav", channels))], 10.0)[1] is None


def test_files_that_differ_from_the_first_or_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "bad.wav").write_bytes(b"no sound")
    files = [
        SourceFile(tmp_path / "bad.wav"),
        SourceFile(wav(tmp_path / "a.wav", 4), 0.0),
        SourceFile(wav(tmp_path / "b.wav", 2), 1.0),
        SourceFile(wav(tmp_path / "c.wav", 4), 2.0),
    ]
    _, found = several_microphones(files, 10.0)
    assert found is not None
    blocks = list(found)
    assert {samples.shape[1] for _, samples in blocks} == {4}
    assert sum(len(samples) for _, samples in blocks) == 2 * HZ


def test_what_is_stamped_outside_the_recording_is_left_out(tmp_path: Path) -> None:
    _, found = several_microphones([SourceFile(wav(tmp_path / "a.wav", 3, 4.0))], 2.0)
    assert found is not None
    assert max(at_s for at_s, _ in found) < 2.0
