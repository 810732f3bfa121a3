"""How everything here is measured: A and B in turn, one thread, CPU time, the minimum of several."""

from __future__ import annotations

import argparse
import gc
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pyarrow as pa

VOTERS = ("lexicon", "dialogue", "valence", "prosody")
LABELS = ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")


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


def cpu_seconds(*runs: Callable[[], object], repeat: int = 5) -> list[float]:
    """Fewest CPU seconds of each run; the runs take turns, so that a busy moment hits all of them."""
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    best = [float("inf")] * len(runs)
    for run in runs:  # compiles and warms
        run()
    for _ in range(repeat):
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


def at_least(what: str, peer: str, seconds: float, peer_seconds: float, limit: float) -> Figure:
    """A gain: how many times faster than the peer."""
    ratio = peer_seconds / seconds
    return Figure(what, peer, seconds, peer_seconds, ratio, f"≥ {limit:g}×", ratio >= limit)


def report(figures: Sequence[Figure], *, notes: Mapping[str, object] | None = None) -> None:
    """Print a table, or JSON where --json was given."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    if parser.parse_args().json:
        print(json.dumps({"figures": [asdict(figure) for figure in figures], **(notes or {})}, indent=2))
        return
    print(f"{'measurement':58} {'peer':34} {'s':>9} {'peer s':>9} {'ratio':>9}  target")
    for f in figures:
        verdict = "" if f.holds is None else ("  holds" if f.holds else "  MISSED")
        print(f"{f.what:58} {f.peer:34} {f.seconds:9.4f} {f.peer_seconds:9.4f} {f.ratio:9.2f}  {f.target}{verdict}")
    for name, note in (notes or {}).items():
        print(f"{name}: {note}")


def segment_rows(segments: int, *, per_recording: int = 250, seed: int = 0) -> pa.Table:
    """Segments of made-up recordings, with what the vote and the plan read of them."""
    rng = np.random.default_rng(seed)
    number = np.arange(segments)
    start_s = (number % per_recording) * 5.0
    ids = pa.array([rng.bytes(10).hex() for _ in range(segments)])
    keys = {name: pa.array([rng.bytes(16).hex() for _ in range(segments)]) for name in ("text_key", "dialogue_key")}
    return pa.table(
        {
            "recording_id": pa.array([f"bench/{i // per_recording:06d}" for i in number]),
            "segment_id": ids,
            "start_s": start_s,
            "end_s": start_s + 4.0,
            "text": pa.array(["so that is what it was"] * segments),
            "language": pa.array(["en"] * segments),
            "speaker": pa.array(np.array(["wearer", "other", "unknown"])[rng.integers(0, 3, segments)], pa.string()),
            "in_media": pa.array([True] * segments),
            **keys,
            "audio_key": keys["text_key"],
        }
    )
