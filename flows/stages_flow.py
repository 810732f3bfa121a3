"""One flow a stage, each a deployment's entry point. A flow gets references, holds no truth, and can be run again."""

from __future__ import annotations

from collections.abc import Sequence

from prefect import flow

from osmo.annotators.human.transport import LabelStudioUnreachableError
from osmo.flows.context import Reference, resolve, snapshot
from osmo.flows.counts import Counts
from osmo.flows.people import gather, stand_ins
from osmo.flows.progress import listener
from osmo.flows.stage_runs import run_stage, run_together
from osmo.schemas.config import Source
from osmo.schemas.keys import content_key
from osmo.tasks.engine import write_problems
from osmo.tasks.ingest import ingest as ingest_sources
from osmo.tasks.pipeline import Pipeline
from osmo.tasks.stage import Problem

PEOPLE = "publish"
"""The stage at which a build needs people."""


def stage_names(pipeline: Pipeline, *kinds: str) -> list[str]:
    """The pipeline's stages whose name before the colon is one of `kinds`."""
    return [name for name in pipeline.stage_names if name.split(":")[0] in kinds]


def run_kinds(reference: Reference, *kinds: str) -> dict[str, Counts]:
    """Run every stage of some kinds, in the pipeline's order; voters that ask servers side by side.

    A server works while the others do; what computes in this process would only get in its own way.
    """
    pipeline = resolve(reference, labelling=PEOPLE in kinds)
    served = {f"prescreen:{name}" for name, asked in pipeline.config.models.items() if asked.transport != "local"}
    done: dict[str, Counts] = {}
    for kind in kinds:
        names = stage_names(pipeline, kind)
        for name in names:
            if name not in served:
                done[name] = run_stage(reference, name)
        if together := [name for name in names if name in served]:
            done |= run_together(reference, together)
    return done


def take_recordings(reference: Reference, sources: Sequence[Source] | None = None) -> Counts:
    """Bring the table of recordings up to date with some sources; null: the configured ones."""
    pipeline = resolve(reference)
    listener().stage("ingest", 1)
    report = ingest_sources(
        pipeline.store,
        pipeline.config.sources if sources is None else sources,
        progress=lambda done, total, _name: listener().units("ingest", 0, done, total),
    )
    listener().finished("ingest")
    return {name: value for name, value in vars(report).items() if name != "seconds"}


def collect_work(reference: Reference) -> Counts:
    """Let the configured stand-ins label, then collect everybody's work."""
    pipeline = resolve(reference, labelling=True)
    labelling = pipeline.labelling
    assert labelling is not None
    listener().stage("collect", 1)
    entered = stand_ins(pipeline, labelling)
    report = gather(pipeline.renew(), labelling)
    listener().finished("collect")
    return {
        "entered_by_stand_ins": entered,
        "tasks": report.tasks,
        "annotations": report.annotations,
        "appended": report.appended,
        "deleted": report.deleted,
        "problems": len(report.problems),
    }


def record_unreachable(reference: Reference, error: LabelStudioUnreachableError) -> None:
    """Keep a row that says that Label Studio did not answer."""
    store = resolve(reference).store
    key = content_key(PEOPLE, error.url)
    problem = Problem("all clips", key, False, str(error), error.url, "`osmo up`, then build again.")
    write_problems(store, PEOPLE, PEOPLE, 0, [problem], {})


@flow(name="ingest")
def ingest(config_file: str | None = None, sources: list[Source] | None = None) -> Counts:
    """Sources → recordings.

    Args:
        config_file: The configuration; null: $OSMO_CONFIG, else ./osmo.toml, else the defaults. So in every flow.
        sources: What to look through instead of the configured sources; null: those.
    """
    return take_recordings(snapshot(config_file), sources)


@flow(name="media")
def media(config_file: str | None = None) -> dict[str, Counts]:
    """Recordings → 16 kHz audio, labelling proxies, eye proxies."""
    return run_kinds(snapshot(config_file), "media")


@flow(name="segment")
def segment(config_file: str | None = None) -> dict[str, Counts]:
    """Recordings → sentence-level speech segments."""
    return run_kinds(snapshot(config_file), "segment")


@flow(name="evidence")
def evidence(config_file: str | None = None) -> dict[str, Counts]:
    """Media → measured evidence over whole recordings."""
    return run_kinds(snapshot(config_file), "evidence")


@flow(name="prescreen")
def prescreen(config_file: str | None = None) -> dict[str, Counts]:
    """Segments → votes."""
    return run_kinds(snapshot(config_file), "prescreen")


@flow(name="clips")
def clips(config_file: str | None = None) -> dict[str, Counts]:
    """Candidates → frozen clips and their media."""
    return run_kinds(snapshot(config_file), "clips", "clip_media")


@flow(name="publish")
def publish(config_file: str | None = None) -> dict[str, Counts]:
    """Clips → tasks in Label Studio."""
    return run_kinds(snapshot(config_file), PEOPLE)


@flow(name="collect")
def collect(config_file: str | None = None) -> dict[str, Counts]:
    """Label Studio → raw pulls → annotations."""
    reference = snapshot(config_file)
    return {"collect": collect_work(reference), **run_kinds(reference, "annotations")}


@flow(name="quality")
def quality(config_file: str | None = None) -> dict[str, Counts]:
    """Annotations → verdicts of the judge, where no rule objects."""
    return run_kinds(snapshot(config_file), "annotations", "judge")


@flow(name="cues")
def cues(config_file: str | None = None) -> dict[str, Counts]:
    """Events → what was seen, heard and measured during them."""
    return run_kinds(snapshot(config_file), "cues")


@flow(name="sense")
def sense(config_file: str | None = None) -> dict[str, Counts]:
    """Events and cues → six-step chains."""
    return run_kinds(snapshot(config_file), "sense")
