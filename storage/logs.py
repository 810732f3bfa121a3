"""Logs: append-only tables of Parquet parts, written once with page checksums, verified when read."""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from osmo.schemas.table import Table
from osmo.storage.objects import ObjectMissingError, Objects
from osmo.storage.units import may_repeat

log = logging.getLogger(__name__)

UNIT = ("fingerprint", "input_key")
QUARANTINE = "quarantine"
_SEVERAL = "several"
_FETCHERS = 4
_AHEAD = 64
"""Parts whose bytes may wait in memory to be decoded."""

_LARGE = 1 << 20
"""Bytes above which the columns of a part are decoded side by side."""


@dataclass(frozen=True)
class Part:
    """One object of a log: its path, bucket and size in bytes."""

    path: str
    bucket: int
    size: int


@dataclass(frozen=True)
class Corruption:
    """A part that failed verification and was moved aside."""

    table: str
    bucket: int
    path: str
    moved_to: str
    problem: str


class Logs:
    """The logs of one store.

    Of rows with equal (fingerprint, input_key) those of the smallest (computed_at, part name) count, for readers and
    for compaction alike, so two writers at once and a repeated task change nothing.
    """

    def __init__(self, objects: Objects, buckets: int, *, on_corruption: Callable[[Corruption], None]) -> None:
        self._objects = objects
        self._buckets = buckets
        self._on_corruption = on_corruption

    def append(
        self, table: Table, bucket: int, body: pa.Table, *, fingerprint: str, input_keys: pa.Array[Any]
    ) -> str | None:
        """Write one part.

        Args:
            table: The log.
            bucket: Where; all rows of a unit must be in one call.
            body: Rows as the stage made them (the table's `body_schema`).
            fingerprint: Of the stage.
            input_keys: One per row of `body`.

        Returns:
            The part's path; None where there were no rows.
        """
        if body.num_rows == 0:
            return None
        body = table.check(body, body=True)
        now = datetime.now(UTC)
        stored = pa.Table.from_arrays(
            [
                pa.repeat(pa.scalar(fingerprint, pa.string()), body.num_rows),
                input_keys,
                pa.repeat(pa.scalar(now, table.schema.field("computed_at").type), body.num_rows),
                *body.columns,
            ],
            schema=table.schema,
        )
        return self._write(table, bucket, stored, at=now)

    def parts(self, table: Table, bucket: int | None = None) -> list[Part]:
        """The parts of a log, or of one of its buckets, by path."""
        prefix = f"logs/{table.name}/" + ("" if bucket is None else f"bucket={bucket:05d}/")
        listed = self._objects.list(prefix)
        return [
            Part(info.path, int(info.path.split("bucket=")[1].split("/")[0]), info.size)
            for info in listed
            if info.path.endswith(".parquet")
        ]

    def read(
        self,
        table: Table,
        *,
        bucket: int | None = None,
        columns: Sequence[str] | None = None,
        fingerprints: Iterable[str] | None = None,
        dictionary: Sequence[str] = (),
    ) -> pa.Table:
        """The rows that count, by part and then as written.

        Args:
            table: The log.
            bucket: Only this bucket.
            columns: Only these columns; null: all.
            fingerprints: Only rows of these stages; null: all. Parts that hold none of them are not opened.
            dictionary: Columns to give dictionary-encoded, which is quicker where few values repeat.

        Returns:
            Rows of `table.schema` (or of `columns`). A part that fails its checksums is moved to quarantine, reported,
            and its rows are missing.
        """
        schema = _schema(table, None if columns is None else {*columns, *UNIT, "computed_at"}, dictionary)
        fingerprints = None if fingerprints is None else list(fingerprints)
        tables = None
        while tables is None:  # a part that went while this read was compacted: its rows lie in a newer one
            tables = self._decoded(table, self._holding(table, bucket, fingerprints), schema, dictionary)
        rows = _first_of_each_unit(schema, tables)
        if fingerprints is not None:
            theirs = pc.is_in(rows["fingerprint"], value_set=pa.array(fingerprints, pa.string()))
            rows = rows if pc.all(theirs).as_py() else rows.filter(theirs)
        return rows if columns is None else rows.select(list(columns))

    def compact(self, table: Table, bucket: int) -> int:
        """Merge the parts of a bucket into one; gives the number of parts that went.

        The merged part is written before the others are deleted, so a kill between leaves duplicates, never a loss.
        """
        parts = self.parts(table, bucket)
        if len(parts) < 2:
            return 0
        schema = _schema(table, None)
        tables = self._decoded(table, parts, schema, ())
        if tables is None:
            return 0  # another compaction is at it
        merged = _first_of_each_unit(schema, tables)
        if merged.num_rows:
            self._write(table, bucket, merged, at=datetime.now(UTC))
        for part in parts:
            self._objects.delete(part.path)
        return len(parts)

    def _holding(self, table: Table, bucket: int | None, fingerprints: Sequence[str] | None) -> list[Part]:
        """The parts that may hold rows of some stages; of all, where none are named."""
        parts = self.parts(table, bucket)
        if fingerprints is None:
            return parts
        tags = {None, _SEVERAL, *(_named(fingerprint) for fingerprint in fingerprints)}
        return [part for part in parts if _tag_of(part.path) in tags]

    def _decoded(
        self, table: Table, parts: Sequence[Part], schema: pa.Schema, dictionary: Sequence[str]
    ) -> list[pa.Table] | None:
        """The intact ones of some parts; null: one of them is gone since it was listed."""
        tables = []
        for part, data in self._fetch(parts):
            if data is None:
                return None
            found = self._decode(table, part, data, schema, dictionary)
            if found is not None:
                tables.append(found)
        return tables

    def _write(self, table: Table, bucket: int, rows: pa.Table, *, at: datetime) -> str:
        assert 0 <= bucket < self._buckets, f"bucket {bucket} of {self._buckets}"
        buffer = io.BytesIO()
        pq.write_table(rows, buffer, compression="zstd", write_page_checksum=True)
        data = buffer.getvalue()
        name = f"part-{int(at.timestamp() * 1e6):017d}-{_tag(rows)}-{_digest(data)}.parquet"
        path = f"logs/{table.name}/bucket={bucket:05d}/{name}"
        self._objects.create(path, data, durable=table.human)  # a taken name holds the same bytes
        return path

    def _fetch(self, parts: Sequence[Part]) -> Iterator[tuple[Part, bytes | None]]:
        """The bytes of parts, in order; null for one that was compacted or quarantined since it was listed.

        Threads hide the way to an object store; beside a local disk they would only contend for the interpreter.
        """
        if self._objects.root is not None or len(parts) < 2:
            yield from zip(parts, map(self._bytes, parts), strict=True)
            return
        with ThreadPoolExecutor(_FETCHERS) as pool:
            for start in range(0, len(parts), _AHEAD):
                few = parts[start : start + _AHEAD]
                yield from zip(few, pool.map(self._bytes, few), strict=True)

    def _bytes(self, part: Part) -> bytes | None:
        try:
            return self._objects.read(part.path)
        except ObjectMissingError:
            return None

    def _decode(
        self, table: Table, part: Part, data: bytes, schema: pa.Schema, dictionary: Sequence[str] = ()
    ) -> pa.Table | None:
        try:
            if not is_intact(part.path, data):
                raise ValueError("content differs from the hash in its name")
            file = pq.ParquetFile(
                pa.BufferReader(data), page_checksum_verification=True, read_dictionary=list(dictionary) or None
            )
            # Columns that an older part lacks are passed over here. Threads cost more than they bring in a small part.
            return _grow(file.read(columns=schema.names, use_threads=part.size > _LARGE), schema)
        except (OSError, pa.ArrowException, ValueError) as error:
            self._quarantine(table, part, str(error).splitlines()[0] if str(error) else type(error).__name__)
            return None

    def _quarantine(self, table: Table, part: Part, problem: str) -> None:
        moved_to = f"{QUARANTINE}/{part.path}"
        self._objects.move(part.path, moved_to)
        log.warning(
            "%s failed verification (%s): moved to %s, its rows are missing again", part.path, problem, moved_to
        )
        self._on_corruption(Corruption(table.name, part.bucket, part.path, moved_to, problem))


