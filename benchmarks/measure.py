"""How everything here is measured: A and B in turn, one thread, CPU time, the minimum of several.

Every benchmark takes --json, and --small for sizes that only show that it runs.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pyarrow as pa


@dataclass(frozen=True)
class Figure:
    """One measured ratio beside its target; `holds` is null where none was set."""

    what: str
    peer: str
    seconds: float
    peer_seconds: float
    ratio: float
    target: str
    holds: bool | None


@cache
def parser() -> argparse.ArgumentParser:
    """What every benchmark takes; one may add to it before it asks for `options`."""
    known = argparse.ArgumentParser()
    known.add_argument("--json", action="store_true")
    known.add_argument("--small", action="store_true", help="a tiny size: shows that it runs, measures nothing")
    return known


@cache
def options() -> argparse.Namespace:
    return parser().parse_args()


def size(full: int, small: int) -> int:
    """How many of something: `full`, or `small` where --small was given."""
    return small if options().small else full


def cpu_seconds(*runs: Callable[[], object], repeat: int = 5) -> list[float]:
    """Fewest CPU seconds of each run; the runs take turns, so that a busy moment hits all of them."""
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    best = [float("inf")] * len(runs)
    for run in runs:  # compiles and warms
        run()
    for _ in range(size(repeat, 1)):
        for i, run in enumerate(runs):
            gc.collect()
            started = time.process_time()
            result = run()
            best[i] = min(best[i], time.process_time() - started)
            del result
    return best


def at_most(what: str, peer: str, seconds: float, peer_seconds: float, limit: float | None) -> Figure:
    """A cost: how many times the peer's time."""
    ratio = seconds / peer_seconds
    target = "–" if limit is None else f"≤ {limit:g}×"
    return Figure(what, peer, seconds, peer_seconds, ratio, target, None if limit is None else ratio <= limit)


def at_least(what: str, peer: str, seconds: float, peer_seconds: float, limit: float | None) -> Figure:
    """A gain: how many times faster than the peer."""
    ratio = peer_seconds / seconds
    target = "–" if limit is None else f"≥ {limit:g}×"
    return Figure(what, peer, seconds, peer_seconds, ratio, target, None if limit is None else ratio >= limit)


def report(figures: Sequence[Figure], *, notes: Mapping[str, object] | None = None) -> None:
    """Print a table, or JSON where --json was given."""
    if options().json:
        print(json.dumps({"figures": [asdict(figure) for figure in figures], "notes": notes or {}}, indent=2))
        return
    print("| measurement | peer | s | peer s | ratio | target | |")
    print("| --- | --- | ---: | ---: | ---: | --- | --- |")
    for f in figures:
        verdict = "" if f.holds is None else ("holds" if f.holds else "missed")
        ratio = f"{f.ratio:.2f}" if f.ratio < 100 else f"{f.ratio:,.0f}"
        print(f"| {f.what} | {f.peer} | {f.seconds:.4f} | {f.peer_seconds:.4f} | {ratio} | {f.target} | {verdict} |")
    for name, note in (notes or {}).items():
        print(f"\n{name}: {note}")
    print()
