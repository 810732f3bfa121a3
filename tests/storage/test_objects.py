"""One client for a folder and for S3: created once, read, listed, moved aside, and errors that say what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from osmo.storage.objects import ObjectMissingError, Objects, StoreUnreachableError


def test_an_object_is_created_once(store_uri: str) -> None:
    objects = Objects(store_uri, create=True)
    assert objects.create("a/b.txt", b"first", durable=True)
    assert not objects.create("a/b.txt", b"second")
    assert objects.read("a/b.txt") == b"first" == b"".join(objects.chunks("a/b.txt"))


def test_a_file_is_created_once(store_uri: str, tmp_path: Path) -> None:
    objects = Objects(store_uri, create=True)
    file = tmp_path / "file"
    file.write_bytes(b"x" * 100_000)
    assert objects.create_from_file("f", file)
    file.write_bytes(b"y")
    assert not objects.create_from_file("f", file)
    assert objects.read("f") == b"x" * 100_000


def test_a_large_file_is_created_once_and_never_held_in_memory(store_uri: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    with file.open("wb") as out:
        for _ in range(3):
            out.write(os.urandom(1 << 20) * 50)
    script = (
        "import resource, sys; from pathlib import Path; from osmo.storage.objects import Objects\n"
        "objects = Objects(sys.argv[1], create=True); before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "made = [objects.create_from_file('a/f', Path(sys.argv[2])) for _ in range(2)]\n"
        "print(*made, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    command = [sys.executable, "-c", script, store_uri, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    first, second, grown_kb = done.stdout.split()
    assert (first, second) == ("True", "False")
    assert int(grown_kb) < 75_000
    objects = Objects(store_uri)
    assert [(info.path, info.size) for info in objects.list()] == [("a/f", 150 << 20)]
    with file.open("rb") as whole:
        assert all(chunk == whole.read(len(chunk)) for chunk in objects.chunks("a/f"))


def test_what_a_killed_copy_leaves_is_no_object(tmp_path: Path) -> None:
    objects = Objects(str(tmp_path / "store"), create=True)
    objects.create("a/f", b"1")
    (tmp_path / "store" / "a" / "g#123").write_bytes(b"half")
    assert [info.path for info in objects.list()] == ["a/f"]


def test_listing_is_by_path_below_a_folder(store_uri: str) -> None:
    objects = Objects(store_uri, create=True)
    for path in ("logs/b/2", "logs/a/1", "logs/a/10", "other"):
        objects.create(path, path.encode())
    assert [(info.path, info.size) for info in objects.list("logs/a/")] == [("logs/a/1", 8), ("logs/a/10", 9)]
    assert [info.path for info in objects.list()] == ["logs/a/1", "logs/a/10", "logs/b/2", "other"]
    assert objects.list("nothing/") == []
    assert {info.path: bool(info.etag) for info in objects.walk("logs/b/")} == {"logs/b/2": True}


def test_what_is_not_there_is_said_and_can_be_deleted_again(store_uri: str) -> None:
    objects = Objects(store_uri, create=True)
    objects.create("a", b"1")
    objects.delete("a")
    objects.delete("a")
    assert not objects.exists("a")
    for read in (lambda: objects.read("a"), lambda: list(objects.chunks("a"))):
        with pytest.raises(ObjectMissingError, match="a: no such object"):
            read()


def test_moving_aside_keeps_what_lies_there(store_uri: str) -> None:
    objects = Objects(store_uri, create=True)
    objects.create("a", b"1")
    objects.move("a", "quarantine/a")
    objects.create("a", b"2")
    objects.move("a", "quarantine/a")
    objects.move("a", "quarantine/a")
    assert objects.read("quarantine/a") == b"1"
    assert not objects.exists("a")


def test_a_place_that_cannot_be_used_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(StoreUnreachableError, match=r"missing: .*Check that the place exists"):
        Objects(str(tmp_path / "missing"))
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnreachableError, match="file"):
        Objects(str(tmp_path / "file" / "store"), create=True)


def test_a_bucket_that_is_not_there_is_one_clear_line(s3_uri: str) -> None:
    objects = Objects(s3_uri.replace("osmo-", "absent-"))
    with pytest.raises(StoreUnreachableError, match="cannot write a") as refused:
        objects.create("a", b"1")
    assert "\n" not in str(refused.value)
