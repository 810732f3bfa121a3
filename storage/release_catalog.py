"""The catalog of releases: which are published, what seals them, which were taken back."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath

from pydantic import ValidationError

from osmo.schemas.config import load_config
from osmo.schemas.manifest import (
    RELEASE_FORMAT,
    CatalogEntry,
    Manifest,
    Revocation,
    SealBrokenError,
    is_name,
    is_version,
    manifest_bytes,
    seal,
    unseal,
    version_order,
)
from osmo.storage.objects import ObjectMissingError, Objects
from osmo.storage.store import Store

CATALOG = "releases/catalog"
MANIFEST = "manifest.json"
StoreLike = str | Store | Objects | None
"""A store, its objects, its address, or null: the configured one."""


class ReleaseError(RuntimeError):
    """A release cannot be read or published."""


class ReleaseNotFoundError(ReleaseError):
    """No release of this name and version is in the catalog."""

    def __init__(self, uri: str, name: str, version: str | None, published: list[str]) -> None:
        self.name = name
        self.version = version
        wanted = name if version is None else f"{name}@{version}"
        listed = ", ".join(published) or "none"
        super().__init__(
            f"{uri}: no published release {wanted}. Published: {listed}. "
            "One that was interrupted becomes visible when `osmo release create` is run again."
        )


class ReleaseDamagedError(ReleaseError):
    """A file of a release is missing or is not the one that was published."""

    def __init__(self, where: str, problem: str) -> None:
        self.where = where
        self.problem = problem
        super().__init__(f"{where}: {problem}. Do not use this release; fetch an intact copy, or create a new version.")


class ReleaseRevokedError(ReleaseError):
    """The release was taken back."""

    def __init__(self, revocation: Revocation) -> None:
        self.revocation = revocation
        instead = f"Use {revocation.name}@{revocation.replacement}" if revocation.replacement else "Nothing replaces it"
        super().__init__(
            f"Release {revocation.name}@{revocation.version} was revoked on {revocation.revoked_at:%Y-%m-%d}: "
            f"{revocation.reason}. {instead}."
        )


class ReleaseFormatError(ReleaseError):
    """The release was written in a format that this code does not read."""

    def __init__(self, where: str, found: object) -> None:
        super().__init__(
            f"{where}: format {found!r}, this version of OSMO reads {RELEASE_FORMAT}. "
            "Open it with the version of OSMO that its card names."
        )


@dataclass(frozen=True)
class Published:
    """A line of the catalog; `problem` says why its catalog file cannot be trusted, `created_at` is then null."""

    name: str
    version: str
    created_at: datetime | None
    revoked: Revocation | None
    problem: str | None

    @property
    def usable(self) -> bool:
        """Whether it may be opened, as far as the catalog says."""
        return self.revoked is None and self.problem is None


def objects_of(store: StoreLike) -> Objects:
    """The objects of a store, however it is named."""
    if isinstance(store, Store):
        return store.objects
    if isinstance(store, Objects):
        return store
    return Objects(load_config().store.uri if store is None else store)


def folder_of(name: str, version: str) -> str:
    """The folder of a release, below the store's root."""
    return f"releases/{name}/{version}"


def entry_path(name: str, version: str) -> str:
    """The catalog entry of a release."""
    return f"{CATALOG}/{name}@{version}.json"


def revocation_path(name: str, version: str) -> str:
    """The second catalog file, which takes a release back."""
    return f"{CATALOG}/{name}@{version}.revoked.json"


def list_releases(store: StoreLike = None, name: str | None = None) -> list[Published]:
    """Every release of the catalog, by name and version, the revoked ones too.

    Args:
        store: Where; null: the configured store.
        name: Only releases of this name.
    """
    objects = objects_of(store)
    found: list[Published] = []
    for listed, version in _labels(objects):
        if name not in (None, listed):
            continue
        try:
            entry = read_entry(objects, listed, version)
            revoked = read_revocation(objects, listed, version)
            found.append(Published(listed, version, entry.created_at, revoked, None))
        except (ReleaseDamagedError, ReleaseFormatError) as error:
            found.append(Published(listed, version, None, None, str(error)))
    return sorted(found, key=lambda line: (line.name, version_order(line.version)))


