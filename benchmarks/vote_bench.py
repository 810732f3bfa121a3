"""The two votes: on columns in memory, and from stored parts to the candidates table."""

from __future__ import annotations

import tempfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from crowdkit.aggregation import MajorityVote
from measure import Figure, at_least, at_most, cpu_seconds, options, report, size
from stores import LABELS, VOTERS, fill_votes, segment_rows

from osmo.schemas.tables import VOTES
from osmo.storage.store import Store
from osmo.tasks.candidates import candidates
from osmo.tasks.vote import majority_vote

BUCKETS = 16
QUORUM = 3
CODED = ["annotator", "label"]
COLUMNS = ["segment_id", *CODED]


def in_memory(segments: int, many: int) -> list[Figure]:
    rng = np.random.default_rng(0)
    columns = [rng.integers(-1, len(LABELS), many).astype(np.int8) for _ in VOTERS]
    ours, copy = cpu_seconds(
        lambda: majority_vote(columns, quorum=QUORUM), lambda: [column.copy() for column in columns], repeat=9
    )
    few = [column[:segments] for column in columns]
    long = pd.DataFrame(
        {
            "task": np.tile(np.arange(segments), len(VOTERS)),
            "worker": np.repeat(np.arange(len(VOTERS)), segments),
            "label": np.concatenate(few),
        }
    )
    # A clock tick would hide one vote on 200 k: a hundred in a row are timed.
    hundred, crowd = cpu_seconds(
        lambda: [majority_vote(few, quorum=QUORUM) for _ in range(100)],
        lambda: MajorityVote().fit_predict(long),
        repeat=3,
    )
    return [
        at_most(f"vote in memory, {many:,} × {len(VOTERS)}", "copying the columns", ours, copy, 2),
        at_least(f"vote in memory, {segments:,} × {len(VOTERS)}", "crowd-kit MajorityVote", hundred / 100, crowd, 1000),
    ]


def decode(store: Store) -> pa.Table:
    """The columns of all parts, checksums verified, and nothing else."""
    tables = []
    for part in store.logs.parts(VOTES):
        file = pq.ParquetFile(pa.BufferReader(store.objects.read(part.path)), page_checksum_verification=True)
        tables.append(file.read(columns=COLUMNS, use_threads=False))
    return pa.concat_tables(tables)


def decode_coded(store: Store) -> pa.Table:
    """The same, with the columns of few values as dictionaries."""
    tables = []
    for part in store.logs.parts(VOTES):
        data = pa.BufferReader(store.objects.read(part.path))
        file = pq.ParquetFile(data, page_checksum_verification=True, read_dictionary=CODED)
        tables.append(file.read(columns=COLUMNS, use_threads=False))
    return pa.concat_tables(tables)


def from_parts(count: int) -> list[Figure]:
    segments = segment_rows(count)
    figures = []
    with tempfile.TemporaryDirectory() as place:
        store = Store.open(place, buckets=BUCKETS)
        fill_votes(store, segments)

        def vote() -> pa.Table:
            return candidates(segments, decode_coded(store), voters=VOTERS, quorum=QUORUM)

        def stored() -> pa.Table:
            votes = store.read(VOTES, columns=COLUMNS, dictionary=CODED)
            return candidates(segments, votes, voters=VOTERS, quorum=QUORUM)

        for layout in ("parts of 256 rows", "compacted"):
            ours, through, plain = cpu_seconds(vote, stored, lambda: decode(store))
            what = f"vote from stored parts to candidates, {count:,} × {len(VOTERS)}, {layout}"
            figures.append(at_most(what, "decoding those columns", ours, plain, 1.5))
            figures.append(at_most(f"{what}, by the store's reader", "decoding those columns", through, plain, None))
            for bucket in range(BUCKETS):
                store.logs.compact(VOTES, bucket)
    return figures


def main() -> None:
    options()
    few = size(200_000, 2_000)
    report([*in_memory(few, size(20_000_000, 20_000)), *from_parts(few)])


if __name__ == "__main__":
    main()
