"""Gaze files of Project Aria's services, as they were over the years."""

from __future__ import annotations

from pathlib import Path

import pytest

from osmo.tasks.gaze import GAZE, GazeFormatError, read_gaze

HEADER = "tracking_timestamp_us,yaw_rads_cpf,pitch_rads_cpf,depth_m\n"


@pytest.mark.parametrize(
    ("file", "rows"),
    [
        ("aea_recording/mps/eye_gaze/general_eye_gaze.csv", 4),
        ("mps_sample_eye_gaze/eyegaze.csv", None),
        ("mps_sample_eye_gaze/generalized_eye_gaze.csv", None),
    ],
)
def test_genuine_files_are_read_whole(corpora: Path, file: str, rows: int | None) -> None:
    data = (corpora / "aria_gen1" / file).read_bytes()
    table, unusable = read_gaze(data, "mps_gaze", start_s=-86.385246)
    assert table.schema == GAZE and unusable == 0
    assert table.num_rows == (rows or len(data.splitlines()) - 1)
    assert table["depth_m"].null_count == table.num_rows


def test_two_eyes_give_the_yaw_of_the_point_that_they_look_at() -> None:
    """projectaria-tools gives 0.130117729 rad for these two yaws."""
    header = "tracking_timestamp_us,left_yaw_rads_cpf,right_yaw_rads_cpf,pitch_rads_cpf,depth_m\n"
    table, unusable = read_gaze(f"{header}1000000,0.1,0.16,-0.2,1.06\n".encode(), "mps_gaze", start_s=0.0)
    assert unusable == 0
    (row,) = table.to_pylist()
    assert row == pytest.approx({"time_s": 1.0, "yaw_rad": 0.130117729, "pitch_rad": -0.2, "depth_m": 1.06})


def test_times_are_those_of_the_recording(corpora: Path) -> None:
    data = (corpora / "aria_gen1/aea_recording/mps/eye_gaze/general_eye_gaze.csv").read_bytes()
    first = read_gaze(data, "mps_gaze", start_s=-86.385246)[0].to_pylist()[0]
    assert first == pytest.approx({"time_s": 0.05006, "yaw_rad": -0.36566, "pitch_rad": -0.121962, "depth_m": None})


def test_lines_that_cannot_be_used_are_counted_and_the_rest_is_put_in_order() -> None:
    lines = "2000000,0.1,0.2,1.5\n1000000,0.3,0.4,\nx,0,0,\n3000000,9,0,\n4000000,,0,\n"
    table, unusable = read_gaze((HEADER + lines).encode(), "mps_gaze", start_s=0.0)
    assert table["time_s"].to_pylist() == [1.0, 2.0]
    assert table["depth_m"].to_pylist() == [None, 1.5]
    assert unusable == 3


@pytest.mark.parametrize(
    ("data", "kind", "why"),
    [
        (b"a,b\n1,2\n", "mps_gaze", "the header lacks tracking_timestamp_us"),
        (b"tracking_timestamp_us,left_yaw_rads_cpf,pitch_rads_cpf\n", "mps_gaze", "lacks right_yaw_rads_cpf"),
        (b"\xff\xfe", "mps_gaze", "not UTF-8 at byte 0"),
        (HEADER.encode(), "other", "expected one of mps_gaze"),
        (b"", "mps_gaze", "the header lacks"),
    ],
)
def test_what_is_no_gaze_file_is_refused(data: bytes, kind: str, why: str) -> None:
    with pytest.raises(GazeFormatError, match=why):
        read_gaze(data, kind, start_s=0.0)


def test_a_file_without_rows_gives_an_empty_table() -> None:
    assert read_gaze(HEADER.encode(), "mps_gaze", start_s=0.0) == (GAZE.empty_table(), 0)
