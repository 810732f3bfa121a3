"""Local copies of a recording's own files, wherever they lie."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from osmo.storage.objects import ObjectMissingError, Objects
from osmo.tasks.decode import Loss, SourceFile


class OriginalChangedError(RuntimeError):
    """A source file is not the one that was ingested."""

    def __init__(self, uri: str, got: int, expected: int) -> None:
        self.uri = uri
        self.problem = f"the file changed since it was ingested: {got} bytes, not {expected}"
        super().__init__(f"{uri}: {self.problem}. Run `osmo ingest` again.")


class Originals:
    """The files of one recording; remote ones are fetched once into a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, uri: str) -> Path:
        """A local path of a file.

        Raises:
            ObjectMissingError: A remote file is gone.
            StoreUnreachableError: Its place cannot be read.
        """
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
            try:
                path = self.path(uri)
                size = path.stat().st_size
            except (ObjectMissingError, FileNotFoundError):
                losses.append(Loss(uri, f"{Path(uri).name}: there is no such file"))
                continue
            if size != entry["bytes"]:
                raise OriginalChangedError(uri, size, int(str(entry["bytes"])))
            found.append(SourceFile(path, float(str(entry["start_s"])), uri))
        return found
