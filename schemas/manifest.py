"""What a release says of itself: the manifest, the catalog entry that seals it, its revocation."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Annotated, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, ValidationError

RELEASE_FORMAT: Literal[1] = 1
"""Format of manifests that this code writes and reads."""

NAME_PATTERN = r"^[a-z0-9][a-z0-9._-]*$"
VERSION_PATTERN = r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$"
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
Version = Annotated[str, Field(pattern=VERSION_PATTERN)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Split = Literal["train", "validation", "test"]
SourceKind = Literal["person", "simulated", "replayed"]


class Record(BaseModel):
    """A part of a manifest: unknown names are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FileEntry(Record):
    """One file of a release; `path` counts from the release's folder."""

    path: str
    sha256: Sha256
    bytes: int = Field(ge=0)
    rows: int | None = Field(default=None, ge=0, description="Of Parquet files")
    schema_sha256: Sha256 | None = Field(default=None, description="Names, types and nullability of its columns")
    table: str | None = Field(default=None, description="The table that it is a part of")
    protocol: str | None = Field(default=None, description="The protocol whose split it is a shard of")
    split: Split | None = None


class LabelStudioExport(Record):
    """What was taken from one Label Studio project; `export_ids` are the ids of its raw pulls."""

    instance: str
    project_id: int
    export_ids: tuple[str, ...] = ()


class ConsentSnapshot(Record):
    """A consent as it stood when the release was built."""

    subject_id: str
    scope: str
    status: str
    at: AwareDatetime


class FunnelStep(Record):
    """How much was left after one step of the pipeline."""

    step: str
    count: int = Field(ge=0)
    hours: float | None = Field(default=None, ge=0)


class Provenance(Record):
    """What a release was made from and with; neither secrets nor addresses of machines belong here."""

    git_commit: str | None = Field(description="Commit of the code; null: not built from a repository")
    osmo_version: str
    vocabulary_version: str
    config: dict[str, JsonValue] = Field(description="Snapshot of the configuration without secrets and addresses")
    stages: dict[str, str] = Field(default_factory=dict, description="Fingerprint of each stage")
    models: dict[str, str] = Field(default_factory=dict, description="Revision of each model, lexicon and rubric")
    prompts: dict[str, str] = Field(default_factory=dict, description="Hash of each prompt")
    label_studio: tuple[LabelStudioExport, ...] = ()
    consents: tuple[ConsentSnapshot, ...] = ()
    funnel: tuple[FunnelStep, ...] = ()


class SplitProof(Record):
    """What was checked of one protocol's split, by code that did not make it; it holds where nothing is violated."""

    protocol: str
    claim: str
    seed: int
    checked: tuple[str, ...] = Field(description="Each statement that was checked on every event or pair")
    counts: dict[str, int] = Field(description="Events per split, and per reason of those left out")
    empty: dict[str, str] = Field(default_factory=dict, description="Splits without events, and why")
    notes: tuple[str, ...] = ()
    violations: tuple[str, ...] = ()


class Holdings(Record):
    """Whose work a release holds: said on its card."""

    sources: tuple[SourceKind, ...] = Field(description="Kinds of annotators in it, sorted")
    synthetic_recordings: int = Field(ge=0)
    recordings: int = Field(ge=0)
    subjects: int = Field(ge=0)
    events: int = Field(ge=0)
    hours: float = Field(ge=0)
    languages: tuple[str, ...] = ()
    redacted_texts: int = Field(default=0, ge=0, description="Texts from which an e-mail address was taken out")


class Parent(Record):
    """The release that this one follows."""

    name: Name
    version: Version
    manifest_sha256: Sha256


class Manifest(Record):
    """Everything that a release holds. Its own bytes are sealed by the catalog entry."""

    format: Literal[1] = RELEASE_FORMAT
    name: Name
    version: Version
    title: str
    license: str
    seed: int
    parent: Parent | None
    include_media: bool
    holdings: Holdings
    tables: dict[str, int] = Field(description="Rows of each table")
    proofs: tuple[SplitProof, ...]
    provenance: Provenance
    files: tuple[FileEntry, ...] = Field(description="By path, all but the manifest itself")


class CatalogEntry(Record):
    """Makes a release visible, and seals its manifest."""

    format: Literal[1] = RELEASE_FORMAT
    name: Name
    version: Version
    manifest_sha256: Sha256
    created_at: AwareDatetime


class Revocation(Record):
    """Takes a release back, and names the one to use in its place."""

    format: Literal[1] = RELEASE_FORMAT
    name: Name
    version: Version
    replacement: Version | None = Field(description="Version to use in its place; null: there is none")
    reason: str = Field(min_length=1)
    revoked_at: AwareDatetime


class SealBrokenError(ValueError):
    """A catalog file is not the one that was written."""


Sealed = TypeVar("Sealed", CatalogEntry, Revocation)


def manifest_bytes(manifest: Manifest) -> bytes:
    """The one form in which a manifest is written."""
    return _canonical(manifest.model_dump(mode="json"))


def seal(record: CatalogEntry | Revocation) -> bytes:
    """A catalog file: the record and the hash of it, so that a changed byte shows."""
    body = record.model_dump(mode="json")
    return _canonical({**body, "seal": hashlib.sha256(_canonical(body)).hexdigest()})


def unseal(kind: type[Sealed], data: bytes) -> Sealed:
    """Read a catalog file.

    Raises:
        SealBrokenError: It is not what `seal` writes, to the byte.
    """
    try:
        fields = json.loads(data)
        if not isinstance(fields, dict):
            raise SealBrokenError("not a JSON object")
        fields.pop("seal", None)
        record = kind.model_validate_json(json.dumps(fields))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise SealBrokenError(f"{first['loc']}: {first['msg']}") from error
    except ValueError as error:
        raise SealBrokenError(str(error)) from error
    if seal(record) != data:
        raise SealBrokenError("its bytes do not match its seal")
    return record


def version_order(version: str) -> tuple[int, ...]:
    """Sorts versions as numbers: 0.10.0 comes after 0.9.0."""
    return tuple(int(part) for part in version.split("."))


def is_name(text: str) -> bool:
    """Whether `text` may name a release."""
    return re.fullmatch(NAME_PATTERN, text) is not None and not text.endswith(".revoked")


def is_version(text: str) -> bool:
    """Whether `text` is a version: three numbers."""
    return re.fullmatch(VERSION_PATTERN, text) is not None


def _canonical(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
