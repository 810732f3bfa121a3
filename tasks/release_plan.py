"""What a release will consist of: every file with its bytes and its line in the manifest, before any is written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pyarrow as pa
import pyarrow.compute as pc

from osmo.schemas.manifest import FileEntry, Split, SplitProof
from osmo.storage.media import MediaCache, MediaDamagedError, file_sha256
from osmo.storage.objects import ObjectMissingError
from osmo.storage.release_files import parquet_bytes, pieces, schema_sha256
from osmo.storage.store import Store
from osmo.tasks.protocol import SPLITS_OF_A_PROTOCOL
from osmo.tasks.release_tables import ReleaseInputError, clip_files


@dataclass(frozen=True)
class Planned:
    """One file before it is written: its line in the manifest, and its bytes or the local file that holds them."""

    entry: FileEntry
    content: bytes | Path


def table_files(tables: Mapping[str, pa.Table], rows: int) -> list[Planned]:
    """The parts of every table, at most `rows` rows each; an empty table has one."""
    return [
        _parquet(f"data/{name}/part-{index:05d}.parquet", piece, table_name=name)
        for name, table in tables.items()
        for index, piece in enumerate(pieces(table, rows))
    ]


def split_files(events: pa.Table, splits: pa.Table, proofs: Sequence[SplitProof], rows: int) -> list[Planned]:
    """The events of every split of every protocol in shards; an empty split has none."""
    planned: list[Planned] = []
    for proof in proofs:
        of_protocol = splits.filter(pc.field("protocol") == proof.protocol)
        for split in SPLITS_OF_A_PROTOCOL:
            if split in proof.empty:
                continue
            chosen = of_protocol.filter(pc.field("split") == split)["event_id"].combine_chunks()
            members = events.filter(pc.is_in(events["event_id"], value_set=chosen))
            planned.extend(
                _parquet(
                    f"data/protocol={proof.protocol}/{split}-{index:05d}.parquet",
                    piece,
                    table_name="events",
                    protocol=proof.protocol,
                    split=cast(Split, split),
                )
                for index, piece in enumerate(pieces(members, rows))
            )
    return planned


def media_files(store: Store, clips: pa.Table) -> list[Planned]:
    """The clips' videos that the release holds, each found in the media cache and hashed.

    Raises:
        ReleaseInputError: One is not in the store.
        MediaDamagedError: One is not what its name says.
    """
    cache = MediaCache(store.objects)
    planned: list[Planned] = []
    for path, uri, sha256 in clip_files(clips):
        remedy = "Run `osmo build` again: it cuts missing clips anew; or set include_media = false."
        try:
            file = cache.path(uri)
            found = file_sha256(file)
        except (ObjectMissingError, FileNotFoundError) as error:
            raise ReleaseInputError(uri, "the clip's video is not in the store", remedy) from error
        if found != sha256:
            raise MediaDamagedError(uri, found)
        planned.append(Planned(FileEntry(path=path, sha256=sha256, bytes=file.stat().st_size), file))
    return planned


def _parquet(
    path: str, table: pa.Table, *, table_name: str, protocol: str | None = None, split: Split | None = None
) -> Planned:
    data = parquet_bytes(table)
    entry = FileEntry(
        path=path,
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        rows=table.num_rows,
        schema_sha256=schema_sha256(table.schema),
        table=table_name,
        protocol=protocol,
        split=split,
    )
    return Planned(entry, data)


def plain_file(path: str, data: bytes) -> Planned:
    """A file that is no table."""
    return Planned(FileEntry(path=path, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data)), data)
