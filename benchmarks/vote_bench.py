"""The two votes: on columns in memory, and from stored parts to the candidates table."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from crowdkit.aggregation import MajorityVote
from measure import LABELS, VOTERS, Figure, at_least, at_most, cpu_seconds, report, segment_rows

from osmo.schemas.keys import content_key
from osmo.schemas.tables import VOTES
from osmo.storage.store import Store
from osmo.tasks.candidates import candidates
from osmo.tasks.vote import majority_vote

SEGMENTS = 200_000
MANY = 20_000_000
BUCKETS = 16
PART_ROWS = 256
QUORUM = 3
COLUMNS = ["segment_id", "annotator", "label"]


def in_memory() -> list[Figure]:
    rng = np.random.default_rng(0)
    columns = [rng.integers(-1, len(LABELS), MANY).astype(np.int8) for _ in VOTERS]
    ours, copy = cpu_seconds(
        lambda: majority_vote(columns, quorum=QUORUM), lambda: [column.copy() for column in columns], repeat=9
    )
    few = [column[:SEGMENTS] for column in columns]
    long = pd.DataFrame(
        {
            "task": np.tile(np.arange(SEGMENTS), len(VOTERS)),
            "worker": np.repeat(np.arange(len(VOTERS)), SEGMENTS),
            "label": np.concatenate(few),
        }
    )
    # A clock tick would hide one vote on 200 k: a hundred in a row are timed.
    hundred, crowd = cpu_seconds(
        lambda: [majority_vote(few, quorum=QUORUM) for _ in range(100)],
        lambda: MajorityVote().fit_predict(long),
        repeat=3,
    )
    quick = hundred / 100
    return [
        at_most("vote in memory, 20 M × 4", "copying the columns", ours, copy, 2),
        at_least("vote in memory, 200 k × 4", "crowd-kit MajorityVote", quick, crowd, 1000),
    ]


def fill(store: Store, segments: pa.Table) -> None:
    """Append the votes as the prescreen stage does: parts of one voter, each sorted by segment_id."""
    rng = np.random.default_rng(1)
    for bucket in range(BUCKETS):
        rows = segments.filter(pc.equal(pa.array(np.arange(segments.num_rows) * BUCKETS // segments.num_rows), bucket))
        for voter in VOTERS:
            for offset in range(0, rows.num_rows, PART_ROWS):
                part = rows.slice(offset, PART_ROWS).sort_by("segment_id")
                labels = np.array([*LABELS, None], object)[rng.integers(0, len(LABELS) + 1, part.num_rows)]
                body = {name: part[name] for name in ("recording_id", "segment_id")}
                constant = {"annotator": voter, "model_revision": "1"}
                body |= {name: pa.repeat(pa.scalar(value), part.num_rows) for name, value in constant.items()}
                table = VOTES.check(pa.table({**body, "label": pa.array(labels, pa.string())}), body=True)
                keys = part["text_key"].combine_chunks()
                store.append(VOTES, bucket, table, fingerprint=content_key(voter), input_keys=keys)


def decode(store: Store, *, dictionary: Sequence[str] = ()) -> pa.Table:
    """The columns of all parts, checksums verified, and nothing else."""
    options = {"page_checksum_verification": True, "read_dictionary": list(dictionary) or None}
    tables = []
    for part in store.logs.parts(VOTES):
        data = pa.BufferReader(store.objects.read(part.path))
        tables.append(pq.ParquetFile(data, **options).read(columns=COLUMNS, use_threads=False))
    return pa.concat_tables(tables)


def from_parts() -> list[Figure]:
    segments = segment_rows(SEGMENTS)
    figures = []
    with tempfile.TemporaryDirectory() as place:
        store = Store.open(place, buckets=BUCKETS)
        fill(store, segments)
        for layout in ("parts of 256 rows", "compacted"):

            def vote() -> pa.Table:
                votes = decode(store, dictionary=["annotator", "label"])
                return candidates(segments, votes, voters=VOTERS, quorum=QUORUM)

            def stored() -> pa.Table:
                votes = store.logs.read(VOTES, columns=COLUMNS, dictionary=["annotator", "label"])
                return candidates(segments, votes, voters=VOTERS, quorum=QUORUM)

            ours, through, plain = cpu_seconds(vote, stored, lambda: decode(store))
            what = f"vote from stored parts, 200 k × 4, {layout}"
            figures.append(at_most(what, "decoding those columns", ours, plain, 1.5))
            figures.append(at_most(f"{what}, by Logs.read", "decoding those columns", through, plain, None))
            for bucket in range(BUCKETS):
                store.logs.compact(VOTES, bucket)
    return figures


if __name__ == "__main__":
    report([*in_memory(), *from_parts()])
