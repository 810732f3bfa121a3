"""`osmo plan` over a store of 200 k segments × 4 annotators, all present: every stage of the pipeline, every bucket."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from measure import at_most, cpu_seconds, report, size
from stores import LABELS, VOTERS, append_votes, segmented

from osmo.schemas.tables import VOTES
from osmo.tasks.engine import todo
from osmo.tasks.status import plan

BUCKETS = 16


def main() -> None:
    segments = size(200_000, 1_000)
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as place:
        pipeline = segmented(Path(place), segments, buckets=BUCKETS)
        store = pipeline.store
        for voter in VOTERS:
            stage = pipeline.stage(f"prescreen:{voter}")
            for bucket in pipeline.views.buckets:
                needed = stage.needs(bucket)
                # Nine in ten are neutral, so that candidates, and clips to make of them, are few, as in real speech.
                emotional = rng.integers(0, len(LABELS), needed.num_rows)
                said = np.array(LABELS, object)[np.where(rng.random(needed.num_rows) < 0.9, 4, emotional)]
                append_votes(store, bucket, needed, voter, fingerprint=stage.fingerprint, labels=said)
        paths = [part.path for part in store.logs.parts(VOTES)]
        expected = {f"prescreen:{voter}": (segments, 0, 0) for voter in VOTERS}

        def whole() -> None:
            rows = {row.stage: (row.present, row.missing, row.quarantined) for row in plan(pipeline.renew())}
            assert rows | expected == rows, f"the plan says {rows}"

        bound = [pipeline.stage(f"prescreen:{voter}") for voter in VOTERS]
        for bucket in pipeline.views.buckets:
            pipeline.views.spoken(bucket)  # kept by the views: the anti-join alone is measured

        def anti_join() -> None:
            left = [todo(store, stage, bucket) for stage in bound for bucket in pipeline.views.buckets]
            assert sum(one.present for one in left) == segments * len(VOTERS)

        def keys_only() -> list[pa.Table]:
            return [
                pq.ParquetFile(pa.BufferReader(store.objects.read(path)), page_checksum_verification=True).read(
                    columns=["input_key", "fingerprint"], use_threads=False
                )
                for path in paths
            ]

        planned, joined, decoded = cpu_seconds(whole, anti_join, keys_only, repeat=3)
    what = f"{segments:,} segments × {len(VOTERS)} voters, all present"
    report(
        [
            at_most(f"`osmo plan`, {what}, all stages", "decoding the votes' keys once", planned, decoded, None),
            at_most(f"the voters' anti-join of it, {what}", "decoding the votes' keys once", joined, decoded, None),
        ],
        notes={"parts of votes": len(paths)},
    )


if __name__ == "__main__":
    main()
