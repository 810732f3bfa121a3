"""How a table is declared: its columns, their types and meaning, and what a stored row carries beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import pyarrow as pa

TIMESTAMP = pa.timestamp("us", tz="UTC")
"""Every instant in every table: microseconds, UTC."""


@dataclass(frozen=True)
class Column:
    """One column: its Arrow type, whether null has a meaning, and what a reader should know of it."""

    name: str
    type: pa.DataType
    doc: str
    nullable: bool = False

    @property
    def field(self) -> pa.Field[Any]:
        """The Arrow field, with the description in its metadata."""
        return pa.field(self.name, self.type, nullable=self.nullable, metadata={"doc": self.doc})


LOG_COLUMNS = (
    Column("fingerprint", pa.string(), "Fingerprint of the stage and its parameters that computed the row"),
    Column("input_key", pa.string(), "Content key of the input row that the row was computed from"),
    Column("computed_at", TIMESTAMP, "When the row was written"),
)
"""What every stored row carries. Rows of equal (fingerprint, input_key) form one unit and are written in one part."""


class SchemaMismatchError(ValueError):
    """A table does not have the columns that its declaration asks for."""

    def __init__(self, table: str, problem: str) -> None:
        self.table = table
        self.problem = problem
        super().__init__(f"Table {table!r}: {problem}. Compare with the declaration in schemas/.")


@dataclass(frozen=True)
class Table:
    """The declaration of one table.

    `log` tables are stored, append-only; `view` tables are computed when asked. `human` logs hold people's work
    and what it hangs on: their parts are fsynced and they are backed up.
    """

    name: str
    kind: Literal["log", "view"]
    doc: str
    columns: tuple[Column, ...]
    human: bool = False

    @cached_property
    def body_schema(self) -> pa.Schema:
        """The columns that a stage gives: all but those which the log adds when it stores a row."""
        return pa.schema([column.field for column in self.columns])

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns as stored (logs) or as computed (views)."""
        if self.kind == "view":
            return self.body_schema
        return pa.schema([column.field for column in (*LOG_COLUMNS, *self.columns)])

    def empty(self) -> pa.Table:
        """A table of no rows."""
        return self.schema.empty_table()

    def check(self, table: pa.Table, *, body: bool = False) -> pa.Table:
        """Give `table` with exactly the declared columns, in order and type.

        Args:
            table: What a stage or a view made. Columns that are nullable may be absent; more columns are refused.
            body: Whether the columns that a log adds when storing are left out.

        Raises:
            SchemaMismatchError: A column is missing, unknown, of another type, or null where null means nothing.
        """
        schema = self.body_schema if body else self.schema
        unknown = [name for name in table.column_names if name not in schema.names]
        if unknown:
            raise SchemaMismatchError(self.name, f"unknown columns {unknown}, expected {schema.names}")
        columns: list[pa.ChunkedArray[Any] | pa.Array[Any]] = []
        for field in schema:
            if field.name not in table.column_names:
                if not field.nullable:
                    raise SchemaMismatchError(self.name, f"column {field.name!r} is missing")
                columns.append(pa.nulls(table.num_rows, field.type))
                continue
            column = table[field.name]
            if not field.nullable and column.null_count:
                raise SchemaMismatchError(self.name, f"column {field.name!r} holds {column.null_count} nulls")
            if column.type != field.type:
                try:
                    column = column.cast(field.type)
                except pa.ArrowInvalid as error:
                    raise SchemaMismatchError(self.name, f"column {field.name!r}: {error}") from error
                except pa.ArrowNotImplementedError as error:
                    raise SchemaMismatchError(self.name, f"column {field.name!r}: {error}") from error
            columns.append(column)
        return pa.Table.from_arrays(columns, schema=schema)

    def rows(self, rows: Iterable[Mapping[str, object]], *, body: bool = True) -> pa.Table:
        """Build a table from mappings; a nullable column that a mapping lacks becomes null."""
        schema = self.body_schema if body else self.schema
        listed = list(rows)
        for row in listed:
            unknown = set(row) - set(schema.names)
            if unknown:
                raise SchemaMismatchError(self.name, f"unknown columns {sorted(unknown)}, expected {schema.names}")
        try:
            table = pa.Table.from_pylist([dict(row) for row in listed], schema=schema)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise SchemaMismatchError(self.name, str(error)) from error
        return self.check(table, body=body)
