"""Publishing a release of what the views hold now."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import pyarrow as pa
from prefect import flow

from osmo.annotators import registry
from osmo.flows.context import resolve, snapshot
from osmo.flows.stages_flow import PEOPLE
from osmo.schemas.manifest import (
    ConsentSnapshot,
    FunnelStep,
    LabelStudioExport,
    Manifest,
    Provenance,
    version_order,
)
from osmo.schemas.tables import CONSENTS
from osmo.schemas.vocabulary import vocabulary
from osmo.storage import releases
from osmo.storage.store import Store
from osmo.tasks.pipeline import Pipeline
from osmo.tasks.release import config_snapshot, create
from osmo.tasks.status import funnel_of, plan

NOTHING_RELEASED = "0.1.0"


class UnfinishedBuildError(RuntimeError):
    """Stages have results to compute that a release would lack."""

    def __init__(self, missing: dict[str, int]) -> None:
        self.missing = missing
        listed = ", ".join(f"{stage} {count}" for stage, count in missing.items())
        super().__init__(
            f"The build is not finished, units missing: {listed}. Run `osmo build` first; what cannot be mended may be "
            "left out with --incomplete."
        )


@flow(name="release")
def release(
    config_file: str | None = None, version: str | None = None, parent: str | None = None, incomplete: bool = False
) -> str:
    """Publish a release; gives its label, name@version.

    Args:
        config_file: The configuration; null: $OSMO_CONFIG, else ./osmo.toml, else the defaults.
        version: Three numbers; null: the one after the latest.
        parent: name@version of the release that this one follows; null: the latest of this name, if there is one.
        incomplete: Whether to publish although stages miss results; people's unfinished work never hinders.
    """
    pipeline = resolve(snapshot(config_file, create=False))
    manifest = publish_release(pipeline, version=version, parent=parent, incomplete=incomplete)
    return f"{manifest.name}@{manifest.version}"


def publish_release(
    pipeline: Pipeline, *, version: str | None = None, parent: str | None = None, incomplete: bool = False
) -> Manifest:
    """Publish what the views hold now; see `release`.

    Without a version: where nothing that a release depends on changed since the latest one, that one stands.

    Raises:
        UnfinishedBuildError: A stage misses results, and `incomplete` was not asked for.
    """
    missing = {one.stage: one.missing for one in plan(pipeline) if one.missing and one.stage != PEOPLE}
    if missing and not incomplete:
        raise UnfinishedBuildError(missing)
    config = pipeline.config.release
    made_from = provenance(pipeline)
    listed = releases.list_releases(pipeline.store, config.name)
    standing = [published.version for published in listed if published.usable]
    latest = max(standing, key=version_order, default=None)
    if version is None and latest is not None:
        published = releases.open(config.name, latest, store=pipeline.store).manifest
        if published.provenance == made_from:
            return published
    version = version or next_version(max((one.version for one in listed), key=version_order, default=None))
    if parent is None and latest is not None and latest != version:
        parent = f"{config.name}@{latest}"
    return create(
        pipeline.store,
        release_tables(pipeline),
        name=config.name,
        version=version,
        title=config.title,
        license=config.license,
        seed=config.seed,
        provenance=made_from,
        parent=parent,
        include_media=config.include_media,
        protocols=config.protocols,
    )


def next_version(latest: str | None) -> str:
    """The version after: its second number is one higher."""
    if latest is None:
        return NOTHING_RELEASED
    major, minor, _ = latest.split(".")
    return f"{major}.{int(minor) + 1}.0"


def release_tables(pipeline: Pipeline) -> dict[str, pa.Table]:
    """The views that a release holds; of the media only what its tables refer to."""
    views = pipeline.views
    by_name = {
        "recordings": views.recordings,
        "media": views.media,
        "segments": views.spoken,
        "candidates": views.candidates,
        "clips": views.wanted_clips,
        "annotations": views.annotations,
        "verdicts": views.verdicts,
        "reviews": views.reviews,
        "events": views.events,
        "cues": views.cues,
        "reasoning": views.reasoning,
    }
    return {name: views.everywhere(view) for name, view in by_name.items()}


def provenance(pipeline: Pipeline) -> Provenance:
    """What a release was made from and with: the same for the same store, configuration and code."""
    models, prompts = _asked(pipeline)
    return Provenance(
        git_commit=_git_commit(),
        osmo_version=metadata.version("osmo"),
        vocabulary_version=vocabulary().version,
        config=config_snapshot(pipeline.config),
        stages={name: pipeline.stage(name).fingerprint for name in pipeline.stage_names},
        models=dict(sorted(models.items())),
        prompts=dict(sorted(prompts.items())),
        label_studio=_exports(pipeline),
        consents=_consents(pipeline.store),
        funnel=_funnel(pipeline),
    )


def _asked(pipeline: Pipeline) -> tuple[dict[str, str], dict[str, str]]:
    """Revision of whoever answered each stage, and hash of its prompt where it has one, by the stage's name."""
    views, config = pipeline.views, pipeline.config
    rows = [
        *_distinct("prescreen", views.everywhere(views.votes), ("annotator", "model_revision", "prompt_sha")),
        *_distinct("judge", views.everywhere(views.verdicts), ("judge", "judge_revision", "prompt_sha")),
        *_distinct("cues", views.everywhere(views.cues), ("extractor", "model_revision", "prompt_sha")),
    ]
    writer = registry.writer(config.sense.writer, config.known_models())
    rows.append((f"sense:{writer.name}", writer.revision, writer.prompt_sha))
    models = {stage: revision for stage, revision, _ in sorted(rows, key=lambda row: row[0]) if revision}
    return models, {stage: prompt for stage, _, prompt in sorted(rows, key=lambda row: row[0]) if prompt}