def _tag(rows: pa.Table) -> str:
    """What a part's name says of the stages whose rows it holds: one's fingerprint, or that there are several."""
    found = rows["fingerprint"].unique().to_pylist()
    return _named(str(found[0])) if len(found) == 1 else _SEVERAL


def _tag_of(path: str) -> str | None:
    """What a part's name says of its stages; null: nothing, so it must be opened."""
    fields = path.rsplit("/", 1)[1].split("-")
    return fields[2] if len(fields) == 4 else None


def _named(fingerprint: str) -> str:
    return hashlib.blake2b(fingerprint.encode(), digest_size=4).hexdigest()


def is_intact(path: str, data: bytes) -> bool:
    """Whether a part holds what its name says."""
    return _digest(data) in path


def _digest(data: bytes) -> str:
    """Page checksums do not cover the footer: the name's hash covers every byte."""
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def _schema(table: Table, columns: Collection[str] | None, dictionary: Sequence[str] = ()) -> pa.Schema:
    """The stored columns that were asked for, as they were asked for, in the table's order."""
    fields = [field for field in table.schema if columns is None or field.name in columns]
    return pa.schema([f.with_type(pa.dictionary(pa.int32(), f.type)) if f.name in dictionary else f for f in fields])


def _grow(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Give an older part the columns that its table got later: schemas only grow, by nullable columns."""
    if rows.schema.equals(schema):
        return rows
    arrays = [
        rows[field.name].cast(field.type) if field.name in rows.column_names else pa.nulls(rows.num_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _first_of_each_unit(schema: pa.Schema, parts: Sequence[pa.Table]) -> pa.Table:
    """Rows of the part with the smallest (computed_at, part name) of each unit; `parts` come sorted by name."""
    if not parts:
        return schema.empty_table()
    rows = pa.concat_tables(parts)
    if len(parts) == 1:
        return rows
    if not may_repeat([rows["input_key"], rows["fingerprint"]], [part.num_rows for part in parts]):
        return rows
    index = pa.concat_arrays([pa.repeat(pa.scalar(i, pa.int32()), part.num_rows) for i, part in enumerate(parts)])
    units = pa.table(
        {"key": rows["input_key"].combine_chunks(), "fp": rows["fingerprint"].combine_chunks(), "part": index}
    )
    if not _has_duplicates(units):
        return rows
    units = units.append_column("at", rows["computed_at"])
    first = units.group_by(["key", "fp"]).aggregate([("at", "min")])
    joined = units.append_column("row", pa.array(range(rows.num_rows), pa.int64())).join(first, ["key", "fp"])
    joined = joined.filter(pc.equal(joined["at"], joined["at_min"]))
    winner = joined.group_by(["key", "fp"]).aggregate([("part", "min")])
    kept = joined.join(winner, ["key", "fp"])
    kept = kept.filter(pc.equal(kept["part"], kept["part_min"]))
    return rows.take(kept["row"].take(pc.sort_indices(kept["row"])))


def _has_duplicates(units: pa.Table) -> bool:
    """Whether some unit lies in more than one part."""
    per_part = units.group_by(["key", "fp", "part"]).aggregate([]).num_rows
    return bool(per_part != units.group_by(["key", "fp"]).aggregate([]).num_rows)
