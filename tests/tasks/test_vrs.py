"""VRS files as Project Aria writes them: streams, pictures, sound, clocks, and files that are cut."""

from __future__ import annotations

import io
import random
import sys
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from osmo.tasks.vrs import INSTALL, STREAMS, VrsUnavailableError, VrsUnreadableError, open_vrs

AEA, COMPOSITE = "aria_gen1/aea_recording/recording.vrs", "aria_composite/recording.vrs"
CALIBRATION = "aria_gen1/aria_unit_test_timecode_sequence_calib.vrs"


def test_a_genuine_recording_says_what_its_streams_hold(corpora: Path) -> None:
    with open_vrs(corpora / AEA) as file:
        video, eye, audio = (file.streams[STREAMS[kind]] for kind in ("video", "eye", "audio"))
        assert (video.width, video.height, video.records) == (1408, 1408, 8)
        assert (eye.width, eye.height, eye.records) == (640, 240, 4)
        assert (eye.fps, video.fps) == (pytest.approx(10, abs=0.01), pytest.approx(20, abs=0.01))
        assert (audio.channels, audio.sample_rate_hz, audio.fps) == (7, 48_000, None)
        assert (audio.start_s, audio.end_s) == (pytest.approx(86.408735, abs=1e-6), pytest.approx(86.750068, abs=1e-5))
        assert (eye.start_s, eye.end_s) == (pytest.approx(86.435306, abs=1e-6), pytest.approx(86.835306, abs=1e-4))
        assert file.tags["capture_time_epoch"] == "1649265055"
        assert (file.lost, file.clock.domains) == (None, frozenset())
        assert (file.clock.timecode_s(86.5), file.clock.utc_s(86.5)) == (None, None)


def test_pictures_and_sound_come_with_their_times(corpora: Path) -> None:
    with open_vrs(corpora / AEA) as file:
        pictures = list(file.images("211-1"))
        assert [round(at_s, 3) for at_s, _ in pictures] == [86.435, 86.535, 86.635, 86.735]
        sizes = [PIL.Image.open(io.BytesIO(data)).size for _, data in pictures if isinstance(data, bytes)]
        assert sizes == [(640, 240)] * 4
        blocks = list(file.sound("231-1"))
        assert [samples.shape for _, samples in blocks] == [(4096, 7)] * 4
        assert np.diff([at_s for at_s, _ in blocks]) == pytest.approx([4096 / 48_000] * 3, abs=1e-5)
        loudest = max(float(np.abs(samples).max()) for _, samples in blocks)
        assert 1e-4 < loudest < 1.0


def test_times_that_a_record_does_not_count_are_not_heard_as_sound(corpora: Path) -> None:
    """The composite has no index, and blocks that say 512 of their 4,096 times: the library reads the rest as sound."""
    with open_vrs(corpora / COMPOSITE) as file:
        blocks = list(file.sound("231-1"))
        assert {samples.shape for _, samples in blocks} == {(4096, 7)}
        assert np.diff([at_s for at_s, _ in blocks]) == pytest.approx([4096 / 48_000] * 127, abs=1e-6)
        audio = file.streams["231-1"]
        assert (audio.start_s, audio.end_s) == (pytest.approx(86.0), pytest.approx(86.0 + 128 * 4096 / 48_000))
        assert file.streams["211-1"].fps == pytest.approx(2.0)
        assert file.lost is None


def test_time_code_is_that_of_the_owners_tools(corpora: Path) -> None:
    """projectaria-tools gives 69887433044708 ns for 280.6 s on the device's clock."""
    with open_vrs(corpora / CALIBRATION) as file:
        assert file.clock.domains == {"timecode"}, "its wall clock says 1970: nobody had set it"
        assert file.clock.timecode_s(280.6) == pytest.approx(69887.433044708, abs=1e-3)
        assert "231-1" not in file.streams


@pytest.mark.parametrize("kept", [1, 40, 79, 80, 100, 5_000, 33_000, 40_000, 200_000, 1_000_003, 3_669_508])
def test_a_file_cut_anywhere_gives_what_is_left(corpora: Path, tmp_path: Path, kept: int) -> None:
    path = tmp_path / "cut.vrs"
    path.write_bytes((corpora / AEA).read_bytes()[:kept])
    try:
        with open_vrs(path) as file:
            held = sum(stream.records for stream in file.streams.values())
            assert held <= 8 + 4 + 4 + 4 + 4
            for stream in file.streams.values():
                assert list(file.sound(stream.stream_id)) if stream.channels else list(file.images(stream.stream_id))
            assert held == 0 or (file.lost is not None and "cut short" in file.lost)
    except VrsUnreadableError as error:
        assert str(path) in str(error)


@pytest.mark.parametrize("content", [b"", b"not a recording", b"VisionRe" + bytes(200)], ids=["empty", "text", "head"])
def test_what_is_no_vrs_file_is_refused_or_empty(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.vrs"
    path.write_bytes(content)
    try:
        with open_vrs(path) as file:
            assert file.streams == {}
    except VrsUnreadableError as error:
        assert error.path == path


def test_without_the_package_the_error_says_how_to_install_it(corpora: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyvrs", None)
    with pytest.raises(VrsUnavailableError) as raised, open_vrs(corpora / AEA):
        pass
    assert INSTALL in str(raised.value)


def test_a_file_that_crashes_the_library_is_one_clear_error(corpora: Path, tmp_path: Path) -> None:
    """One byte that is no UTF-8 in the description of a stream: vrs 1.2.2 dies of it."""
    data = bytearray((corpora / AEA).read_bytes())
    data[3420] = 208
    (tmp_path / "a.vrs").write_bytes(data)
    with pytest.raises(VrsUnreadableError, match="crashed on it") as raised, open_vrs(tmp_path / "a.vrs") as file:
        list(file.images("211-1"))
    assert "\n" not in raised.value.problem


def test_flipped_bytes_never_harm_the_reader(corpora: Path, tmp_path: Path) -> None:
    genuine = (corpora / AEA).read_bytes()
    chance = random.Random(1)
    ends = {"whole": 0, "refused": 0}
    for n in range(12):
        data = bytearray(genuine)
        for _ in range(40):
            data[chance.randrange(60_000) if n % 2 else chance.randrange(len(data))] = chance.randrange(256)
        (tmp_path / "a.vrs").write_bytes(data)
        try:
            with open_vrs(tmp_path / "a.vrs") as file:
                for stream in file.streams.values():
                    list(file.sound(stream.stream_id) if stream.channels else file.images(stream.stream_id))
            ends["whole"] += 1
        except VrsUnreadableError:
            ends["refused"] += 1
    assert min(ends.values()) > 0, ends


def test_reading_stops_with_its_reader(corpora: Path) -> None:
    with open_vrs(corpora / COMPOSITE) as file:
        blocks = file.sound("231-1")
        assert next(blocks)[1].shape == (4096, 7)
        blocks.close()
        assert len(list(file.sound("231-1", from_s=96.0))) == 11