def _distinct(kind: str, rows: pa.Table, columns: Sequence[str]) -> list[tuple[str, str | None, str | None]]:
    found = rows.select(list(columns)).group_by(list(columns)).aggregate([]).to_pylist()
    return [(f"{kind}:{row[columns[0]]}", row[columns[1]], row[columns[2]]) for row in found]


def _exports(pipeline: Pipeline) -> tuple[LabelStudioExport, ...]:
    """Per Label Studio project, the ids of the raw pulls that the release rests on."""
    views = pipeline.views
    pulls = views.everywhere(views.pulls).select(["instance", "clip_id", "input_key"]).to_pylist()
    shown = views.everywhere(views.publications).select(["instance", "clip_id", "project_id"]).to_pylist()
    project = {(row["instance"], row["clip_id"]): row["project_id"] for row in shown}
    found: dict[tuple[str, int], list[str]] = {}
    for row in pulls:
        owner = project.get((row["instance"], row["clip_id"]))
        if owner is not None:
            found.setdefault((row["instance"], owner), []).append(row["input_key"])
    return tuple(
        LabelStudioExport(instance=instance, project_id=owner, export_ids=tuple(sorted(keys)))
        for (instance, owner), keys in sorted(found.items())
    )


def _consents(store: Store) -> tuple[ConsentSnapshot, ...]:
    rows = store.read(CONSENTS, columns=["subject_id", "scope", "status", "at"]).to_pylist()
    return tuple(ConsentSnapshot(**row) for row in sorted(rows, key=lambda row: (row["subject_id"], row["at"])))


def _funnel(pipeline: Pipeline) -> tuple[FunnelStep, ...]:
    counted = funnel_of(pipeline)
    steps = [(name, count) for name, count in counted.steps() if name != "hours"]
    return tuple(
        FunnelStep(step=name, count=int(count), hours=round(counted.hours, 4) if name == "recordings" else None)
        for name, count in steps
    )


def _git_commit() -> str | None:
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else None
