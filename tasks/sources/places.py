"""Reads sources: a local folder or an object store, by the same calls. Nothing is ever written to them."""

from __future__ import annotations

import functools
import hashlib
import posixpath
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from osmo.storage.media import file_sha256
from osmo.storage.objects import Objects, StoreUnreachableError


class SourceUnreachableError(RuntimeError):
    """A source's place cannot be read, now."""

    def __init__(self, place: str, problem: str) -> None:
        self.place = place
        self.problem = problem
        self.remedy = "Check that it exists and may be read, and for s3:// AWS_ENDPOINT_URL and the credentials."
        super().__init__(f"Source {place}: {problem}. {self.remedy}")


class FileChangingError(RuntimeError):
    """A file changed while it was read."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.problem = "the file changed while it was read"
        self.remedy = "Ingest again when nobody writes to it any more."
        super().__init__(f"{uri}: {self.problem}. {self.remedy}")


class ClimbingPathError(ValueError):
    """A path leads out of the folder that it must stay in."""

    def __init__(self, path: str, folder: str) -> None:
        self.path = path
        super().__init__(f"path {path!r} leads out of {folder}")


@dataclass(frozen=True)
class Fetched:
    """One file as read: a local path of its bytes (for the time of the context), hash and size."""

    path: Path
    sha256: str
    bytes: int


def is_remote(uri: str) -> bool:
    """Whether an address is of an object store."""
    return "://" in uri


def absolute(root: str) -> str:
    """A source's address without a trailing slash; one on a disk as an absolute path."""
    if root.startswith("file://"):
        root = unquote(urlsplit(root).path)
    return root.rstrip("/") if is_remote(root) else str(Path(root).absolute())


def join(folder: str, path: str, *, root: str) -> str:
    """Address of a file below a folder.

    Raises:
        ClimbingPathError: It is absolute, climbs out of the folder, or is a link out of `root`.
    """
    plain = posixpath.normpath(path)
    if plain.startswith(("/", "../")) or plain in (".", "..") or "\x00" in path or "://" in path or "\\" in path:
        raise ClimbingPathError(path, folder)
    if is_remote(folder):
        return f"{folder}/{plain}"
    place = Path(folder, plain)
    try:
        inside = place.resolve().is_relative_to(Path(root).resolve())
    except (OSError, RuntimeError):
        inside = False  # a link to itself, or a name that is too long
    if not inside:
        raise ClimbingPathError(path, root)
    return str(place)


def read_bytes(uri: str, *, limit: int) -> bytes:
    """Bytes of a file, at most `limit` + 1 of them, so that a longer one shows.

    Raises:
        FileNotFoundError: There is no such file, or it is no regular one.
        SourceUnreachableError: It cannot be read, now.
    """
    try:
        if not is_remote(uri):
            with _regular(uri).open("rb") as file:
                return file.read(limit + 1)
        objects, path = object_at(uri)
        data = bytearray()
        for chunk in objects.chunks(path):
            data += chunk
            if len(data) > limit:
                break
        return bytes(data[: limit + 1])
    except FileNotFoundError:
        raise
    except (OSError, StoreUnreachableError) as error:
        raise SourceUnreachableError(uri, problem_of(error)) from error


def exists(uri: str) -> bool:
    """Whether there is a regular file at an address.

    Raises:
        SourceUnreachableError: It cannot be told, now.
    """
    try:
        if not is_remote(uri):
            return Path(uri).is_file()
        objects, path = object_at(uri)
        return objects.exists(path)
    except (OSError, StoreUnreachableError) as error:
        raise SourceUnreachableError(uri, problem_of(error)) from error


@contextmanager
def fetched(uri: str) -> Iterator[Fetched]:
    """A file, hashed; a remote one lies in a temporary file while the context is open.

    What is read is one state of the file: a local one is looked at before and after it is hashed and when the context
    ends, and whatever a reader made of a changing file counts for nothing; an object store gives whole versions.

    Raises:
        FileNotFoundError: There is no such file, or it is no regular one.
        SourceUnreachableError: It cannot be read, now.
        FileChangingError: It changed while it was hashed, or before the context ended.
    """
    if is_remote(uri):
        with _downloaded(uri) as found:
            yield found
        return
    path = _regular(uri)
    try:
        before = _state(path)
        found = Fetched(path, file_sha256(path), before.size)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise SourceUnreachableError(uri, problem_of(error)) from error
    if _state(path) != before:
        raise FileChangingError(uri)
    try:
        yield found
    except (OSError, RuntimeError, ValueError) as error:
        if _state(path) != before:
            raise FileChangingError(uri) from error
        raise
    if _state(path) != before:
        raise FileChangingError(uri)


@contextmanager
def _downloaded(uri: str) -> Iterator[Fetched]:
    objects, name = object_at(uri)
    with tempfile.NamedTemporaryFile(suffix=posixpath.splitext(name)[1]) as copy:
        digest, size = hashlib.sha256(), 0
        try:
            for chunk in objects.chunks(name):
                digest.update(chunk)
                size += len(chunk)
                copy.write(chunk)
        except StoreUnreachableError as error:
            raise SourceUnreachableError(uri, problem_of(error)) from error
        copy.flush()
        yield Fetched(Path(copy.name), digest.hexdigest(), size)


class _State(NamedTuple):
    """What tells one state of a file from another; -1 where it is gone."""

    size: int
    changed_ns: int
    inode: int


def _state(path: Path) -> _State:
    try:
        info = path.stat()
    except FileNotFoundError:
        return _State(-1, -1, -1)
    return _State(info.st_size, info.st_mtime_ns, info.st_ino)


def _regular(uri: str) -> Path:
    path = Path(uri)
    try:
        mode = path.stat().st_mode
    except NotADirectoryError as error:
        raise FileNotFoundError(uri) from error
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise SourceUnreachableError(uri, problem_of(error)) from error
    if not stat.S_ISREG(mode):
        raise FileNotFoundError(uri)  # a pipe or a device would block or never end
    return path


def object_at(uri: str) -> tuple[Objects, str]:
    """The bucket of a remote address, and the path in it.

    Raises:
        SourceUnreachableError: It is no address of a bucket.
    """
    parts = urlsplit(uri)
    try:
        return _client(f"{parts.scheme}://{parts.netloc}"), uri.split("://", 1)[1].partition("/")[2].rstrip("/")
    except StoreUnreachableError as error:
        raise SourceUnreachableError(uri, problem_of(error)) from error


@functools.lru_cache(maxsize=8)
def _client(bucket: str) -> Objects:
    """One client per bucket keeps its connections."""
    return Objects(bucket)


def problem_of(error: OSError | StoreUnreachableError) -> str:
    """What is wrong with a place, in a few words."""
    if isinstance(error, StoreUnreachableError):
        return error.problem
    return error.strerror or type(error).__name__
