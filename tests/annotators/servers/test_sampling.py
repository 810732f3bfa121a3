"""Pictures and sound of items as arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from osmo.annotators.servers.check_media import grey_mp4, tone_wav
from osmo.annotators.servers.sampling import NothingDecodedError, pictures, sound


def test_pictures_come_from_the_middles_of_equal_parts(tmp_path: Path) -> None:
    """The film has 20 pictures, number n of grey 255·n/20."""
    path = tmp_path / "film.mp4"
    path.write_bytes(grey_mp4(4.0, fps=5))
    found = pictures(path, 4)
    assert [one.shape for one in found] == [(64, 64, 3)] * 4
    assert [float(one.mean()) for one in found] == pytest.approx([255 * n / 20 for n in (2, 7, 12, 17)], abs=4)


def test_a_short_film_gives_pictures_twice(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(grey_mp4(0.4, fps=5))
    assert len(pictures(path, 4)) == 4


def test_sound_is_one_channel_at_16_khz(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    path.write_bytes(tone_wav(2.0))
    heard = sound(path)
    assert (heard.dtype, heard.shape) == (np.float32, (32_000,))
    assert float(np.abs(heard[:15_000]).max()) == 0.0
    assert float(np.abs(heard[17_000:]).max()) == pytest.approx(0.3, abs=0.01)


def test_what_cannot_be_decoded_says_so(tmp_path: Path) -> None:
    path = tmp_path / "noise"
    path.write_bytes(b"noise" * 100)
    with pytest.raises(NothingDecodedError, match="film cannot be decoded"):
        pictures(path, 4)
    with pytest.raises(NothingDecodedError, match="sound cannot be decoded"):
        sound(path)
