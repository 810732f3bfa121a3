"""Lists sources, on a disk or in an object store, in one order and with one folder's names in memory at a time."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from osmo.storage.objects import StoreUnreachableError
from osmo.tasks.sources.places import SourceUnreachableError, is_remote, object_at, problem_of

LEADS_OUT = "a link that leads out of the source"
_LEADS_BACK = "a link to a folder that it lies in"
_LEADS_NOWHERE = "a link that leads nowhere"
_NO_FILE = "no regular file"


@dataclass(frozen=True)
class Entry:
    """One file as a listing shows it.

    Attributes:
        path: Below the folder that was listed, with `/`.
        size: Bytes.
        stamp: Changes when the content does.
        problem: Why it, or the folder of this path, cannot be read; null: nothing is known to be wrong.
    """

    path: str
    size: int
    stamp: str
    problem: str | None = None


def folders(root: str) -> Iterator[tuple[str, tuple[Entry, ...]]]:
    """Folders directly below `root` by name, each with all files below it; hidden folders are left out.

    A folder that is a link out of `root` comes without files.

    Raises:
        SourceUnreachableError: The place cannot be listed.
    """
    return _remote_folders(root) if is_remote(root) else _local_folders(Path(root))


def walk(root: str, below: str = "") -> Iterator[Entry]:
    """All files below a folder by path; hidden ones are left out. Opens none.

    Args:
        root: A source.
        below: A folder in it, relative to `root`; one that is not there has no files.

    Returns:
        Entries whose paths count from `root`, ordered as an object store lists them. What cannot be followed (a link
        that leads out of `root`, nowhere or in a circle, a folder that may not be read, a pipe) is one entry with its
        problem.

    Raises:
        SourceUnreachableError: The place cannot be listed.
    """
    return _remote_walk(root, below) if is_remote(root) else _local_walk(Path(root), below)


@dataclass
class _Open:
    """A folder that is being walked: its path with a slash behind it, which folder it is, what is left, last first."""

    prefix: str
    identity: tuple[int, int]
    rest: list[tuple[str, os.DirEntry[str]]]


def _local_walk(root: Path, below: str) -> Iterator[Entry]:
    inside, top = root.resolve(), root / below
    if below and not top.is_dir():
        return
    if not top.resolve().is_relative_to(inside):
        yield _unusable(below, LEADS_OUT)
        return
    try:
        start = _opened(str(top), f"{below}/" if below else "", hidden=False)
    except OSError as error:
        raise SourceUnreachableError(str(top), problem_of(error)) from error
    yield from _walked(start, inside, hidden=False)


def _walked(start: _Open, inside: Path, *, hidden: bool) -> Iterator[Entry]:
    """Entries below an open folder. A stack, not recursion: folders may be nested a thousand deep."""
    stack = [start]
    while stack:
        here = stack[-1]
        if not here.rest:
            stack.pop()
            continue
        name, entry = here.rest.pop()
        path = here.prefix + name
        try:
            if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(inside):
                yield _unusable(path, LEADS_OUT)
            elif name.endswith("/"):
                folder = _opened(entry.path, path, hidden=hidden)
                if any(folder.identity == one.identity for one in stack):
                    yield _unusable(path, _LEADS_BACK)
                else:
                    stack.append(folder)
            elif entry.is_file():
                info = entry.stat()
                yield Entry(path, info.st_size, str(info.st_mtime_ns))
            else:
                yield _unusable(path, _LEADS_NOWHERE if entry.is_symlink() else _NO_FILE)
        except OSError as error:
            yield _unusable(path, problem_of(error))
        except RuntimeError:  # what pathlib makes of a link to itself
            yield _unusable(path, _LEADS_NOWHERE)


def _opened(folder: str, prefix: str, *, hidden: bool) -> _Open:
    info = Path(folder).stat()
    with os.scandir(folder) as scanned:
        # Object stores sort "a-b/" before "a/": the same order on a disk makes the same duplicate win.
        named = [
            (f"{entry.name}/" if _is_folder(entry) else entry.name, entry)
            for entry in scanned
            if hidden or not entry.name.startswith(".")
        ]
    named.sort(key=lambda item: item[0], reverse=True)
    return _Open(prefix, (info.st_dev, info.st_ino), named)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a link to itself


def _unusable(path: str, problem: str) -> Entry:
    return Entry(path.rstrip("/"), 0, problem, problem)


def _remote_walk(root: str, below: str) -> Iterator[Entry]:
    try:
        objects, prefix = object_at(root)
        skip = len(prefix) + 1 if prefix else 0
        start = "/".join(part for part in (prefix, below) if part)
        for info in objects.walk(start):
            path = info.path[skip:]
            within = not below or path.startswith(f"{below}/")
            if within and not any(part.startswith(".") for part in path.split("/")):
                yield Entry(path, info.size, info.etag)
    except StoreUnreachableError as error:
        raise SourceUnreachableError(root, problem_of(error)) from error


def _local_folders(root: Path) -> Iterator[tuple[str, tuple[Entry, ...]]]:
    try:
        with os.scandir(root) as scanned:
            names = [entry.name for entry in scanned if _is_folder(entry) and not entry.name.startswith(".")]
    except OSError as error:
        raise SourceUnreachableError(str(root), problem_of(error)) from error
    inside = root.resolve()
    for name in sorted(names, key=lambda name: f"{name}/"):
        yield name, tuple(_files_of(root / name, inside))


def _files_of(folder: Path, inside: Path) -> Sequence[Entry]:
    """All files below a folder, hidden ones too: a recording may name them."""
    try:
        if not folder.resolve().is_relative_to(inside):
            return ()
        return tuple(_walked(_opened(str(folder), "", hidden=True), inside, hidden=True))
    except OSError as error:
        return (_unusable("", problem_of(error)),)


def _remote_folders(root: str) -> Iterator[tuple[str, tuple[Entry, ...]]]:
    try:
        objects, prefix = object_at(root)
        skip = len(prefix) + 1 if prefix else 0
        listed = ((info.path[skip:], info) for info in objects.walk(prefix))
        deep = ((path, info) for path, info in listed if "/" in path and not path.startswith("."))
        for name, group in itertools.groupby(deep, key=lambda item: item[0].split("/", 1)[0]):
            yield name, tuple(Entry(path.split("/", 1)[1], info.size, info.etag) for path, info in group)
    except StoreUnreachableError as error:
        raise SourceUnreachableError(root, problem_of(error)) from error
