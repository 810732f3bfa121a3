"""Local copies of a recording's own files, wherever they lie."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from osmo.storage.objects import ObjectMissingError, Objects
from osmo.tasks.source_file import Loss, SourceFile
from osmo.tasks.streams import split_stream


class OriginalChangedError(RuntimeError):
    """A source file is not the one that was ingested, or changed while it was read."""

    def __init__(self, uri: str, problem: str) -> None:
        self.uri = uri
        self.problem = problem
        super().__init__(f"{uri}: {self.problem}. Run `osmo ingest` again.")


class Originals:
    """The files of one recording; remote ones are fetched once into a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stamps: dict[str, tuple[Path, tuple[int, int]]] = {}

    def path(self, uri: str) -> Path:
        """A local path of a file.

        Raises:
            ObjectMissingError: A remote file is gone.
            StoreUnreachableError: Its place cannot be read.
        """
        path = self._local(uri)
        if path.exists():
            self._stamps.setdefault(uri, (path, _stamp(path)))
        return path

    def _local(self, uri: str) -> Path:
        parts = urlsplit(uri)
        if parts.scheme == "file":
            return Path(unquote(parts.path))
        if "://" not in uri:
            return Path(uri)
        place, _, name = uri.rpartition("/")
        local = self._folder / f"{hashlib.sha256(uri.encode()).hexdigest()[:16]}{Path(name).suffix}"
        if not local.exists():
            partial = local.with_name(local.name + ".partial")
            with partial.open("wb") as file:
                for chunk in Objects(place).chunks(name):
                    file.write(chunk)
            partial.replace(local)
        return local

    def files(self, listed: Sequence[Mapping[str, object]], losses: list[Loss]) -> list[SourceFile]:
        """Files of a stream in order of time; those that are gone go to `losses`.

        Args:
            listed: Values of `MEDIA_FILE`.
            losses: Takes what is missing.

        Raises:
            OriginalChangedError: A file has another size than when it was ingested.
            StoreUnreachableError: A place cannot be read.
        """
        found = []
        for entry in sorted(listed, key=lambda entry: float(str(entry["start_s"]))):
            uri = str(entry["uri"])
            place, stream = split_stream(uri)
            try:
                path = self.path(place)
                size = path.stat().st_size
            except (ObjectMissingError, FileNotFoundError):
                losses.append(Loss(uri, f"{Path(uri).name}: there is no such file"))
                continue
            if size != entry["bytes"]:
                problem = f"the file changed since it was ingested: {size} bytes, not {entry['bytes']}"
                raise OriginalChangedError(place, problem)
            found.append(SourceFile(path, float(str(entry["start_s"])), uri, stream))
        return found

    def unchanged(self) -> None:
        """Make sure that no file changed since `path` first gave it.

        Raises:
            OriginalChangedError: One has another size or modification time, or is gone.
        """
        for place, (path, stamp) in self._stamps.items():
            if not path.exists() or _stamp(path) != stamp:
                raise OriginalChangedError(place, "the file changed while it was read")


def _stamp(path: Path) -> tuple[int, int]:
    info = path.stat()
    return info.st_size, info.st_mtime_ns
