"""Sidecars of a recording, several of a kind, of which some cannot be read."""

from __future__ import annotations

from pathlib import Path

from osmo.tasks.originals import Originals
from osmo.tasks.sidecars import cues_of, gaze_of
from osmo.tasks.source_file import Loss

LINES = "start_s,end_s,speaker,text\n1.0,2.5,Mira,{}\n"
GAZE = "tracking_timestamp_us,yaw_rads_cpf,pitch_rads_cpf\n{},0.1,0.2\n"


def sidecar(path: Path, content: str | None, start_s: float, kind: str) -> dict[str, object]:
    if content is not None:
        path.write_text(content)
    return {"uri": str(path), "sha256": "x", "bytes": 1, "start_s": start_s, "format": kind}


def test_transcripts_come_on_the_recordings_clock_and_bad_ones_are_losses(tmp_path: Path) -> None:
    listed = [
        sidecar(tmp_path / "1.csv", LINES.format("early"), -10.0, "csv"),
        sidecar(tmp_path / "2.csv", LINES.format("late"), 30.0, "csv"),
        sidecar(tmp_path / "3.csv", "nothing\n", 60.0, "csv"),
        sidecar(tmp_path / "4.csv", None, 90.0, "csv"),
    ]
    losses: list[Loss] = []
    cues = cues_of({"transcript": listed, "transcript_uri": None}, Originals(tmp_path), losses)
    assert [(cue.start_s, cue.text) for cue in cues] == [(31.0, "late")], "what ends before the recording is not shown"
    assert [Path(loss.where).name for loss in losses] == ["3.csv", "4.csv"]


def test_gaze_of_several_files_is_put_in_order(tmp_path: Path) -> None:
    listed = [
        sidecar(tmp_path / "1.csv", GAZE.format(9_000_000), -4.0, "mps_gaze"),
        sidecar(tmp_path / "2.csv", GAZE.format(1_000_000), 0.0, "mps_gaze"),
        sidecar(tmp_path / "3.csv", GAZE.format("x"), 0.0, "mps_gaze"),
        sidecar(tmp_path / "4.csv", "nothing\n", 0.0, "mps_gaze"),
        sidecar(tmp_path / "5.csv", None, 0.0, "mps_gaze"),
    ]
    losses: list[Loss] = []
    table = gaze_of({"gaze": listed}, Originals(tmp_path), losses)
    assert table is not None
    assert table["time_s"].to_pylist() == [1.0, 5.0]
    assert [Path(loss.where).name for loss in losses] == ["3.csv", "4.csv", "5.csv"]
    assert gaze_of({"gaze": None}, Originals(tmp_path), losses) is None
