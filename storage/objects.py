"""One client for a local folder and for object stores: create once, read, list, move aside."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import LocalStore, from_url

if TYPE_CHECKING:
    from obstore.store import ObjectStore


_WHOLE_BYTES = 64 << 20


class StoreUnreachableError(RuntimeError):
    """The store's place cannot be read or written."""

    def __init__(self, uri: str, problem: str) -> None:
        self.uri = uri
        self.problem = problem
        super().__init__(
            f"Store {uri}: {problem}. Check that the place exists, that you may write there, and for s3:// that "
            "AWS_ENDPOINT_URL and the credentials are in the environment."
        )


class ObjectMissingError(FileNotFoundError):
    """An object that should be there is not."""

    def __init__(self, uri: str, path: str) -> None:
        self.path = path
        super().__init__(f"{uri}/{path}: no such object")


@dataclass(frozen=True)
class ObjectInfo:
    """One listed object: its path below the root, its size in bytes, its entity tag where `walk` found it."""

    path: str
    size: int
    etag: str = ""


class Objects:
    """A folder or a bucket's prefix as a flat space of objects that are created once."""

    def __init__(self, uri: str, *, create: bool = False) -> None:
        """Open `uri`.

        Args:
            uri: A folder, or s3://bucket/prefix (any address obstore knows).
            create: Whether to make a missing folder.

        Raises:
            StoreUnreachableError: The folder is missing, is no folder, or may not be written.
        """
        self.uri = uri
        self.root: Path | None = None
        self._client: ObjectStore
        try:
            if "://" in uri and not uri.startswith("file://"):
                options = {"allow_http": "true"} if _plain_http() else {}
                self._client = from_url(uri, client_options=options)  # type: ignore[call-overload]
            else:
                self.root = Path(urlsplit(uri).path if uri.startswith("file://") else uri).absolute()
                if create:
                    self.root.mkdir(parents=True, exist_ok=True)
                self._client = LocalStore(self.root)
        except (OSError, BaseError, ValueError) as error:
            raise StoreUnreachableError(uri, _one_line(error)) from error

    def create(self, path: str, data: bytes, *, durable: bool = False) -> bool:
        """Write an object that does not exist yet, atomically.

        Args:
            path: Below the root, with `/`.
            data: All of it.
            durable: Whether a power cut must not lose it: on a local disk the file and its folder are fsynced.

        Returns:
            Whether this call made it; False: there was one already, and it stays.
        """
        try:
            obstore.put(self._client, path, data, mode="create")
        except AlreadyExistsError:
            return False
        except (BaseError, OSError) as error:
            raise StoreUnreachableError(self.uri, f"cannot write {path}: {_one_line(error)}") from error
        if durable and self.root is not None:
            _fsync(self.root / path)
        return True

    def create_from_file(self, path: str, file: Path) -> bool:
        """Like `create`, with the bytes of a file, in bounded memory.

        obstore holds a whole file in memory to create it. So on a disk it is copied beside its place and linked there,
        which fails where there is one already; in an object store a large one is sent in parts, after a look whether
        there is one: two that arrive at once replace each other, and are the same where names follow from content.
        """
        try:
            if self.root is not None:
                return _link_copy(file, self.root / path)
            if file.stat().st_size > _WHOLE_BYTES:
                if self.exists(path):
                    return False
                obstore.put(self._client, path, file, use_multipart=True, max_concurrency=2)
            else:
                obstore.put(self._client, path, file, mode="create")
        except AlreadyExistsError:
            return False
        except (BaseError, OSError) as error:
            raise StoreUnreachableError(self.uri, f"cannot write {path}: {_one_line(error)}") from error
        return True

    def read(self, path: str) -> bytes:
        """All bytes of an object.

        Raises:
            ObjectMissingError: There is none.
        """
        try:
            return bytes(obstore.get(self._client, path).bytes())
        except (NotFoundError, FileNotFoundError) as error:
            raise ObjectMissingError(self.uri, path) from error
        except (BaseError, OSError) as error:
            raise StoreUnreachableError(self.uri, f"cannot read {path}: {_one_line(error)}") from error

    def chunks(self, path: str) -> Iterator[bytes]:
        """The bytes of an object, piece by piece."""
        try:
            for chunk in obstore.get(self._client, path).stream():
                yield bytes(chunk)
        except (NotFoundError, FileNotFoundError) as error:
            raise ObjectMissingError(self.uri, path) from error
        except (BaseError, OSError) as error:
            raise StoreUnreachableError(self.uri, f"cannot read {path}: {_one_line(error)}") from error

    def exists(self, path: str) -> bool:
        """Whether there is an object of this name."""
        try:
            obstore.head(self._client, path)
        except (NotFoundError, FileNotFoundError):
            return False
        except (BaseError, OSError) as error:
            raise StoreUnreachableError(self.uri, f"cannot look for {path}: {_one_line(error)}") from error
        return True

    def list(self, prefix: str = "") -> list[ObjectInfo]:
        """Objects below `prefix`, by path."""
        found: list[ObjectInfo] = []
        try:
            for batch in obstore.list(self._client, prefix or None, chunk_size=1000):
                found.extend(ObjectInfo(str(meta["path"]), int(meta["size"])) for meta in batch)
        except (NotFoundError, FileNotFoundError):
            return []
        except (BaseError, OSError) as error:
            raise StoreUnreachableError(self.uri, f"cannot list {prefix}: {_one_line(error)}") from error
        return sorted(found, key=lambda info: info.path)

    def walk(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Objects below `prefix` with their entity tags, page by page, in the store's own order."""
        try:
            for batch in obstore.list(self._client, prefix or None, chunk_size=1000):
                for meta in batch:
                    yield ObjectInfo(str(meta["path"]), int(meta["size"]), str(meta["e_tag"] or meta["last_modified"]))
        except (NotFoundError, FileNotFoundError):
            return
        except (BaseError, OSError) as error:
            raise StoreUnreachableError(self.uri, f"cannot list {prefix}: {_one_line(error)}") from error

    def delete(self, path: str) -> None:
        """Remove an object; one that is gone already is no error."""
        try:
            obstore.delete(self._client, path)
        except (NotFoundError, FileNotFoundError):
            return
        except (BaseError, OSError) as error:
            raise StoreUnreachableError(self.uri, f"cannot delete {path}: {_one_line(error)}") from error

    def move(self, path: str, to: str) -> None:
        """Move an object aside; what already lies at `to` stays and `path` goes. A `path` that is gone is no error."""
        try:
            self.create(to, self.read(path))
        except ObjectMissingError:
            return
        self.delete(path)


def _plain_http() -> bool:
    return os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")


def _link_copy(file: Path, to: Path) -> bool:
    """Copy a file to a place that is not taken, atomically; whether it was not."""
    to.parent.mkdir(parents=True, exist_ok=True)
    # Listings pass over names that end so: what a killed copy leaves is no object.
    copy = to.with_name(f"{to.name}#{secrets.randbits(32)}")
    try:
        shutil.copyfile(file, copy)
        os.link(copy, to)
    except FileExistsError:
        return False
    finally:
        copy.unlink(missing_ok=True)
    return True


def _fsync(path: Path) -> None:
    for place in (path, path.parent):
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _one_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
