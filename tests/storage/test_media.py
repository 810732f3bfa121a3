"""The media cache names files by their content, and stages hear exactly the stretch that they ask for."""

import wave
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from osmo.schemas.tables import MEDIA
from osmo.storage.media import CachedFile, Media, MediaCache, MediaDamagedError, file_sha256, write_track
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


TRACK = pa.schema([("time_s", pa.float64()), ("speaker", pa.dictionary(pa.int8(), pa.string()))])


@pytest.fixture
def track(tmp_path: Path) -> Path:
    """Ten seconds at 10 Hz in three row groups, who speaks alternating by second."""
    path = tmp_path / "track.parquet"
    names = pa.array(["wearer", "other"])

    def tables() -> Any:
        for numbers in np.split(np.arange(100), [30, 31]):
            codes = pa.DictionaryArray.from_arrays(pa.array(numbers // 10 % 2, pa.int8()), names)
            yield pa.table([pa.array(numbers / 10), codes], schema=TRACK)

    assert write_track(path, tables(), TRACK) == 100
    return path


@pytest.mark.parametrize(
    ("window", "expected"),
    [((), range(100)), ((2.0, 3.5), range(20, 35)), ((-5.0, 0.2), range(2)), ((9.9, 99.0), range(99, 100)),
     ((4.0, 4.0), range(0)), ((50.0, 60.0), range(0)), ((3.0, 1.0), range(0))],
    ids=["whole", "over-row-groups", "before-the-start", "past-the-end", "empty", "beyond", "backwards"],
)  # fmt: skip
def test_a_stretch_of_a_track(
    store_uri: str, track: Path, tmp_path: Path, window: tuple[float, ...], expected: range
) -> None:
    cache = MediaCache(Objects(store_uri, create=True), scratch=tmp_path / "scratch")
    read = handle(cache, cache.put(track), kind="acoustic_track").track("r", "acoustic_track", *window)
    assert read is not None and read.schema.equals(TRACK)
    assert read["time_s"].to_pylist() == [n / 10 for n in expected]
    assert read["speaker"].to_pylist() == [("wearer", "other")[n // 10 % 2] for n in expected]


def test_a_recording_that_was_not_measured_has_no_track(track: Path, tmp_path: Path) -> None:
    cache = MediaCache(Objects(str(tmp_path / "store"), create=True))
    media = handle(cache, cache.put(track), kind="acoustic_track")
    assert media.track("r", "visual_track") is None and media.track("other", "acoustic_track") is None


@pytest.mark.parametrize("damage", ["cut-short", "one-byte", "empty", "other-format"])
def test_a_damaged_track_is_refused(track: Path, tmp_path: Path, damage: str) -> None:
    cache = MediaCache(Objects(str(tmp_path / "store"), create=True))
    cached = cache.put(track)
    file = cache.path(cached.uri)
    whole = file.read_bytes()
    flipped = whole[:60] + bytes([whole[60] ^ 255]) + whole[61:]
    file.write_bytes({"cut-short": whole[:-9], "one-byte": flipped, "empty": b"", "other-format": b"RIFF" * 99}[damage])
    with pytest.raises(MediaDamagedError, match=cached.sha256):
        handle(cache, cached, kind="acoustic_track").track("r", "acoustic_track")


def test_a_track_that_is_gone_is_not_called_damaged(track: Path, tmp_path: Path) -> None:
    cache = MediaCache(Objects(str(tmp_path / "store"), create=True))
    cached = cache.put(track)
    cache.path(cached.uri).unlink()
    with pytest.raises(FileNotFoundError):
        handle(cache, cached, kind="acoustic_track").track("r", "acoustic_track")


def test_equal_rows_make_equal_tracks(track: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.parquet"
    whole = pq.read_table(track, schema=TRACK)
    write_track(again, [whole.slice(0, 30), whole.slice(30, 1), whole.slice(31)], TRACK)
    assert again.read_bytes() == track.read_bytes()
