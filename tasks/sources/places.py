"""Reads sources: a local folder or an object store, by the same calls. Nothing is ever written to them."""

from __future__ import annotations

import functools
import hashlib
import itertools
import os
import posixpath
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
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
class Entry:
    """One file of a folder: path below it, size in bytes, and a stamp that changes when the content does."""

    path: str
    size: int
    stamp: str


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


def folders(root: str) -> Iterator[tuple[str, tuple[Entry, ...]]]:
    """Folders directly below `root` by name, each with all files below it; hidden ones are left out.

    A folder that is a link out of `root` comes without files.

    Raises:
        SourceUnreachableError: The place cannot be listed.
    """
    return _remote_folders(root) if is_remote(root) else _local_folders(Path(root))


def walk(root: str, below: str = "") -> Iterator[Entry]:
    """All files below a folder by path, one folder's names in memory at a time; hidden ones are left out.

    Args:
        root: A source.
        below: A folder in it, relative to `root`; one that is not there has no files.

    Returns:
        Entries whose paths count from `root`, ordered as an object store lists them.

    Raises:
        SourceUnreachableError: The place cannot be listed.
    """
    return _remote_walk(root, below) if is_remote(root) else _local_walk(Path(root), below)


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
    if not place.resolve().is_relative_to(Path(root).resolve()):
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
        objects, path = _object(uri)
        data = bytearray()
        for chunk in objects.chunks(path):
            data += chunk
            if len(data) > limit:
                break
        return bytes(data[: limit + 1])
    except FileNotFoundError:
        raise
    except (OSError, StoreUnreachableError) as error:
        raise SourceUnreachableError(uri, _problem(error)) from error


def exists(uri: str) -> bool:
    """Whether there is a regular file at an address.

    Raises:
        SourceUnreachableError: It cannot be told, now.
    """
    if not is_remote(uri):
        return Path(uri).is_file()
    objects, path = _object(uri)
    try:
        return objects.exists(path)
    except StoreUnreachableError as error:
        raise SourceUnreachableError(uri, _problem(error)) from error


@contextmanager
def fetched(uri: str) -> Iterator[Fetched]:
    """A file, hashed; a remote one lies in a temporary file while the context is open.

    Raises:
        FileNotFoundError: There is no such file, or it is no regular one.
        SourceUnreachableError: It cannot be read, now.
        FileChangingError: It changed while it was hashed, or before the context ended.
    """
    if not is_remote(uri):
        path = _regular(uri)
        try:
            before = path.stat()
            found = Fetched(path, file_sha256(path), before.st_size)
        except OSError as error:
            raise SourceUnreachableError(uri, _problem(error)) from error
        yield found
        if not path.exists() or _stamp(path.stat()) != _stamp(before):
            raise FileChangingError(uri)
        return
    objects, name = _object(uri)
    with tempfile.NamedTemporaryFile(suffix=posixpath.splitext(name)[1]) as copy:
        digest, size = hashlib.sha256(), 0
        try:
            for chunk in objects.chunks(name):
                digest.update(chunk)
                size += len(chunk)
                copy.write(chunk)
        except StoreUnreachableError as error:
            raise SourceUnreachableError(uri, _problem(error)) from error
        copy.flush()
        yield Fetched(Path(copy.name), digest.hexdigest(), size)


def _stamp(info: os.stat_result) -> tuple[int, int]:
    return info.st_size, info.st_mtime_ns


def _regular(uri: str) -> Path:
    path = Path(uri)
    try:
        mode = path.stat().st_mode
    except NotADirectoryError as error:
        raise FileNotFoundError(uri) from error
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise SourceUnreachableError(uri, _problem(error)) from error
    if not stat.S_ISREG(mode):
        raise FileNotFoundError(uri)  # a pipe or a device would block or never end
    return path


def _local_folders(root: Path) -> Iterator[tuple[str, tuple[Entry, ...]]]:
    try:
        names = [entry.name for entry in os.scandir(root) if entry.is_dir() and not entry.name.startswith(".")]
        inside = root.resolve()
        # Object stores sort "a-b/" before "a/": the same order on a disk makes the same duplicate win.
        for name in sorted(names, key=lambda name: f"{name}/"):
            folder = root / name
            within = folder.resolve().is_relative_to(inside)
            yield name, tuple(_files_below(folder)) if within else ()
    except OSError as error:
        raise SourceUnreachableError(str(root), _problem(error)) from error


def _local_walk(root: Path, below: str) -> Iterator[Entry]:
    inside = root.resolve()
    folder = root / below
    if below and not folder.is_dir():
        return
    try:
        yield from _walked(folder, f"{below}/" if below else "", inside)
    except OSError as error:
        raise SourceUnreachableError(str(folder), _problem(error)) from error


def _walked(folder: Path, prefix: str, inside: Path) -> Iterator[Entry]:
    with os.scandir(folder) as scanned:
        names = [(entry.name + "/" * entry.is_dir(), entry) for entry in scanned if not entry.name.startswith(".")]
    for name, entry in sorted(names, key=lambda named: named[0]):
        if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(inside):
            continue  # a link out of the source
        if name.endswith("/"):
            yield from _walked(Path(entry.path), prefix + name, inside)
        elif entry.is_file():
            info = entry.stat()
            yield Entry(prefix + name, info.st_size, str(info.st_mtime_ns))


def _remote_walk(root: str, below: str) -> Iterator[Entry]:
    try:
        objects, prefix = _object(root)
        skip = len(prefix) + 1 if prefix else 0
        start = "/".join(part for part in (prefix, below) if part)
        for info in objects.walk(start):
            path = info.path[skip:]
            within = not below or path.startswith(f"{below}/")
            if within and not any(part.startswith(".") for part in path.split("/")):
                yield Entry(path, info.size, info.etag)
    except StoreUnreachableError as error:
        raise SourceUnreachableError(root, _problem(error)) from error


def _files_below(folder: Path) -> Iterator[Entry]:
    for place, below, names in os.walk(folder):
        below.sort()
        for name in sorted(names):
            path = Path(place, name)
            info = path.stat() if path.exists() else path.lstat()
            yield Entry(str(path.relative_to(folder)), info.st_size, str(info.st_mtime_ns))


def _remote_folders(root: str) -> Iterator[tuple[str, tuple[Entry, ...]]]:
    try:
        objects, prefix = _object(root)
        skip = len(prefix) + 1 if prefix else 0
        listed = ((info.path[skip:], info) for info in objects.walk(prefix))
        deep = ((path, info) for path, info in listed if "/" in path and not path.startswith("."))
        for name, group in itertools.groupby(deep, key=lambda item: item[0].split("/", 1)[0]):
            yield name, tuple(Entry(path.split("/", 1)[1], info.size, info.etag) for path, info in group)
    except StoreUnreachableError as error:
        raise SourceUnreachableError(root, _problem(error)) from error


def _object(uri: str) -> tuple[Objects, str]:
    parts = urlsplit(uri)
    try:
        return _client(f"{parts.scheme}://{parts.netloc}"), uri.split("://", 1)[1].partition("/")[2].rstrip("/")
    except StoreUnreachableError as error:
        raise SourceUnreachableError(uri, _problem(error)) from error


@functools.lru_cache(maxsize=8)
def _client(bucket: str) -> Objects:
    """One client per bucket keeps its connections."""
    return Objects(bucket)


def _problem(error: OSError | StoreUnreachableError) -> str:
    if isinstance(error, StoreUnreachableError):
        return error.problem
    return error.strerror or type(error).__name__
