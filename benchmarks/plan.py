"""`osmo plan` over a store of 200 k segments × 4 annotators, all present: needs minus keys, bucket by bucket."""

from __future__ import annotations

import cProfile
import pstats
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from measure import VOTERS, at_most, cpu_seconds, report, segment_rows

from osmo.annotators.voter import Ballot, Sees, Utterance
from osmo.schemas.tables import VOTES
from osmo.storage.media import Media
from osmo.storage.store import Store
from osmo.tasks.engine import todo
from osmo.tasks.prescreen import PrescreenStage

SEGMENTS = 200_000
BUCKETS = 16
PART_ROWS = 256


@dataclass(frozen=True)
class Present:
    """A voter whose votes lie in the store already."""

    name: str
    sees: Sees = "text"
    revision: str = "1"
    prompt_sha: str | None = None

    def vote(self, utterances: Sequence[Utterance], media: Media) -> list[Ballot]:
        raise AssertionError("a plan asks nobody")


def main() -> None:
    rows = segment_rows(SEGMENTS)
    size = -(-SEGMENTS // BUCKETS)
    buckets = [rows.slice(bucket * size, size) for bucket in range(BUCKETS)]
    stages = [PrescreenStage(Present(name), segments=lambda bucket: buckets[bucket]) for name in VOTERS]
    with tempfile.TemporaryDirectory() as place:
        store = Store.open(place, buckets=BUCKETS)
        for bucket in range(BUCKETS):
            for stage in stages:
                needed = stage.needs(bucket)
                for offset in range(0, needed.num_rows, PART_ROWS):
                    part = needed.slice(offset, PART_ROWS).sort_by("segment_id")
                    fixed = {"annotator": stage.name, "model_revision": "1", "label": "joy"}
                    body = {name: pa.repeat(pa.scalar(value), part.num_rows) for name, value in fixed.items()}
                    body |= {name: part[name] for name in ("recording_id", "segment_id")}
                    table = VOTES.check(pa.table(body), body=True)
                    keys = part["input_key"].combine_chunks()
                    store.append(VOTES, bucket, table, fingerprint=stage.fingerprint, input_keys=keys)
        paths = [part.path for part in store.logs.parts(VOTES)]

        def plan() -> int:
            left = [todo(store, stage, bucket) for stage in stages for bucket in range(BUCKETS)]
            assert sum(part.present for part in left) == SEGMENTS * len(VOTERS)
            return sum(part.rows.num_rows for part in left)

        def keys_only() -> list[pa.Table]:
            return [
                pq.ParquetFile(pa.BufferReader(store.objects.read(path)), page_checksum_verification=True).read(
                    columns=["input_key", "fingerprint"], use_threads=False
                )
                for path in paths
            ]

        if "--profile" in sys.argv:
            profile = cProfile.Profile()
            profile.runcall(plan)
            pstats.Stats(profile).sort_stats("tottime").print_stats(25)
            return
        planned, decoded = cpu_seconds(plan, keys_only, repeat=3)
        needed_only, joined = cpu_seconds(
            lambda: [stage.needs(bucket) for stage in stages for bucket in range(BUCKETS)],
            lambda: [pc.is_in(part["text_key"], value_set=part["text_key"].combine_chunks()) for part in buckets * 4],
            repeat=3,
        )
    report(
        [at_most("plan, 200 k × 4 all present", "decoding the keys once", planned, decoded, None)],
        notes={"parts": len(paths), "needs_s": round(needed_only, 4), "anti_join_s": round(joined, 4)},
    )


if __name__ == "__main__":
    main()
