"""The media cache names files by their content, and stages hear exactly the stretch that they ask for."""

import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from osmo.schemas.tables import MEDIA
from osmo.storage.media import CachedFile, Media, MediaCache, MediaDamagedError, file_sha256
from osmo.storage.objects import ObjectMissingError, Objects

RATE = 16_000


@pytest.fixture
def ramp(tmp_path: Path) -> Path:
    """Two seconds whose every sample tells its place."""
    path = tmp_path / "ramp.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.arange(2 * RATE, dtype="<i2").tobytes())
    return path


def handle(cache: MediaCache, cached: CachedFile, **said: Any) -> Media:
    row = {"recording_id": "r", "kind": "audio", "source_sha256": "s", "uri": cached.uri, "sha256": cached.sha256,
           "bytes": cached.bytes, "start_s": 0.0, "duration_s": 2.0, "captioned": False, "silent": False,
           "encoder": "e", **said}  # fmt: skip
    return Media(cache, MEDIA.rows([row]))


def test_equal_content_is_one_file(store_uri: str, ramp: Path, tmp_path: Path) -> None:
    cache = MediaCache(Objects(store_uri, create=True), scratch=tmp_path / "scratch")
    twin = tmp_path / "twin.wav"
    twin.write_bytes(ramp.read_bytes())
    cached = cache.put(ramp)
    assert cache.put(twin) == cached
    assert cached.uri == f"media/{cached.sha256[:2]}/{cached.sha256}.wav"
    assert file_sha256(cache.path(cached.uri)) == cached.sha256 == file_sha256(ramp)


def test_a_remote_file_that_was_changed_is_refused(s3_uri: str, ramp: Path, tmp_path: Path) -> None:
    objects = Objects(s3_uri)
    uri = MediaCache(objects, scratch=tmp_path / "one").put(ramp).uri
    objects.delete(uri)
    objects.create(uri, b"something else")
    with pytest.raises(MediaDamagedError, match="osmo build"):
        MediaCache(objects, scratch=tmp_path / "two").path(uri)
    assert not list((tmp_path / "two").rglob("*.wav"))
    with pytest.raises(ObjectMissingError):
        MediaCache(objects, scratch=tmp_path / "two").path("media/00/absent.wav")


@pytest.mark.parametrize(
    ("start_s", "end_s", "first", "count"),
    [(0.0, 2.0, 0, 32_000), (0.5, 0.75, 8_000, 4_000), (1.5, 9.0, 24_000, 8_000), (-1.0, 0.25, 0, 4_000),
     (5.0, 6.0, 0, 0), (1.0, 0.5, 0, 0)],
    ids=["whole", "inside", "past-the-end", "before-the-start", "beyond", "backwards"],
)  # fmt: skip
def test_a_stretch_of_sound(ramp: Path, tmp_path: Path, start_s: float, end_s: float, first: int, count: int) -> None:
    cache = MediaCache(Objects(str(tmp_path / "store"), create=True))
    heard = handle(cache, cache.put(ramp)).audio("r", start_s, end_s)
    assert heard is not None
    assert heard.dtype == np.float32
    assert (heard * 32768).astype(int).tolist() == list(range(first, first + count))


def test_a_stand_in_is_no_media(ramp: Path, tmp_path: Path) -> None:
    cache = MediaCache(Objects(str(tmp_path / "store"), create=True))
    cached = cache.put(ramp)
    silent = handle(cache, cached, silent=True)
    assert not silent.has("r", "audio")
    assert silent.audio("r", 0.0, 1.0) is None
    assert not handle(cache, cached, kind="proxy", captioned=True).has("r", "proxy")
    assert not silent.has("other", "audio")
    assert silent.path("other", "audio") is None
