"""Source files wherever they lie: local paths, file addresses, and files that are gone or changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from osmo.tasks.originals import OriginalChangedError, Originals
from osmo.tasks.source_file import Loss


def entry(uri: str, size: int, start_s: float = 0.0) -> dict[str, object]:
    return {"uri": uri, "sha256": "x", "bytes": size, "start_s": start_s, "duration_s": None}


def test_files_come_in_order_of_time_and_missing_ones_are_losses(tmp_path: Path) -> None:
    late, early = tmp_path / "a b.mp4", tmp_path / "b.mp4"
    late.write_bytes(b"123")
    early.write_bytes(b"12")
    losses: list[Loss] = []
    gone = str(tmp_path / "gone.mp4")
    listed = [entry(late.as_uri(), 3, 30.0), entry(str(early), 2), entry(gone, 9, 60.0)]
    found = Originals(tmp_path).files(listed, losses)
    assert [(file.path, file.start_s) for file in found] == [(early, 0.0), (late, 30.0)]
    assert [loss.where for loss in losses] == [gone]


def test_a_file_of_another_size_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.mp4"
    file.write_bytes(b"1234")
    with pytest.raises(OriginalChangedError, match="4 bytes, not 3"):
        Originals(tmp_path).files([entry(str(file), 3)], [])


def test_a_remote_file_is_fetched_once(tmp_path: Path, s3_uri: str) -> None:
    from osmo.storage.objects import Objects

    remote = Objects(s3_uri)
    remote.create("r1/a.mp4", b"12345")
    originals = Originals(tmp_path)
    path = originals.path(f"{s3_uri}/r1/a.mp4")
    assert (path.read_bytes(), path.suffix, path.parent) == (b"12345", ".mp4", tmp_path)
    remote.delete("r1/a.mp4")
    assert originals.path(f"{s3_uri}/r1/a.mp4") == path
