"""Sources are listed in one order, in bounded memory, and nothing leads out of them."""

from __future__ import annotations

import gc
import os
import subprocess
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from osmo.storage.objects import Objects
from osmo.tasks.sources.listing import Entry, folders, walk
from osmo.tasks.sources.places import SourceUnreachableError


@pytest.fixture
def tree(store_uri: str) -> str:
    """Two recordings, once on a disk and once on an S3 server."""
    objects = Objects(store_uri, create=True)
    for path in ("b/recording.json", "a-b/x", "a/deep/v.mp4", "a/recording.json", ".hidden/x", "README.md"):
        objects.create(path, path.encode())
    return store_uri


def problems(root: Path) -> dict[str, str | None]:
    return {entry.path: entry.problem for entry in walk(str(root))}


def test_folders_come_in_one_order_with_all_their_files(tree: str) -> None:
    found = list(folders(tree))
    assert [name for name, _ in found] == ["a-b", "a", "b"]
    assert [(entry.path, entry.size) for entry in found[1][1]] == [("deep/v.mp4", 12), ("recording.json", 16)]
    assert list(folders(tree)) == found


def test_a_walk_gives_every_file_in_one_order(tree: str) -> None:
    assert [(entry.path, entry.size) for entry in walk(tree)] == [
        ("README.md", 9), ("a-b/x", 5), ("a/deep/v.mp4", 12), ("a/recording.json", 16), ("b/recording.json", 16),
    ]  # fmt: skip
    assert [entry.path for entry in walk(tree, "a")] == ["a/deep/v.mp4", "a/recording.json"]
    assert list(walk(tree, "nowhere")) == []


def test_a_place_that_is_not_there_is_said(tmp_path: Path) -> None:
    for list_it in (walk, folders):
        with pytest.raises(SourceUnreachableError, match="nowhere: No such file or directory"):
            list(list_it(str(tmp_path / "nowhere")))


def test_nothing_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.mp4")  # opening it would wait for ever
    assert list(walk(str(tmp_path))) == [Entry("a.mp4", 0, "no regular file", "no regular file")]


def test_a_link_out_of_the_source_is_named_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "secret").touch()
    root = tmp_path / "in"
    root.mkdir()
    (root / "way").symlink_to(tmp_path / "out")
    (root / "file").symlink_to(tmp_path / "out" / "secret")
    assert problems(root) == dict.fromkeys(("file", "way"), "a link that leads out of the source")
    assert [entry.path for entry in walk(str(root), "way")] == ["way"]
    assert list(folders(str(root))) == [("way", ())]


def test_links_in_circles_and_to_nowhere_end(tmp_path: Path) -> None:
    for folder, link, target in (("a", "up", "."), ("a", "to-b", "../b"), ("b", "to-a", "../a")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / link).symlink_to(target)
    (tmp_path / "b" / "file").touch()
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "gone").symlink_to("nothing")
    found = problems(tmp_path)
    assert {path for path, problem in found.items() if problem is None} == {"a/to-b/file", "b/file"}
    assert found["a/up"] == found["a/to-b/to-a"] == "a link to a folder that it lies in"
    assert found["self"] == found["gone"] == "a link that leads nowhere"


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """A file a thousand folders down; taken away by a program that, unlike Python's own, gets there."""
    here = os.open(tmp_path, os.O_RDONLY)
    for name in ["d"] * 1200:
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    yield tmp_path
    subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)


def test_folders_may_be_nested_a_thousand_deep(deep: Path) -> None:
    assert [entry.path for entry in walk(str(deep))] == ["d/" * 1200 + "file"]
    assert [len(entries) for _, entries in folders(str(deep))] == [1]


def test_names_that_are_no_text_are_listed(tmp_path: Path) -> None:
    Path(os.fsdecode(bytes(tmp_path) + b"/\xff.mp4")).touch()
    assert [entry.path.encode(errors="surrogateescape") for entry in walk(str(tmp_path))] == [b"\xff.mp4"]


def peak_of_walk(root: Path, files: int) -> int:
    """Most bytes held while so many files are listed."""
    gc.collect()
    tracemalloc.start()
    try:
        assert sum(1 for _ in walk(str(root))) == files
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_listing_takes_no_more_memory_for_more_folders(tmp_path: Path) -> None:
    peaks = {}
    for days in (20, 200):
        root = tmp_path / str(days)
        for number in range(days):
            (root / f"{number // 20}" / f"{number % 20}").mkdir(parents=True)
            for file in range(50):
                (root / f"{number // 20}" / f"{number % 20}" / f"{file}.mp4").touch()
        # What threads of other tests allocate meanwhile counts too, and does not come again each time.
        peaks[days] = min(peak_of_walk(root, days * 50) for _ in range(3))
    assert peaks[200] < 1.25 * peaks[20] + 10_000
