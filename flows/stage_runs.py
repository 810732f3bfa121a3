"""How any flow runs any stage: one task a bucket, references between tasks, counts back."""

from __future__ import annotations

from dataclasses import asdict

from prefect import get_run_logger, task
from prefect.futures import wait
from prefect.task_runners import ThreadPoolTaskRunner

from osmo.flows.context import Reference, resolve
from osmo.flows.counts import Counts
from osmo.flows.progress import listener
from osmo.tasks.engine import BucketReport

_SUMMED = ("rows_in", "rows_out", "abstained", "quarantined", "failed", "seconds", "cost")
NEEDS_LABEL_STUDIO = frozenset({"publish"})


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
def run_bucket(store: str, config: str, stage: str, bucket: int) -> Counts:
    """Compute what a stage is missing in a bucket; safe to repeat, whatever happened before.

    Args:
        store: Address of the store.
        config: Name of the configuration snapshot.
        stage: Name of the stage.
        bucket: Number of the bucket.
    """
    pipeline = resolve(Reference(store, config), labelling=stage in NEEDS_LABEL_STUDIO)
    report = pipeline.run_bucket(
        stage, bucket, progress=lambda done, total: listener().units(stage, bucket, done, total)
    )
    return _counts(report)


def run_stage(reference: Reference, stage: str) -> Counts:
    """Run a stage over every bucket that misses something; called inside a flow.

    Raises:
        StageFailedError: Some buckets failed, also when tried twice.
    """
    pipeline = resolve(reference, labelling=stage in NEEDS_LABEL_STUDIO)
    buckets = pipeline.buckets_with_missing(stage)
    listener().stage(stage, len(buckets))
    with ThreadPoolTaskRunner[Counts](max_workers=pipeline.config.run.workers) as workers:
        futures = {
            bucket: workers.submit(run_bucket, {**asdict(reference), "stage": stage, "bucket": bucket})
            for bucket in buckets
        }
        wait(list(futures.values()))
    total: Counts = dict.fromkeys(_SUMMED, 0)
    errors: dict[int, str] = {}
    for bucket, future in futures.items():
        if future.state.is_completed():
            counts = future.result()
            total = {name: total[name] + counts[name] for name in _SUMMED}
        else:
            errors[bucket] = str(future.state.message)
    listener().finished(stage)
    if errors:
        raise StageFailedError(stage, errors)
    if buckets:
        get_run_logger().info(
            "%s: %d in, %d out, %d abstained, %d quarantined, %d failed, %.1f s",
            stage, *(total[name] for name in _SUMMED[:6]),
        )  # fmt: skip
    return total


def _counts(report: BucketReport) -> Counts:
    return {name: value for name, value in asdict(report).items() if name in _SUMMED}
