"""How any flow runs any stage: one task a bucket, references between tasks, counts back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from prefect import get_run_logger, task
from prefect.futures import PrefectFuture, as_completed
from prefect.task_runners import ThreadPoolTaskRunner

from osmo.flows.context import Reference, resolve
from osmo.flows.counts import Counts
from osmo.flows.progress import listener
from osmo.tasks.engine import BucketReport

_SUMMED = ("rows_in", "rows_out", "abstained", "quarantined", "failed", "seconds", "cost")
NEEDS_LABEL_STUDIO = frozenset({"publish"})

Ended = tuple[Counts, str | None]
"""What a bucket gave: its counts, and why the stage paused there; null: it did not."""
Future = PrefectFuture[Ended]


class StageFailedError(RuntimeError):
    """Some buckets of a stage ended with an error; the others are done."""

    def __init__(self, stage: str, errors: dict[int, str]) -> None:
        self.stage = stage
        self.errors = errors
        bucket, first = next(iter(errors.items()))
        super().__init__(
            f"Stage {stage}: {len(errors)} of its buckets failed; bucket {bucket}: {first}. What is done is stored; "
            "mend the cause and run the same again."
        )


@task(name="run-bucket", task_run_name="{stage}-{bucket}", retries=1, retry_delay_seconds=1)
def run_bucket(store: str, config: str, stage: str, bucket: int, paused: str | None = None) -> Ended:
    """Compute what a stage is missing in a bucket; safe to repeat, whatever happened before.

    Args:
        store: Address of the store.
        config: Name of the configuration snapshot.
        stage: Name of the stage.
        bucket: Number of the bucket.
        paused: Why the stage cannot go on: then what is missing gets its row in `problems`, and nothing is computed.
    """
    pipeline = resolve(Reference(store, config), labelling=stage in NEEDS_LABEL_STUDIO)
    report = pipeline.run_bucket(
        stage, bucket, progress=lambda done, total: listener().units(stage, bucket, done, total), paused=paused
    )
    return _counts(report), report.paused


def run_stage(reference: Reference, stage: str) -> Counts:
    """Run a stage over every bucket that misses something; called inside a flow.

    Raises:
        StageFailedError: Some buckets failed, also when tried twice.
    """
    return run_together(reference, [stage])[stage]


def run_together(reference: Reference, stages: Sequence[str]) -> dict[str, Counts]:
    """Run stages that do not wait for each other, side by side: each on as many buckets at once as is configured.

    Raises:
        StageFailedError: Some buckets of a stage failed, also when tried twice; the others' work is done.
    """
    pipeline = resolve(reference, labelling=any(stage in NEEDS_LABEL_STUDIO for stage in stages))
    at_once = pipeline.config.run.workers
    runs = [_StageRun(reference, stage, pipeline.buckets_with_missing(stage)) for stage in stages]
    with ThreadPoolTaskRunner[Ended](max_workers=at_once * len(runs)) as workers:
        running = {future: run for run in runs for future in run.submit(workers, at_once)}
        while running:
            ended = next(as_completed(list(running)))
            run = running.pop(ended)
            run.take(ended)
            running |= dict.fromkeys(run.submit(workers, 1), run)
    for run in runs:
        run.finish()
    return {run.stage: run.total for run in runs}


class _StageRun:
    """How far a stage is: what is left to submit, what came back, and why it paused."""

    def __init__(self, reference: Reference, stage: str, buckets: Sequence[int]) -> None:
        self.stage = stage
        self.total: Counts = dict.fromkeys(_SUMMED, 0)
        self._reference = reference
        self._left = list(buckets)
        self._worked = bool(buckets)
        self._bucket_of: dict[Future, int] = {}
        self._errors: dict[int, str] = {}
        self._paused: str | None = None
        listener().stage(stage, len(buckets))

    def submit(self, workers: ThreadPoolTaskRunner[Ended], count: int) -> list[Future]:
        """Submit the next few buckets."""
        now, self._left = self._left[:count], self._left[count:]
        about = {**asdict(self._reference), "stage": self.stage, "paused": self._paused}
        futures: dict[Future, int] = {workers.submit(run_bucket, {**about, "bucket": bucket}): bucket for bucket in now}
        self._bucket_of |= futures
        return list(futures)

    def take(self, future: Future) -> None:
        """Count what a bucket gave."""
        future.wait()
        if not future.state.is_completed():
            self._errors[self._bucket_of[future]] = str(future.state.message)
            return
        counts, paused = future.result()
        self.total = {name: self.total[name] + counts[name] for name in _SUMMED}
        if paused is not None and self._paused is None:
            self._paused = paused
            listener().paused(self.stage, paused)
            get_run_logger().warning("%s pauses: %s. What was answered is stored.", self.stage, paused)

    def finish(self) -> None:
        """Say what became of the stage."""
        listener().finished(self.stage)
        if self._errors:
            raise StageFailedError(self.stage, self._errors)
        if self._worked:
            get_run_logger().info(
                "%s: %d in, %d out, %d abstained, %d quarantined, %d failed, %.1f s",
                self.stage, *(self.total[name] for name in _SUMMED[:6]),
            )  # fmt: skip


def _counts(report: BucketReport) -> Counts:
    return {name: value for name, value in asdict(report).items() if name in _SUMMED}
