"""A store: logs, media, configuration snapshots, quarantine and releases under one address."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from osmo.schemas.config import OsmoConfig, config_sha, dump_config, parse_config
from osmo.schemas.keys import bucket_of, content_key
from osmo.schemas.table import Table
from osmo.schemas.tables import ERASURES, PROBLEMS, RECORDINGS
from osmo.storage.logs import Corruption, Logs
from osmo.storage.objects import ObjectMissingError, Objects

LAYOUT = "store.json"


class Layout(BaseModel):
    """What is fixed when a store is created."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int = Field(default=1, ge=1, le=1)
    store_id: str
    buckets: int = Field(ge=1)


class NoStoreError(RuntimeError):
    """There is no store at an address, or it is of another format."""

    def __init__(self, uri: str, problem: str) -> None:
        self.uri = uri
        super().__init__(f"{uri}: {problem}. `osmo ingest` or `osmo build` creates a store.")


@dataclass(frozen=True)
class Erased:
    """What no reader may see."""

    subjects: frozenset[str]
    recordings: frozenset[str]


class Store:
    """One store. Reading is by table and bucket; writing is by `append` alone."""

    def __init__(self, objects: Objects, layout: Layout) -> None:
        self.objects = objects
        self.layout = layout
        self.logs = Logs(objects, layout.buckets, on_corruption=self._record_corruption)
        self._erased: Erased | None = None

    @classmethod
    def open(cls, uri: str, *, buckets: int | None = None) -> Store:
        """Open the store at `uri`.

        Args:
            uri: A folder, or s3://bucket/prefix.
            buckets: Number of shards of a store that is created here; null: only open.

        Raises:
            NoStoreError: There is none and `buckets` is null, or its layout is of another format.
            StoreUnreachableError: The place cannot be read or written.
        """
        if buckets is None and "://" not in uri and not Path(uri).exists():
            raise NoStoreError(uri, "there is no store")
        objects = Objects(uri, create=buckets is not None)
        try:
            found = objects.read(LAYOUT)
        except ObjectMissingError:
            if buckets is None:
                raise NoStoreError(uri, "there is no store") from None
            layout = Layout(store_id=secrets.token_hex(8), buckets=buckets)
            objects.create(LAYOUT, layout.model_dump_json().encode(), durable=True)
            found = objects.read(LAYOUT)  # of two creators at once, the first one's layout holds
        try:
            return cls(objects, Layout.model_validate_json(found))
        except ValidationError as error:
            raise NoStoreError(uri, f"{LAYOUT} is of another format: {error.errors()[0]['msg']}") from error

    @property
    def uri(self) -> str:
        """The store's address."""
        return self.objects.uri

    def bucket(self, recording_id: str) -> int:
        """The bucket of a recording."""
        return bucket_of(recording_id, self.layout.buckets)

    def append(
        self, table: Table, bucket: int, body: pa.Table, *, fingerprint: str, input_keys: pa.Array[Any]
    ) -> str | None:
        """Write one part of a log; see `Logs.append`."""
        return self.logs.append(table, bucket, body, fingerprint=fingerprint, input_keys=input_keys)

    def append_rows(self, table: Table, rows: Iterable[dict[str, object]], *, fingerprint: str = "") -> None:
        """Write facts that no stage computes (problems, runs, erasures): each row is its own unit."""
        by_bucket: dict[int, list[dict[str, object]]] = {}
        for row in rows:
            owner = row.get("recording_id") or row.get("subject_id") or ""
            bucket = int(str(row["bucket"])) if "bucket" in row else self.bucket(str(owner))
            by_bucket.setdefault(bucket, []).append(row)
        for bucket, listed in by_bucket.items():
            keys = pa.array([content_key(table.name, secrets.token_hex(16)) for _ in listed])
            self.append(table, bucket, table.rows(listed), fingerprint=fingerprint, input_keys=keys)
        if table is ERASURES:
            self._erased = None

    def read(
        self,
        table: Table,
        *,
        bucket: int | None = None,
        columns: Sequence[str] | None = None,
        fingerprints: Iterable[str] | None = None,
        dictionary: Sequence[str] = (),
    ) -> pa.Table:
        """Rows of a log that count, without those of erased subjects and recordings; see `Logs.read`."""
        gone = {} if table is ERASURES else self._gone(table)
        wanted = columns if columns is None or not gone else [*columns, *(name for name in gone if name not in columns)]
        rows = self.logs.read(table, bucket=bucket, columns=wanted, fingerprints=fingerprints, dictionary=dictionary)
        for name, values in gone.items():
            rows = rows.filter(pc.invert(pc.is_in(rows[name], value_set=pa.array(sorted(values), pa.string()))))
        return rows if columns is None else rows.select(list(columns))

    def _gone(self, table: Table) -> dict[str, frozenset[str]]:
        """For each column of `table` that names an owner: the erased ones, where there are any."""
        erased = {"recording_id": self.erased.recordings, "subject_id": self.erased.subjects}
        return {name: values for name, values in erased.items() if values and name in table.schema.names}

    @property
    def erased(self) -> Erased:
        """Subjects and recordings that were erased, as of this store's opening or its own last erasure."""
        if self._erased is None:
            rows = self.logs.read(ERASURES)
            subjects = frozenset(str(value) for value in rows["subject_id"].to_pylist() if value)
            recordings = {str(value) for value in rows["recording_id"].to_pylist() if value}
            if subjects:
                owners = self.logs.read(RECORDINGS, columns=["recording_id", "subject_id"])
                theirs = pc.is_in(owners["subject_id"], value_set=pa.array(sorted(subjects), pa.string()))
                recordings.update(str(value) for value in owners.filter(theirs)["recording_id"].to_pylist())
            self._erased = Erased(subjects, frozenset(recordings))
        return self._erased

    def save_config(self, config: OsmoConfig) -> str:
        """Keep a snapshot of the configuration; gives the name that workers find it by."""
        text = dump_config(config)
        sha = config_sha(text)
        self.objects.create(f"configs/{sha}.toml", text.encode())
        return sha

    def load_config(self, sha: str) -> OsmoConfig:
        """A snapshot by name."""
        return parse_config(self.objects.read(f"configs/{sha}.toml").decode())

    def _record_corruption(self, corruption: Corruption) -> None:
        if corruption.table == PROBLEMS.name:
            return  # the log already says so; a damaged problems log must not be appended to from its own reader
        row: dict[str, object] = {
            "recording_id": f"bucket {corruption.bucket}",
            "stage": "storage",
            "key": corruption.path,
            "attempt": 1,
            "status": "quarantined",
            "what": f"{corruption.path} failed its checksum: {corruption.problem}",
            "where": corruption.moved_to,
            "remedy": "Run the build again: its rows are computed anew; people's work is restored from the raw pulls.",
        }
        keys = pa.array([content_key("storage", corruption.path)])
        self.append(PROBLEMS, corruption.bucket, PROBLEMS.rows([row]), fingerprint="storage", input_keys=keys)
