"""`osmo plan --cost` over 200 k segments × 4 models: before any vote, and with all of them there."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
from measure import Figure, at_most, cpu_seconds, report, size
from stores import LABELS, VOTERS, segmented

from osmo.schemas.endpoints import Endpoint
from osmo.schemas.tables import VOTES
from osmo.tasks.bill import Bill, bill
from osmo.tasks.expected import voter_rows
from osmo.tasks.pipeline import Pipeline
from osmo.tasks.spending import runs

BUCKETS = 16
PART_ROWS = 256
LIMIT_S = 2.0


def asking_models(pipeline: Pipeline) -> Pipeline:
    """The same store, whose four voters are taken for models on servers: nothing is asked, all is counted."""
    models = {name: Endpoint(model=name, allow_unpinned=True) for name in VOTERS}
    return Pipeline(pipeline.store, pipeline.config.model_copy(update={"models": models}))


def vote(pipeline: Pipeline) -> None:
    """A vote of every voter on every segment, with what it took, in parts as the stage writes them."""
    rng = np.random.default_rng(0)
    for voter in VOTERS:
        stage = pipeline.stage(f"prescreen:{voter}")
        for bucket in pipeline.views.buckets:
            needed = stage.needs(bucket)
            for offset in range(0, needed.num_rows, PART_ROWS):
                part = needed.slice(offset, PART_ROWS).sort_by("segment_id")
                emotional = rng.integers(0, len(LABELS), part.num_rows)
                said = np.array(LABELS, object)[np.where(rng.random(part.num_rows) < 0.9, 4, emotional)]
                body = {name: part[name] for name in ("recording_id", "segment_id")}
                body |= {"annotator": pa.repeat(voter, part.num_rows), "model_revision": pa.repeat("1", part.num_rows)}
                body |= {
                    "label": pa.array(said, pa.string()),
                    "attempts": pa.repeat(pa.scalar(1, pa.int32()), part.num_rows),
                }
                body |= {"tokens_in": pa.array(rng.integers(300, 400, part.num_rows))}
                body |= {"tokens_out": pa.array(rng.integers(1, 5, part.num_rows))}
                keys = part["input_key"].combine_chunks()
                rows = VOTES.check(pa.table(body), body=True)
                pipeline.store.append(VOTES, bucket, rows, fingerprint=stage.fingerprint, input_keys=keys)


def read(pipeline: Pipeline) -> None:
    """What the bill reads of the store, kept by the views."""
    views = pipeline.views
    runs(pipeline.store)
    for bucket in views.buckets:
        views.spoken(bucket)
        views.recording_media(bucket)
        for voter in VOTERS:
            voter_rows(pipeline, voter, bucket)
        views.annotations(bucket)
        views.clips(bucket)


def figures(pipeline: Pipeline, what: str) -> list[Figure]:
    ready = pipeline.renew()
    read(ready)

    def whole() -> Bill:
        return bill(pipeline.renew())

    total, reading, computing = cpu_seconds(whole, lambda: read(pipeline.renew()), lambda: bill(ready), repeat=3)
    return [
        at_most(f"`osmo plan --cost`, {what}", "2 s", total, LIMIT_S, 1),
        at_most(f"reading the store for it, {what}", "2 s", reading, LIMIT_S, None),
        at_most(f"its counting alone, what was read kept, {what}", "2 s", computing, LIMIT_S, None),
    ]


def main() -> None:
    segments = size(200_000, 1_000)
    with tempfile.TemporaryDirectory() as place:
        pipeline = asking_models(segmented(Path(place), segments, buckets=BUCKETS))
        of = f"{segments:,} segments × {len(VOTERS)} models"
        found = figures(pipeline, f"{of}, none voted")
        first = bill(pipeline.renew())
        assert [row.left.calls for row in first.rows] == [segments] * len(VOTERS)
        vote(pipeline)
        found += figures(pipeline, f"{of}, all voted, parts of {PART_ROWS} rows")
        last = bill(pipeline.renew())
        assert [row.done for row in last.rows] == [segments] * len(VOTERS)
        for bucket in pipeline.views.buckets:
            pipeline.store.logs.compact(VOTES, bucket)
        found += figures(pipeline, f"{of}, all voted, compacted")
    report(found)


if __name__ == "__main__":
    main()
