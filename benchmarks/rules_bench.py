"""Overlap and duration rules over 200,000 annotations, beside a naive loop and beside one sort of the same rows."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from measure import at_least, at_most, cpu_seconds, report, size

from osmo.schemas.config import QualityConfig
from osmo.schemas.tables import CLIPS
from osmo.tasks.qa.registry import rule

RULES = ("overlap", "too_short", "too_long", "zero_length")
Flagged = set[tuple[str, str]]


def annotations(count: int, *, seed: int = 0) -> pa.Table:
    """`count` regions: three annotators a clip, four regions each, a few percent of them wrong; rows shuffled."""
    random = np.random.default_rng(seed)
    clip = np.arange(count) // 12
    slot = np.arange(count) % 4
    start = slot * 7.0 + random.uniform(0.0, 1.5, count)
    length = random.uniform(1.5, 5.0, count)
    length[random.random(count) < 0.02] = 0.4
    length[random.random(count) < 0.01] = 26.0
    length[random.random(count) < 0.01] = 0.0
    order = random.permutation(count)
    text = pa.array([f"{i:020x}" for i in range(count)])
    return pa.table(
        {
            "annotation_id": text,
            "region_id": text,
            "revision": np.ones(count, np.int64),
            "content_key": text,
            "clip_id": pa.array([f"{i:020x}" for i in clip]),
            "recording_id": pa.array([f"recording-{i // 100}" for i in clip]),
            "annotator_id": pa.array([f"{i:016x}" for i in np.arange(count) // 4 % 3]),
            "start_s": start.round(3),
            "end_s": (start + length).round(3),
        }
    ).take(order)


def by_rules(table: pa.Table) -> dict[str, pa.Table]:
    """The findings of each rule."""
    settings = QualityConfig()
    return {name: rule(name, settings).check(table, CLIPS.empty()) for name in RULES}


def by_loop(table: pa.Table) -> Flagged:
    """The same by comparing every pair of a group."""
    names = ("region_id", "clip_id", "annotator_id", "start_s", "end_s")
    found: Flagged = set()
    groups = defaultdict(list)
    for region, clip, annotator, start_s, end_s in zip(*(table[name].to_pylist() for name in names), strict=True):
        start, end = round(start_s * 1000), round(end_s * 1000)
        if end - start <= 0:
            found.add(("zero_length", region))
            continue
        if end - start < 1000:
            found.add(("too_short", region))
        if end - start > 25_000:
            found.add(("too_long", region))
        groups[clip, annotator].append((start, end, region))
    for regions in groups.values():
        for one in regions:
            for other in regions:
                if one is not other and one[0] < other[1] and other[0] < one[1]:
                    found.add(("overlap", one[2]))
    return found


def one_sort(table: pa.Table) -> object:
    """The peer: the rows' order by clip, annotator and start."""
    keys = [("clip_id", "ascending"), ("annotator_id", "ascending"), ("start_s", "ascending")]
    return pc.sort_indices(table, sort_keys=keys)


def main() -> None:
    table = annotations(size(200_000, 5_000))
    found = {(name, region) for name, rows in by_rules(table).items() for region in rows["region_id"].to_pylist()}
    assert found == by_loop(table), "the rules and the naive loop differ"
    ours, sort = cpu_seconds(lambda: by_rules(table), lambda: one_sort(table), repeat=7)
    (loop,) = cpu_seconds(lambda: by_loop(table), repeat=2)
    what = f"overlap and duration rules, {table.num_rows:,} annotations"
    report(
        [
            at_most(what, "one sort of the same rows", ours, sort, 3),
            at_least(what, "a naive loop", ours, loop, None),
        ],
        notes={"findings": len(found)},
    )


if __name__ == "__main__":
    main()
