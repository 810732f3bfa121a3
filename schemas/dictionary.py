"""The data dictionary: every table and column in words, generated from the declarations.

`python -m osmo.schemas.dictionary > docs/data-dictionary.md` writes it anew.
"""

from __future__ import annotations

import sys

from osmo.schemas.table import LOG_COLUMNS, Column, Table
from osmo.schemas.tables import TABLES

_HEAD = """# Data dictionary

Every table, generated from `schemas/tables/`. Do not edit: declare there, then run
`python -m osmo.schemas.dictionary > docs/data-dictionary.md`.

A *log* is stored, append-only; a *view* is computed when asked and stored nowhere but in a release. A log marked
*people's work* has its parts fsynced and is what `osmo backup` copies. Times are seconds, instants are UTC. A column
that may be null says what null means, or has a `…_reason` column beside it."""

_LOGS = """## What every log adds

A stored row carries these columns before its own. Rows of equal (`fingerprint`, `input_key`) are one unit."""


def data_dictionary() -> str:
    """All tables in the order of the pipeline, as Markdown."""
    parts = [_HEAD, _index(), _LOGS, _columns(LOG_COLUMNS)]
    for table in TABLES.values():
        parts += [f"## {table.name}", f"*{_kind(table)}.* {table.doc}", _columns(table.columns)]
    return "\n\n".join(parts) + "\n"


def _index() -> str:
    rows = [f"| [{table.name}](#{table.name}) | {_kind(table)} | {_cell(table.doc)} |" for table in TABLES.values()]
    return "\n".join(["| table | kind | what a row is |", "| --- | --- | --- |", *rows])


def _kind(table: Table) -> str:
    return f"{table.kind}, people's work" if table.human else table.kind


def _columns(columns: tuple[Column, ...]) -> str:
    rows = [
        f"| {column.name} | `{_cell(str(column.type))}` | {'yes' if column.nullable else ''} | {_cell(column.doc)} |"
        for column in columns
    ]
    return "\n".join(["| column | type | null | meaning |", "| --- | --- | --- | --- |", *rows])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(data_dictionary())
