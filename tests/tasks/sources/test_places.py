"""Folders and object stores are read by the same calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from osmo.storage.objects import Objects
from osmo.tasks.sources.places import ClimbingPathError, absolute, exists, fetched, folders, join, read_bytes


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
