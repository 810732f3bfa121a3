"""Source files wherever they lie: local paths, file addresses, and files that are gone or changed."""

from __future__ import annotations

import os
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


def test_streams_of_a_remote_file_are_fetched_as_one(tmp_path: Path, s3_uri: str) -> None:
    from osmo.storage.objects import Objects

    Objects(s3_uri).create("r1/a.vrs", b"12345")
    listed = [entry(f"{s3_uri}/r1/a.vrs#{stream}", 5, start_s) for stream, start_s in (("214-1", 0.0), ("231-1", 0.5))]
    originals = Originals(tmp_path)
    found = originals.files(listed, [])
    assert [(file.stream, file.start_s, file.name) for file in found] == [
        ("214-1", 0.0, f"{s3_uri}/r1/a.vrs#214-1"),
        ("231-1", 0.5, f"{s3_uri}/r1/a.vrs#231-1"),
    ]
    assert len({file.path for file in found}) == len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("change", ["written", "touched", "removed"])
def test_a_file_that_changed_since_it_was_first_asked_for_is_told(tmp_path: Path, change: str) -> None:
    file = tmp_path / "a.mp4"
    file.write_bytes(b"1234")
    originals = Originals(tmp_path)
    originals.files([entry(str(file), 4)], [])
    originals.unchanged()
    if change == "removed":
        file.unlink()
    elif change == "touched":
        os.utime(file, ns=(0, 0))
    else:
        file.write_bytes(b"12345")
    with pytest.raises(OriginalChangedError, match="changed while it was read"):
        originals.unchanged()
