"""Folders and object stores are read by the same calls."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from osmo.storage.objects import Objects
from osmo.tasks.sources.places import (
    ClimbingPathError,
    FileChangingError,
    absolute,
    exists,
    fetched,
    folders,
    join,
    read_bytes,
    walk,
)


@pytest.fixture
def tree(store_uri: str) -> str:
    """Two recordings, once on a disk and once on an S3 server."""
    objects = Objects(store_uri, create=True)
    for path in ("b/recording.json", "a-b/x", "a/deep/v.mp4", "a/recording.json", ".hidden/x", "README.md"):
        objects.create(path, path.encode())
    return store_uri


def test_folders_come_in_one_order_with_all_their_files(tree: str) -> None:
    found = list(folders(tree))
    assert [name for name, _ in found] == ["a-b", "a", "b"]
    assert [(entry.path, entry.size) for entry in sorted(found[1][1], key=lambda entry: entry.path)] == [
        ("deep/v.mp4", 12),
        ("recording.json", 16),
    ]
    assert list(folders(tree)) == found


def test_files_are_read_hashed_and_looked_for(tree: str) -> None:
    uri = join(f"{tree}/a", "deep/v.mp4", root=tree)
    assert read_bytes(uri, limit=100) == b"a/deep/v.mp4"
    assert read_bytes(uri, limit=3) == b"a/de"
    with fetched(uri) as file:
        assert (file.path.read_bytes(), file.bytes) == (b"a/deep/v.mp4", 12)
        assert file.path.suffix == ".mp4"
        assert len(file.sha256) == 64
    assert exists(uri)
    assert not exists(f"{tree}/a/none")


def test_a_missing_file_is_missing(tree: str) -> None:
    with pytest.raises(FileNotFoundError):
        read_bytes(f"{tree}/a/none", limit=1)
    with pytest.raises(FileNotFoundError), fetched(f"{tree}/a/none"):
        pass


@pytest.mark.parametrize("path", ["..", ".", "../b/x", "/x", "deep/../../b", "s3://other/x", "..\\x", "a\x00b"])
def test_no_path_leaves_its_folder(tree: str, path: str) -> None:
    with pytest.raises(ClimbingPathError):
        join(f"{tree}/a", path, root=tree)


def test_a_link_inside_the_root_is_followed(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "real").write_bytes(b"x")
    (tmp_path / "r" / "link").symlink_to("real")
    assert read_bytes(join(str(tmp_path / "r"), "link", root=str(tmp_path)), limit=9) == b"x"


@pytest.mark.parametrize(
    ("root", "expected"),
    [("file:///a%20b/c/", "/a b/c"), ("/a/b/", "/a/b"), ("s3://b/p/", "s3://b/p"), ("a", str(Path("a").absolute()))],
)
def test_addresses_have_one_form(root: str, expected: str) -> None:
    assert absolute(root) == expected


def test_a_walk_gives_every_file_in_one_order(tree: str) -> None:
    assert [entry.path for entry in walk(tree)] == [
        "README.md", "a-b/x", "a/deep/v.mp4", "a/recording.json", "b/recording.json",
    ]  # fmt: skip
    assert [entry.path for entry in walk(tree, "a")] == ["a/deep/v.mp4", "a/recording.json"]
    assert list(walk(tree, "nowhere")) == []


def test_a_link_out_of_the_source_is_not_walked(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "secret").touch()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "way").symlink_to(tmp_path / "out")
    (tmp_path / "in" / "file").symlink_to(tmp_path / "out" / "secret")
    assert list(walk(str(tmp_path / "in"))) == []


def test_a_walk_takes_no_more_memory_for_more_folders(tmp_path: Path) -> None:
    peaks = []
    for folders_there in (20, 200):
        root = tmp_path / str(folders_there)
        for number in range(folders_there):
            (root / f"{number:03}").mkdir(parents=True)
            for file in range(20):
                (root / f"{number:03}" / f"{file}.mp4").touch()
        tracemalloc.start()
        assert sum(1 for _ in walk(str(root))) == folders_there * 20
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 150_000  # the names of 200 folders


def test_a_file_that_changes_while_it_is_read_is_said(tmp_path: Path) -> None:
    file = tmp_path / "a.mp4"
    file.write_bytes(b"one")
    with pytest.raises(FileChangingError, match="the file changed while it was read"), fetched(str(file)):
        file.write_bytes(b"three")
