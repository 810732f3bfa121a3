"""Folders and object stores are read by the same calls."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from osmo.storage.objects import Objects
from osmo.tasks.sources.places import (
    ClimbingPathError,
    FileChangingError,
    SourceUnreachableError,
    absolute,
    exists,
    fetched,
    join,
    read_bytes,
)
from osmo.tasks.sources.probe import UnreadableMediaError


@pytest.fixture
def tree(store_uri: str) -> str:
    """Two recordings, once on a disk and once on an S3 server."""
    objects = Objects(store_uri, create=True)
    for path in ("b/recording.json", "a-b/x", "a/deep/v.mp4", "a/recording.json", ".hidden/x", "README.md"):
        objects.create(path, path.encode())
    return store_uri


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


def test_a_link_to_itself_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ClimbingPathError):
        join(str(tmp_path), "loop", root=str(tmp_path))


def test_a_name_that_no_file_can_have_is_a_place_out_of_reach(tmp_path: Path) -> None:
    for ask in (exists, lambda uri: read_bytes(uri, limit=1)):
        with pytest.raises(SourceUnreachableError, match="File name too long"):
            ask(str(tmp_path / ("x" * 300)))


@pytest.mark.parametrize("change", ["longer", "same-size", "replaced", "removed"])
def test_a_file_that_changes_while_it_is_read_is_said(tmp_path: Path, change: str) -> None:
    file = tmp_path / "a.mp4"
    file.write_bytes(b"one")
    with pytest.raises(FileChangingError, match="the file changed while it was read"), fetched(str(file)):
        if change == "removed":
            file.unlink()
        elif change == "replaced":
            (tmp_path / "b").write_bytes(b"two")
            (tmp_path / "b").replace(file)
        else:
            file.write_bytes(b"two" if change == "same-size" else b"three")


def test_what_a_reader_makes_of_a_changing_file_counts_for_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.mp4"
    file.write_bytes(b"one")
    with pytest.raises(FileChangingError), fetched(str(file)):
        file.write_bytes(b"three")
        raise UnreadableMediaError("it is cut short")
    with pytest.raises(UnreadableMediaError), fetched(str(file)):
        raise UnreadableMediaError("it is cut short")


def test_a_file_that_somebody_writes_to_while_it_is_hashed_is_said(tmp_path: Path) -> None:
    file = tmp_path / "a.mp4"
    file.write_bytes(bytes(64 << 20))
    done = threading.Event()

    def write() -> None:
        with file.open("ab", buffering=0) as out:
            while not done.is_set():
                out.write(b"x")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with pytest.raises(FileChangingError), fetched(str(file)):
            pytest.fail("it was taken for whole")
    finally:
        done.set()
        writer.join()
