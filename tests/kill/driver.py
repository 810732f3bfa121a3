"""Builds a store in processes that are killed with SIGKILL, and started again, until one of them ends.

    python tests/kill/driver.py STORE SOURCE [--killed before|torn|after] [--at N] [--random SEED] [--times N]

Each attempt is a process of its own, forked from one that has imported everything and opened nothing. People's part is
played by fixed publications and pulls, which follow from the clips alone. Prints what happened as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypedDict, TypeVar

import httpx
import pyarrow as pa

from osmo.annotators import registry
from osmo.annotators.human.bootstrap import bootstrap
from osmo.annotators.human.client import LabelStudioClient
from osmo.annotators.human.pseudonyms import Pseudonyms
from osmo.annotators.human.session import clip_result, region_results
from osmo.schemas.config import MediaConfig, OsmoConfig, Source, StoreConfig
from osmo.schemas.keys import content_key, make_id
from osmo.schemas.table import Table
from osmo.schemas.tables import PUBLICATIONS, PULLS
from osmo.storage.compaction import compact_store
from osmo.storage.media import Media
from osmo.storage.objects import Objects
from osmo.storage.store import Store
from osmo.tasks.collect import collect
from osmo.tasks.ingest import ingest
from osmo.tasks.pipeline import Labelling, Pipeline
from osmo.tasks.stage import Outcome, Stage

BUCKETS = 2
INSTANCE = "fixed"
AT = datetime(2026, 11, 1, 10, tzinfo=UTC)
COMPUTED_TWICE = 7
MOST_ATTEMPTS = 600

When = Literal["before", "torn", "after"]
T = TypeVar("T")


class ComputedTwiceError(AssertionError):
    """A unit that the store has is being computed again."""


class Place(TypedDict):
    """Where Label Studio is; JSON in $KILL_LABEL_STUDIO."""

    url: str
    token: str
    media_root: str
    pseudonym_key: str
    title: str


@dataclass(frozen=True)
class Watched:
    """A stage that refuses to compute what its log has already."""

    stage: Stage
    store: Store
    bucket_of: Callable[[str], int]

    @property
    def name(self) -> str:
        return self.stage.name

    @property
    def writes(self) -> Table:
        return self.stage.writes

    @property
    def fingerprint(self) -> str:
        return self.stage.fingerprint

    @property
    def flush_rows(self) -> int:
        return self.stage.flush_rows

    def needs(self, bucket: int) -> pa.Table:
        return self.stage.needs(bucket)

    def compute(self, rows: pa.Table, media: Media) -> Outcome:
        bucket = self.bucket_of(rows["recording_id"][0].as_py())
        stored = self.store.read(self.writes, bucket=bucket, fingerprints=[self.fingerprint])["input_key"].to_pylist()
        again = set(stored) & set(rows["input_key"].to_pylist())
        if again:
            raise ComputedTwiceError(f"{self.name}: {sorted(again)}")
        return self.stage.compute(rows, media)


class WatchedPipeline(Pipeline):
    """A pipeline of watched stages."""

    def stage(self, name: str) -> Stage:
        return Watched(super().stage(name), self.store, self.store.bucket)

    def renew(self) -> Pipeline:
        return WatchedPipeline(self.store, self.config, self.labelling)


def configuration(store: str, source: str) -> OsmoConfig:
    """Small parts and small pictures."""
    return OsmoConfig(
        sources=(Source(adapter="folder", path=source),),
        store=StoreConfig(uri=store, buckets=BUCKETS, flush_rows=3),
        media=MediaConfig(proxy_height=64, proxy_fps=2.0, captions_fps=1.0),
    )


def build(uri: str, source: str, *, watched: bool) -> None:
    """Everything from ingest to reasoning, in this process."""
    config = configuration(uri, source)
    store = Store.open(uri, buckets=BUCKETS)
    store.save_config(config)
    ingest(store, config.sources)
    kind = WatchedPipeline if watched else Pipeline
    pipeline = kind(store, config)
    for name in pipeline.stage_names:
        if name == "annotations" and people(pipeline):
            pipeline = pipeline.renew()
        buckets = pipeline.buckets_with_missing(name)
        for bucket in buckets:
            pipeline.run_bucket(name, bucket)
        pipeline = pipeline.renew() if buckets else pipeline


def people(pipeline: Pipeline) -> int:
    """Append what publishing and collecting would bring, as they do: what is there is not written again.

    Returns:
        Rows written.
    """
    written = 0
    for bucket in pipeline.views.buckets:
        media = {row["clip_id"]: row["sha256"] for row in pipeline.views.media(bucket).to_pylist() if row["clip_id"]}
        shown: list[dict[str, object]] = []
        said: list[dict[str, object]] = []
        for clip in pipeline.views.clips(bucket).to_pylist():
            if clip["clip_id"] not in media:
                continue  # a build beside this one made it, cuts it, and then publishes it
            common = {name: clip[name] for name in ("clip_id", "recording_id")} | {
                "instance": INSTANCE,
                "media_sha256": media[clip["clip_id"]],
            }
            shown.append(common | {"project_id": 1, "task_id": int(clip["clip_id"][:8], 16)})
            said += [common | _pull(clip["clip_id"], annotator) for annotator in ("anna", "bela")]
        written += _append(pipeline.store, PUBLICATIONS, bucket, shown, ("clip_id",))
        written += _append(pipeline.store, PULLS, bucket, said, ("unique_id",))
    return written


def _pull(clip_id: str, annotator: str) -> dict[str, object]:
    unique_id = make_id("pull", clip_id, annotator)
    result = [
        *region_results(
            "r1", 0.5, 4.0, duration_s=12.0, concepts=["joy/joy"], polarity="positive", intensity=2,
            cause="Her friends bring her very good news",
        ),
        clip_result("has_emotion"),
    ]  # fmt: skip
    payload = {
        "unique_id": unique_id,
        "created_at": AT.isoformat(),
        "updated_at": AT.isoformat(),
        "was_cancelled": False,
        "lead_time": 8.0,
        "result": result,
    }
    return {
        "unique_id": unique_id,
        "annotator_id": annotator,
        "source": "simulated",
        "updated_at": AT,
        "deleted": False,
        "payload": json.dumps(payload, sort_keys=True),
    }


def _append(
    store: Store, table: Table, bucket: int, rows: list[dict[str, object]], names: tuple[str, ...], few: int = 2
) -> int:
    have = set(store.read(table, bucket=bucket)["input_key"].to_pylist())
    keyed = [(content_key(table.name, *(str(row[name]) for name in names)), row) for row in rows]
    left = [(key, row) for key, row in keyed if key not in have]
    for start in range(0, len(left), few):
        some = left[start : start + few]
        keys = pa.array([key for key, _ in some])
        store.append(table, bucket, table.rows(row for _, row in some), fingerprint="people", input_keys=keys)
    return len(left)


def label(what: str, uri: str, source: str) -> None:
    """Publish to the real Label Studio, or collect from it; its project is made where there is none."""
    place: Place = json.loads(os.environ["KILL_LABEL_STUDIO"])
    store = Store.open(uri)
    client = LabelStudioClient(place["url"], place["token"])
    project = bootstrap(client, place["title"], media_root=Path(place["media_root"]), overlap=1)
    if what == "collect":
        report = collect(store, client, project, Pseudonyms.open(Path(place["pseudonym_key"])))
        if report.problems:
            raise RuntimeError(report.problems[0].what)
        return
    pipeline = Pipeline(store, configuration(uri, source), Labelling(client, project))
    for bucket in pipeline.buckets_with_missing("publish"):
        pipeline.run_bucket("publish", bucket)


@contextmanager
def cut_off(at: int) -> Iterator[None]:
    """Kill this process when the answer to its `at`-th request has come; 0: never."""
    count = 0
    send = httpx.Client.send

    def send_(self: httpx.Client, *args: Any, **options: Any) -> httpx.Response:
        nonlocal count
        answer = send(self, *args, **options)
        count += 1
        if count == at:
            die()
        return answer

    httpx.Client.send = send_  # type: ignore[method-assign]
    try:
        yield
    finally:
        httpx.Client.send = send  # type: ignore[method-assign]


class Known:
    """Where warnings were stored by an attempt that was killed at once: the next one stores them again, and goes on.

    A problem is written before the row that it goes with, so a kill between the two repeats it, as the same unit.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def holds(self, path: str) -> bool:
        return "/problems/" in path and self._file.exists() and self._name(path) in self._file.read_text().split()

    def add(self, path: str) -> None:
        if "/problems/" in path:
            with self._file.open("a") as file:
                file.write(self._name(path) + "\n")

    def _name(self, path: str) -> str:
        folder, _, part = path.rpartition("/")
        return f"{folder}/{part.split('-')[2]}"  # the bucket, and the stage