def read_entry(objects: Objects, name: str, version: str) -> CatalogEntry:
    """The catalog entry of a release.

    Raises:
        ReleaseNotFoundError: There is none.
        ReleaseDamagedError: It is not the one that was written.
        ReleaseFormatError: It is of another format.
    """
    path = entry_path(name, version)
    try:
        data = objects.read(path)
    except ObjectMissingError:
        published = [f"{known}@{other}" for known, other in _labels(objects)]
        raise ReleaseNotFoundError(objects.uri, name, version, published) from None
    _check_format(path, data)
    try:
        entry = unseal(CatalogEntry, data)
    except SealBrokenError as error:
        raise ReleaseDamagedError(path, f"the catalog entry was changed ({error})") from error
    if (entry.name, entry.version) != (name, version):
        raise ReleaseDamagedError(path, f"the catalog entry is that of {entry.name}@{entry.version}")
    return entry


def read_revocation(objects: Objects, name: str, version: str) -> Revocation | None:
    """Why a release was taken back; null: it was not.

    Raises:
        ReleaseDamagedError: There is a revocation, and it is not the one that was written.
    """
    path = revocation_path(name, version)
    try:
        data = objects.read(path)
    except ObjectMissingError:
        return None
    try:
        return unseal(Revocation, data)
    except SealBrokenError as error:
        raise ReleaseDamagedError(path, f"the release was revoked, and the revocation was changed ({error})") from error


def read_manifest(objects: Objects, name: str, version: str) -> Manifest:
    """The manifest of a published release, checked against its catalog entry.

    Raises:
        ReleaseNotFoundError: The release is not in the catalog.
        ReleaseDamagedError: The manifest is missing or does not match.
        ReleaseFormatError: It is of another format.
    """
    entry = read_entry(objects, name, version)
    path = f"{folder_of(name, version)}/{MANIFEST}"
    try:
        data = objects.read(path)
    except ObjectMissingError:
        raise ReleaseDamagedError(path, "the manifest is missing") from None
    found = hashlib.sha256(data).hexdigest()
    if found != entry.manifest_sha256:
        raise ReleaseDamagedError(path, f"sha256 is {found}, the catalog says {entry.manifest_sha256}")
    _check_format(path, data)
    try:
        manifest = Manifest.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ReleaseDamagedError(path, f"{first['loc']}: {first['msg']}") from error
    if (manifest.name, manifest.version) != (name, version) or manifest_bytes(manifest) != data:
        raise ReleaseDamagedError(path, f"it is that of {manifest.name}@{manifest.version}, or in another form")
    return manifest


def revoke(store: StoreLike, name: str, version: str, *, replacement: str | None, reason: str) -> Revocation:
    """Take a release back: readers refuse it from now on. Its files stay as they are.

    Args:
        store: Where; null: the configured store.
        name: The release.
        version: Its version.
        replacement: Version to use in its place, which must be published; null: there is none.
        reason: Why, in one line.

    Returns:
        The revocation that holds: the first one, where it was revoked before.

    Raises:
        ReleaseNotFoundError: The release, or its replacement, is not in the catalog.
    """
    objects = objects_of(store)
    read_entry(objects, name, version)
    if replacement is not None:
        read_entry(objects, name, replacement)
    revocation = Revocation(
        name=name, version=version, replacement=replacement, reason=reason, revoked_at=datetime.now(UTC)
    )
    objects.create(revocation_path(name, version), seal(revocation), durable=True)
    return read_revocation(objects, name, version) or revocation


def _labels(objects: Objects) -> list[tuple[str, str]]:
    """Names and versions that have a catalog entry."""
    stems = [PurePosixPath(info.path).name.removesuffix(".json") for info in objects.list(f"{CATALOG}/")]
    pairs = [stem.partition("@")[::2] for stem in stems]
    return [(name, version) for name, version in pairs if is_name(name) and is_version(version)]


def _check_format(path: str, data: bytes) -> None:
    """Tell a newer format from damage: a file that parses and names another format is no damaged one."""
    try:
        fields = json.loads(data)
    except ValueError:
        return
    found = fields.get("format") if isinstance(fields, dict) else None
    if isinstance(found, int) and found != RELEASE_FORMAT:
        raise ReleaseFormatError(path, found)
