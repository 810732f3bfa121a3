"""Append and read-back of parts: 200 k × 4 votes in parts of 256 rows through the store, beside plain pyarrow."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from measure import at_most, cpu_seconds, report, size
from stores import VOTERS, fill_votes, segment_rows

from osmo.schemas.tables import VOTES
from osmo.storage.store import Store

BUCKETS = 16


def main() -> None:
    segments = size(200_000, 2_000)
    with tempfile.TemporaryDirectory() as place:
        store = Store.open(place, buckets=BUCKETS)
        fill_votes(store, segment_rows(segments))
        names = [part.path for part in store.logs.parts(VOTES)]
        parts = [pq.read_table(Path(place) / name, partitioning=None) for name in names]
        bodies = [(part.select(VOTES.body_schema.names), part["input_key"].combine_chunks()) for part in parts]

        def append() -> None:
            with tempfile.TemporaryDirectory() as fresh:
                target = Store.open(fresh, buckets=BUCKETS)
                for i, (body, keys) in enumerate(bodies):
                    target.append(VOTES, i % BUCKETS, body, fingerprint="f", input_keys=keys)

        def write() -> None:
            with tempfile.TemporaryDirectory() as fresh:
                for i, part in enumerate(parts):
                    pq.write_table(part, f"{fresh}/{i}.parquet", compression="zstd", write_page_checksum=True)

        def read() -> list[pa.Table]:
            return [
                pq.ParquetFile(Path(place) / name, page_checksum_verification=True).read(use_threads=False)
                for name in names
            ]

        appended, written, kept, back = cpu_seconds(append, write, lambda: store.read(VOTES), read, repeat=3)
    what = f"{segments * len(VOTERS):,} votes, parts of 256 rows"
    report(
        [
            at_most(f"append {what}", "pyarrow writes the same parts", appended, written, None),
            at_most(f"read back {what}, duplicates resolved", "pyarrow reads the same parts", kept, back, None),
        ],
        notes={"parts": len(names)},
    )


if __name__ == "__main__":
    main()
