"""Compaction of a store: buckets of many parts become buckets of one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from osmo.schemas.tables import TABLES
from osmo.storage.store import Store


@dataclass(frozen=True)
class Compacted:
    """What was done to a log: its name, buckets that now have one part, parts that were merged into them."""

    log: str
    buckets: int
    parts: int


def compact_store(store: Store, *, at_most: int) -> list[Compacted]:
    """Merge the parts of every bucket of every log that has more than `at_most`; no row changes.

    May be killed at any moment and repeated at will, beside builds and beside another compaction: a merged part is
    written before those that it replaces are deleted, and of equal rows readers count one.

    Args:
        store: Whose logs.
        at_most: Parts that a bucket may have and stay as it is.

    Returns:
        By log, in the order of the tables; logs where nothing was to be done are left out.
    """
    done = []
    for table in TABLES.values():
        if table.kind != "log":
            continue
        parts = Counter(part.bucket for part in store.logs.parts(table))
        merged = [store.logs.compact(table, bucket) for bucket, count in sorted(parts.items()) if count > at_most]
        merged = [count for count in merged if count]
        if merged:
            done.append(Compacted(table.name, len(merged), sum(merged)))
    return done
