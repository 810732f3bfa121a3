"""What media files say of themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from osmo.tasks.sources.probe import Probe, UnreadableMediaError, probe


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("friday_video/friday.mp4", Probe(6.166, True, True, 30.0)),
        ("speech_en/jfk.flac", Probe(11.0, False, True, None)),
        ("speech_zh/sample.wav", Probe(6.0, False, True, None)),
    ],
)
def test_real_files(corpora: Path, file: str, expected: Probe) -> None:
    found = probe(corpora / file)
    assert (found.video, found.audio, found.fps) == (expected.video, expected.audio, expected.fps)
    assert found.duration_s == pytest.approx(expected.duration_s, abs=0.001)


def test_a_video_that_lost_its_index_cannot_be_opened(corpora: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mp4"
    cut.write_bytes((corpora / "friday_video" / "friday.mp4").read_bytes()[:32])
    with pytest.raises(UnreadableMediaError):
        probe(cut)
