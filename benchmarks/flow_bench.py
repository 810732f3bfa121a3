"""What Prefect costs: a voter over a store as a flow, one task a bucket, beside a plain loop over the buckets.

Buckets have the size that 200 k segments have in 64 buckets, and in the default 16; a quarter of them is run.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from measure import Figure, at_most, options, report, size
from stores import segmented

os.environ.setdefault("PREFECT_LOGGING_LEVEL", "ERROR")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("DO_NOT_TRACK", "1")

import psutil
from prefect import flow
from prefect.settings import PREFECT_LOGGING_TO_API_ENABLED, temporary_settings
from prefect.testing.utilities import prefect_test_harness

from osmo.flows.context import Reference, resolve
from osmo.flows.stage_runs import run_stage
from osmo.schemas.tables import VOTES
from osmo.storage.store import Store

VOTER = "valence"
STAGE = f"prescreen:{VOTER}"


@dataclass(frozen=True)
class Cost:
    """CPU seconds of this process, of the Prefect server, and the wall's."""

    own: float
    server: float
    wall: float


@flow(name="bench")
def by_flow(store: str, config: str) -> None:
    run_stage(Reference(store, config), STAGE)


def by_loop(store: str, config: str) -> None:
    pipeline = resolve(Reference(store, config))
    for bucket in pipeline.buckets_with_missing(STAGE):
        pipeline.run_bucket(STAGE, bucket)


def measured(run: Callable[[str, str], None], original: Path, scratch: Path, config: str, votes: int) -> Cost:
    """What a run costs over a fresh copy of the store."""
    place = scratch / "copy"
    shutil.copytree(original, place)
    try:
        server, own, wall = _children(), time.process_time(), time.perf_counter()
        run(str(place), config)
        cost = Cost(time.process_time() - own, _children() - server, time.perf_counter() - wall)
        assert Store.open(str(place)).read(VOTES, columns=["segment_id"]).num_rows == votes
    finally:
        shutil.rmtree(place)
    return cost


def _children() -> float:
    """CPU seconds of the processes below this one: the server's."""
    return sum(sum(child.cpu_times()[:2]) for child in psutil.Process().children(recursive=True))


def figures(segments: int, buckets: int, repeat: int) -> tuple[list[Figure], str]:
    with tempfile.TemporaryDirectory() as folder:
        pipeline = segmented(Path(folder), segments, buckets=buckets, voters=(VOTER,))
        config = pipeline.store.save_config(pipeline.config)
        original = Path(folder) / "store"
        loops, flows = [], []
        for _ in range(repeat):
            loops.append(measured(by_loop, original, Path(folder), config, segments))
            flows.append(measured(by_flow, original, Path(folder), config, segments))
        bucket_count = len(pipeline.views.buckets)
    loop_s = min(cost.own for cost in loops)
    flow_s = min(cost.own + cost.server for cost in flows)
    own_s = min(cost.own for cost in flows)
    extra_s = (flow_s - loop_s) / bucket_count
    note = (
        f"{1e6 * (flow_s - loop_s) / segments:.1f} µs per segment and {1e3 * extra_s:.0f} ms per bucket on top, the "
        f"server's {1e3 * (flow_s - own_s) / bucket_count:.0f} ms among them; 5 % from {extra_s / 0.05:.1f} s of work "
        f"per bucket on; here it had {loop_s / bucket_count:.2f} s. "
        f"Wall: {min(cost.wall for cost in flows):.2f} s beside {min(cost.wall for cost in loops):.2f} s."
    )
    what = f"prescreen of {segments:,} segments by `{VOTER}` as a flow, {bucket_count} buckets"
    figure = at_most(what, "a plain loop over the buckets", flow_s, loop_s, 1.05)
    if flow_s <= loop_s:  # Prefect cannot cost less than nothing: the run proves neither
        return [replace(figure, holds=None)], "the loop took longer than the flow: noise hid what Prefect costs"
    return [figure], note


def main() -> None:
    options()
    rows, notes = [], {}
    with prefect_test_harness(server_startup_timeout=180), temporary_settings({PREFECT_LOGGING_TO_API_ENABLED: False}):
        figures(200, 2, 1)  # warms
        for buckets in (2,) if options().small else (16, 4):
            found, note = figures(size(50_000, 1_000), buckets, size(2, 1))
            rows += found
            notes[f"{buckets} buckets"] = note
    report(rows, notes=notes)


if __name__ == "__main__":
    main()
