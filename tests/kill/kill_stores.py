"""A way to build stores in other processes, and what makes two stores equal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from osmo.schemas.table import Table
from osmo.schemas.tables import PROBLEMS, RUNS, TABLES
from osmo.storage.logs import UNIT
from osmo.storage.store import Store

FOLDER = Path(__file__).parent
LOGS = [table for table in TABLES.values() if table.kind == "log"]
MEASURED = ("computed_at", "latency_ms")
"""What differs between two builds that did the same."""


@dataclass(frozen=True)
class Driven:
    """A way to build stores of one source in other processes."""

    source: Path
    scratch: Path

    def start(self, store: str, *options: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(FOLDER / "driver.py"), store, str(self.source), *options]
        environment = os.environ | {"TMPDIR": str(self.scratch)}  # what killed processes leave goes with the test
        return subprocess.Popen(
            command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )

    def finish(self, process: subprocess.Popen[str]) -> int:
        """How many attempts were killed before one came to its end."""
        out, err = process.communicate(timeout=600)
        assert process.returncode == 0, err
        return int(json.loads(out)["killed"])

    def build(self, store: str, *options: str) -> int:
        return self.finish(self.start(store, *options))


def content(store: Store, table: Table) -> Counter[str]:
    """The rows of a log that count, without what is measured; how each unit was run, and when, is no content."""
    rows = store.read(table)
    if table is PROBLEMS:
        rows = rows.filter(pc.not_equal(rows["stage"], pa.scalar("storage")))
    names = [name for name in rows.column_names if name not in MEASURED]
    return Counter(repr(row) for row in rows.select(names).to_pylist())


def media_of(store: Store) -> set[str]:
    return {info.path for info in store.objects.list("media/")}


def assert_equal(uri: str, expected: Path) -> Store:
    """Of `expected`'s content in every log; every cached file whole."""
    store, reference = Store.open(uri), Store.open(str(expected))
    for table in LOGS:
        if table is not RUNS:  # a run that was killed is none
            assert content(store, table) == content(reference, table), table.name
    assert media_of(store) == media_of(reference)
    return store


def units_in_two_parts(store: Store) -> list[tuple[str, object]]:
    """Units that were stored twice; of problems a kill between a warning and its row makes two equal ones."""
    twice: list[tuple[str, object]] = []
    for table in (table for table in LOGS if table is not PROBLEMS):
        seen: dict[object, str] = {}
        for part in store.logs.parts(table):
            data = store.objects.read(part.path)
            rows = pq.read_table(pa.BufferReader(data), columns=list(UNIT)).to_pylist()
            for unit in {tuple(row.values()) for row in rows}:
                if seen.setdefault(unit, part.path) != part.path:
                    twice.append((table.name, unit))
    return twice


def flipped(data: bytes) -> bytes:
    """With one bit in the middle changed."""
    half = len(data) // 2
    return data[:half] + bytes([data[half] ^ 1]) + data[half + 1 :]
