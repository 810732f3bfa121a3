"""Files of a release: Parquet with checksums and the same bytes each time; written once, hashed, verified."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from osmo.schemas.manifest import FileEntry
from osmo.storage.objects import ObjectMissingError, Objects
from osmo.storage.release_catalog import ReleaseDamagedError, ReleaseError

ROWS_PER_PART = 20_000
"""Rows of one part of a table."""
ROWS_PER_SHARD = 2_048
"""Rows of one shard of a split: loaders shuffle by shard, so training data comes in many."""


class ReleaseConflictError(ReleaseError):
    """A file of the version that is being written is there already, with other content."""

    def __init__(self, uri: str, path: str) -> None:
        self.path = path
        super().__init__(
            f"{uri}/{path}: exists with other content, left by an earlier attempt at this version or published. "
            "A version is never written twice: create the release under the next version."
        )


def parquet_bytes(table: pa.Table) -> bytes:
    """A table as Parquet with page checksums; equal tables give equal bytes."""
    buffer = io.BytesIO()
    with pq.ParquetWriter(buffer, table.schema, compression="zstd", write_page_checksum=True) as writer:
        if table.num_rows:  # a row group of no rows breaks some readers, a file of no row groups does not
            writer.write_table(table.combine_chunks())
    return buffer.getvalue()


def pieces(table: pa.Table, rows: int) -> Iterator[pa.Table]:
    """The table in pieces of at most `rows` rows: at least one, so that the columns of an empty table are kept."""
    for start in range(0, max(table.num_rows, 1), rows):
        yield table.slice(start, rows)


def schema_sha256(schema: pa.Schema) -> str:
    """Fingerprint of names, types and nullability; descriptions do not count."""
    lines = [f"{field.name}\t{_type_name(field.type)}\t{field.nullable}" for field in schema]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _type_name(kind: pa.DataType) -> str:
    """A type in words; Parquet renames the items of lists, so their name does not count."""
    if isinstance(kind, pa.ListType):
        return f"list<{_type_name(kind.value_type)}>"
    if isinstance(kind, pa.StructType):
        return f"struct<{', '.join(f'{field.name}: {_type_name(field.type)}' for field in kind)}>"
    return str(kind)


def put_once(objects: Objects, path: str, data: bytes) -> None:
    """Write a file, or find it there with the same content.

    Raises:
        ReleaseConflictError: It is there with other content.
    """
    if not objects.create(path, data, durable=True) and objects.read(path) != data:
        raise ReleaseConflictError(objects.uri, path)


def put_file_once(objects: Objects, path: str, file: Path, sha256: str) -> None:
    """Like `put_once`, with the content of a file of known hash, in bounded memory."""
    if not objects.create_from_file(path, file) and stored_sha256(objects, path)[0] != sha256:
        raise ReleaseConflictError(objects.uri, path)


def stored_sha256(objects: Objects, path: str) -> tuple[str, int]:
    """Hash and size of what is stored."""
    digest = hashlib.sha256()
    size = 0
    for chunk in objects.chunks(path):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def read_verified(objects: Objects, folder: str, entry: FileEntry) -> bytes:
    """The bytes of a file of a release.

    Raises:
        ReleaseDamagedError: It is missing, or is not the one that the manifest lists.
    """
    path = f"{folder}/{entry.path}"
    try:
        data = objects.read(path)
    except ObjectMissingError:
        raise ReleaseDamagedError(path, "the file is missing") from None
    found = hashlib.sha256(data).hexdigest()
    if found != entry.sha256 or len(data) != entry.bytes:
        raise ReleaseDamagedError(
            path, f"sha256 is {found} over {len(data)} bytes, the manifest says {entry.sha256} over {entry.bytes}"
        )
    return data


def read_parquet(objects: Objects, folder: str, entry: FileEntry) -> pa.Table:
    """The rows of a Parquet file of a release, with its hash, page checksums, rows and columns verified.

    Raises:
        ReleaseDamagedError: One of them does not match.
    """
    path = f"{folder}/{entry.path}"
    data = read_verified(objects, folder, entry)
    try:
        table = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True).read()
    except (OSError, pa.ArrowException) as error:
        raise ReleaseDamagedError(path, f"cannot be read as Parquet: {error}") from error
    if table.num_rows != entry.rows:
        raise ReleaseDamagedError(path, f"holds {table.num_rows} rows, the manifest says {entry.rows}")
    if schema_sha256(table.schema) != entry.schema_sha256:
        raise ReleaseDamagedError(path, "its columns are not those that the manifest says")
    return table