@contextmanager
def armed(when: When | None, at: int, known: Known | None = None) -> Iterator[None]:
    """Kill this process at its `at`-th write or deletion; an object that is there already is none.

    Before it; torn: with half of the bytes in the name that a local disk's client writes to before it links; after it.
    """
    count = 0
    create, from_file, delete = Objects.create, Objects.create_from_file, Objects.delete

    def step(objects: Objects, path: str, data: bytes, act: Callable[[], T], *, counts: bool) -> T:
        nonlocal count
        count += counts
        mine = counts and count == at
        if mine and known is not None:
            known.add(path)
        if mine and when == "torn" and objects.root is not None:
            staged = objects.root / f"{path}#1"
            staged.parent.mkdir(parents=True, exist_ok=True)
            staged.write_bytes(data[: len(data) // 2])
        if mine and when != "after":
            die()
        done = act()
        if mine:
            die()
        return done

    def is_new(objects: Objects, path: str) -> bool:
        return not objects.exists(path) and not (known is not None and known.holds(path))

    def create_(self: Objects, path: str, data: bytes, *, durable: bool = False) -> bool:
        return step(self, path, data, lambda: create(self, path, data, durable=durable), counts=is_new(self, path))

    def from_file_(self: Objects, path: str, file: Path) -> bool:
        return step(self, path, file.read_bytes(), lambda: from_file(self, path, file), counts=is_new(self, path))

    def delete_(self: Objects, path: str) -> None:
        step(self, path, b"", lambda: delete(self, path), counts=True)

    if when is not None:
        Objects.create, Objects.create_from_file, Objects.delete = create_, from_file_, delete_  # type: ignore[method-assign]
    try:
        yield
    finally:
        Objects.create, Objects.create_from_file, Objects.delete = create, from_file, delete  # type: ignore[method-assign]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def attempt(work: Callable[[], None], *, kill_after_s: float | None = None) -> int:
    """Do `work` in a process of its own; gives what ended it: 0, its exit code, or minus the signal."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except ComputedTwiceError as error:
            sys.stderr.write(f"{error}\n")
            code = COMPUTED_TWICE
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stderr.flush()
            os._exit(code)
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def until_done(work: Callable[[int], None], *, delays: list[float] | None = None) -> int:
    """Attempts, each killed, until one ends by itself; gives how many were killed.

    Args:
        work: What kills itself, or is killed after each of `delays`, then left alone; called with the attempt's number.
        delays: Seconds to the kill of each attempt.
    """
    left = list(delays or [])
    for killed in range(MOST_ATTEMPTS):
        code = attempt(partial(work, killed), kill_after_s=left.pop(0) if left else None)
        if code == 0 and not left:
            return killed
        if code not in (0, -signal.SIGKILL):
            sys.exit(code)
    raise RuntimeError(f"no end after {MOST_ATTEMPTS} attempts")


def warm_up() -> None:
    """Load what every attempt needs, before the first fork; nothing is opened."""
    for name in OsmoConfig().prescreen.voters:
        registry.voter(name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store")
    parser.add_argument("source")
    parser.add_argument("--killed", choices=["before", "torn", "after"])
    parser.add_argument("--at", type=int, default=1, help="at which write of each attempt")
    parser.add_argument("--random", type=int, help="seed of the moments of the kills")
    parser.add_argument("--times", type=int, default=0, help="how many kills at random moments")
    parser.add_argument("--longest", type=float, default=1.0, help="seconds to a kill at a random moment, at most")
    parser.add_argument("--unwatched", action="store_true", help="another build may compute the same at once")
    parser.add_argument("--later", action="store_true", help="each attempt dies one write later than the one before")
    parser.add_argument("--compact", action="store_true", help="compact instead of building")
    parser.add_argument("--people", choices=["publish", "collect"], help="only this, with the real Label Studio")
    parser.add_argument("--request", type=int, default=0, help="request to it after which the first attempt dies")
    given = parser.parse_args()
    warm_up()
    moments = random.Random(given.random)
    delays = [moments.uniform(0.01, given.longest) for _ in range(given.times)]

    known = Known(Path(tempfile.mkdtemp()) / "stored-problems")

    def work(number: int) -> None:
        with armed(given.killed, given.at + (number if given.later else 0), known):
            if given.compact:
                compact_store(Store.open(given.store), at_most=1)
            elif given.people:
                with cut_off(given.request + number):
                    label(given.people, given.store, given.source)
            else:
                build(given.store, given.source, watched=not given.unwatched)

    started = time.perf_counter()
    killed = until_done(work, delays=delays)
    sys.stdout.write(json.dumps({"killed": killed, "seconds": time.perf_counter() - started}) + "\n")


if __name__ == "__main__":
    main()
