"""Which regions of a clip, by several annotators, mark the same episode: complete linkage on temporal IoU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Region:
    """One annotator's region.

    Attributes:
        start_ms: Start, from any common zero.
        end_ms: End, after the start.
        annotator_id: Who marked it.
        key: Tells apart what is otherwise equal.
    """

    start_ms: int
    end_ms: int
    annotator_id: str
    key: str


def temporal_iou(a: Region, b: Region) -> float:
    """Intersection over union of two stretches of time, 0–1."""
    shared = min(a.end_ms, b.end_ms) - max(a.start_ms, b.start_ms)
    if shared <= 0:
        return 0.0
    return shared / ((a.end_ms - a.start_ms) + (b.end_ms - b.start_ms) - shared)


def link(regions: Sequence[Region], *, threshold: float) -> list[tuple[Region, ...]]:
    """Group regions so that any two of a group overlap enough, at most one of each annotator in a group.

    The two groups whose worst pair overlaps best are merged, again and again, while that is at `threshold` or above.
    Of equal merges that of the earliest group (start, end, annotator, key) comes first, then that of the earliest
    partner, so the order of `regions` changes nothing.

    Args:
        regions: Of one clip.
        threshold: Least temporal IoU, 0–1; pairs that share no time are never linked.

    Returns:
        Groups by their earliest region, each sorted; a region without a partner is a group of its own.
    """
    groups: list[tuple[Region, ...]] = [(region,) for region in sorted(regions)]
    # Linkage of each pair of groups (i < j); a pair that may not be merged has none.
    linkage = {
        (i, j): iou
        for i, first in enumerate(groups)
        for j, second in enumerate(groups[i + 1 :], i + 1)
        if (iou := temporal_iou(first[0], second[0])) > 0
        and iou >= threshold
        and first[0].annotator_id != second[0].annotator_id
    }
    alive = dict(enumerate(groups))
    while linkage:
        i, j = min(linkage, key=lambda pair: (-linkage[pair], alive[pair[0]], alive[pair[1]]))
        alive[i] = tuple(sorted(alive[i] + alive.pop(j)))
        merged = {
            _pair(i, k): min(linkage[_pair(i, k)], linkage[_pair(j, k)])
            for k in alive
            if k != i and _pair(i, k) in linkage and _pair(j, k) in linkage
        }
        linkage = {pair: iou for pair, iou in linkage.items() if i not in pair and j not in pair} | merged
    return sorted(alive.values())


def _pair(i: int, j: int) -> tuple[int, int]:
    return (i, j) if i < j else (j, i)
