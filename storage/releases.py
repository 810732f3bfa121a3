"""Releases as their users see them: opened by name and version, every byte verified before it is used."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from osmo.schemas.manifest import FileEntry, Manifest, version_order
from osmo.storage.media import MediaCache, file_sha256
from osmo.storage.objects import ObjectMissingError, Objects
from osmo.storage.release_catalog import (
    MANIFEST,
    Published,
    ReleaseDamagedError,
    ReleaseError,
    ReleaseFormatError,
    ReleaseNotFoundError,
    ReleaseRevokedError,
    StoreLike,
    folder_of,
    list_releases,
    objects_of,
    read_manifest,
    read_revocation,
    revoke,
)
from osmo.storage.release_files import read_parquet, schema_sha256, stored_sha256

__all__ = [
    "Published", "Release", "ReleaseDamagedError", "ReleaseError", "ReleaseFormatError", "ReleaseMediaError",
    "ReleaseNotFoundError", "ReleaseRevokedError", "UnknownTableError", "list_releases", "open", "revoke", "verify",
]  # fmt: skip


class UnknownTableError(ReleaseError):
    """The release holds no such table, protocol or split."""

    def __init__(self, release: str, what: str, available: list[str]) -> None:
        super().__init__(f"Release {release} holds no {what}. Available: {', '.join(available) or 'none'}.")


class ReleaseMediaError(ReleaseError):
    """There is no such event, or its media is not where the release says."""

    def __init__(self, release: str, event_id: str, problem: str) -> None:
        self.event_id = event_id
        super().__init__(f"Release {release}, event {event_id}: {problem}.")


class Release:
    """One published release, read only."""

    def __init__(self, objects: Objects, manifest: Manifest) -> None:
        """Use `open`, which checks the catalog first."""
        self._objects = objects
        self._media = MediaCache(objects)
        self._events: dict[str, dict[str, object]] | None = None
        self.manifest = manifest
        self.folder = folder_of(manifest.name, manifest.version)

    @property
    def label(self) -> str:
        """`name@version`."""
        return f"{self.manifest.name}@{self.manifest.version}"

    @property
    def uri(self) -> str:
        """Address of its folder: what `datasets`, DuckDB, pandas and polars are pointed at."""
        root = str(self._objects.root) if self._objects.root is not None else self._objects.uri.rstrip("/")
        return f"{root}/{self.folder}"

    def table(self, name: str) -> pa.Table:
        """All rows of a table, verified, in the order they were published.

        Raises:
            UnknownTableError: The release has no such table.
            ReleaseDamagedError: A file is missing or was changed.
        """
        files = [entry for entry in self.manifest.files if entry.table == name and entry.protocol is None]
        if not files:
            raise UnknownTableError(self.label, f"table {name!r}", sorted(self.manifest.tables))
        return self._read(files)

    def split(self, protocol: str, split: str) -> pa.Table:
        """The events of one split of a protocol, verified; no rows where the manifest says why it is empty.

        Raises:
            UnknownTableError: The release has no such protocol or split.
            ReleaseDamagedError: A file is missing or was changed.
        """
        proofs = {proof.protocol: proof for proof in self.manifest.proofs}
        if protocol not in proofs:
            raise UnknownTableError(self.label, f"protocol {protocol!r}", sorted(proofs))
        files = [entry for entry in self.manifest.files if entry.protocol == protocol and entry.split == split]
        if files:
            return self._read(files)
        if split not in proofs[protocol].empty:
            raise UnknownTableError(self.label, f"split {split!r} of {protocol!r}", ["train", "validation", "test"])
        return self.table("events").slice(0, 0)

    def media(self, event_id: str) -> Path:
        """A local, verified file of the clip that an event lies in; one on an object store is fetched once.

        Raises:
            ReleaseMediaError: There is no such event, or its media is gone or was changed.
        """
        if self._events is None:
            columns = ["event_id", "media_path", "media_uri", "media_sha256"]
            self._events = {row["event_id"]: row for row in self.table("events").select(columns).to_pylist()}
        row = self._events.get(event_id)
        if row is None:
            raise ReleaseMediaError(self.label, event_id, "there is no such event")
        uri = f"{self.folder}/{row['media_path']}" if row["media_path"] else str(row["media_uri"])
        try:
            path = self._media.path(uri)
            found = file_sha256(path)
        except (ObjectMissingError, FileNotFoundError) as error:
            raise ReleaseMediaError(self.label, event_id, f"its media {uri} is not in the store") from error
        if found != row["media_sha256"]:
            raise ReleaseMediaError(
                self.label, event_id, f"its media {path} has sha256 {found}, not {row['media_sha256']}"
            )
        return path

    def verify(self) -> list[str]:
        """Check every byte against the manifest.

        Returns:
            One line per problem, by path; empty where the release is intact.
        """
        problems: list[str] = []
        listed = {f"{self.folder}/{entry.path}" for entry in self.manifest.files} | {f"{self.folder}/{MANIFEST}"}
        found = {info.path for info in self._objects.list(f"{self.folder}/")}
        problems.extend(f"{path}: not listed in the manifest" for path in found - listed)
        rows: dict[str, int] = {}
        for entry in self.manifest.files:
            try:
                if entry.rows is None:
                    self._check(entry)
                    continue
                read = read_parquet(self._objects, self.folder, entry).num_rows
            except ReleaseDamagedError as error:
                problems.append(f"{error.where}: {error.problem}")
                continue
            if entry.table is not None and entry.protocol is None:
                rows[entry.table] = rows.get(entry.table, 0) + read
        if not problems and rows != self.manifest.tables:
            problems.append(f"{self.folder}: tables hold {rows} rows, the manifest says {self.manifest.tables}")
        problems.extend(
            f"{self.folder}/{MANIFEST}: the proof of {proof.protocol} is violated: {violation}"
            for proof in self.manifest.proofs
            for violation in proof.violations
        )
        return sorted(problems)

    def _check(self, entry: FileEntry) -> None:
        path = f"{self.folder}/{entry.path}"
        try:
            found = stored_sha256(self._objects, path)
        except ObjectMissingError:
            raise ReleaseDamagedError(path, "the file is missing") from None
        if found != (entry.sha256, entry.bytes):
            raise ReleaseDamagedError(path, f"sha256 is {found[0]}, the manifest says {entry.sha256}")

    def _read(self, files: list[FileEntry]) -> pa.Table:
        parts = [read_parquet(self._objects, self.folder, entry) for entry in files]
        assert len({schema_sha256(part.schema) for part in parts}) == 1, "parts of a table differ in their columns"
        return pa.concat_tables(parts)


def open(name: str, version: str | None = None, *, store: StoreLike = None) -> Release:
    """Open a published release.

    Args:
        name: Its name.
        version: Its version; null: the latest that is not revoked.
        store: Where it lies: a store or its address; null: the configured store.

    Raises:
        ReleaseNotFoundError: There is none in the catalog.
        ReleaseRevokedError: It was revoked; the message names its replacement.
        ReleaseDamagedError: Its manifest or catalog entry is missing or was changed.
        ReleaseFormatError: It is of another format.
    """
    objects = objects_of(store)
    if version is None:
        version = _latest(objects, name)
    manifest = read_manifest(objects, name, version)
    revocation = read_revocation(objects, name, version)
    if revocation is not None:
        raise ReleaseRevokedError(revocation)
    return Release(objects, manifest)


def verify(name: str, version: str | None = None, *, store: StoreLike = None) -> list[str]:
    """Every problem of a release, those that keep it from being opened too; empty: intact.

    Raises:
        ReleaseNotFoundError: There is none in the catalog.
    """
    try:
        return open(name, version, store=store).verify()
    except (ReleaseDamagedError, ReleaseFormatError, ReleaseRevokedError) as error:
        return [str(error)]


def _latest(objects: Objects, name: str) -> str:
    """The highest version that is not revoked; a damaged one is chosen too, so that it is refused, not passed over."""
    versions = list_releases(objects, name)
    standing = [line.version for line in versions if line.revoked is None]
    if standing:
        return max(standing, key=version_order)
    revoked = [line.revoked for line in versions if line.revoked is not None]
    if revoked:
        raise ReleaseRevokedError(revoked[-1])
    raise ReleaseNotFoundError(
        objects.uri, name, None, [f"{line.name}@{line.version}" for line in list_releases(objects)]
    )
