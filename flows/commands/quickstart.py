"""osmo quickstart: from the sample to a verified release, through every stage and the real servers."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import tomli_w
import typer

from osmo.flows import console, servers

SAMPLE = Path(__file__).parents[2] / "examples" / "sample"


class NoSampleError(RuntimeError):
    """The sample is not there."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"No recordings at {path}. Run this in a clone of the repository, or name them: --sample PATH."
        )


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(quickstart)


def quickstart(
    sample: Annotated[Path, typer.Option(help="Recordings in the folder layout.")] = SAMPLE,
    stop: Annotated[bool, typer.Option("--stop", help="End the servers when done.")] = False,
) -> None:
    """Build a release of the synthetic sample: every stage, a real Label Studio, simulated annotators."""
    from osmo.flows.commands.build import leave, run_flow, show
    from osmo.flows.commands.inspect import open_pipeline
    from osmo.flows.release_flow import publish_release
    from osmo.storage import releases
    from osmo.tasks.status import funnel_of

    if not sample.is_dir():
        raise NoSampleError(sample)
    running = servers.up(progress=console.say)
    started = time.perf_counter()
    config = _config(sample)
    done = run_flow("osmo.flows.build_flow", "build", config)
    show(done, json=False)
    pipeline = open_pipeline(config)
    console.show_table("Funnel", ("step", "count"), list(funnel_of(pipeline).steps()))
    name, store = pipeline.config.release.name, pipeline.store
    manifest = publish_release(pipeline)
    problems = releases.verify(name, manifest.version, store=store)
    for problem in problems:
        console.say(problem)
    release = releases.open(name, manifest.version, store=store)
    _show_timelines(release)
    took = time.perf_counter() - started
    console.out.print(f"\n[bold]{release.label}[/] is published and verified, {took:.0f} s after the servers answered.")
    console.out.print("The recordings are synthetic and the annotators simulated: its card says so.")
    console.out.print(f"Release       {release.uri}", soft_wrap=True)
    console.out.print(f"Configuration {config}", soft_wrap=True)
    console.out.print(f"Label Studio  {running.label_studio.url}\nPrefect       {running.prefect.url}")
    if stop:
        servers.down()
    else:
        console.out.print("`osmo down` ends the servers.")
    leave(done)


def _config(sample: Path) -> Path:
    """The configuration of the quickstart, in OSMO's home."""
    folder = servers.home() / "quickstart"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "osmo.toml"
    settings = {
        "sources": [{"adapter": "folder", "path": str(sample.absolute())}],
        "store": {"uri": "store", "buckets": 4},
        "label": {"simulated": 3},
        "release": {
            "name": "osmo-sample",
            "title": "Synthetic sample of self-emotion timelines",
            "license": "apache-2.0",
        },
    }
    path.write_text(tomli_w.dumps(settings), encoding="utf-8")
    return path


def _show_timelines(release: object) -> None:
    from osmo.storage.releases import Release

    assert isinstance(release, Release)
    events = release.table("events").to_pylist()
    rows = [
        (row["subject_id"], row["recording_id"], f"{row['start_s']:.1f}–{row['end_s']:.1f} s",
         _words(row["emotions"], row["own_words"]), row["polarity"], row["intensity"], row["cause"])
        for row in events
    ]  # fmt: skip
    console.show_table("Timelines", ("wearer", "recording", "when", "emotions", "polarity", "intensity", "cause"), rows)


def _words(concepts: list[str], own_words: list[str]) -> str:
    from osmo.schemas.vocabulary import vocabulary

    named = [vocabulary().get(concept) for concept in concepts]
    return ", ".join([f"{concept.en} {concept.zh}" for concept in named] or own_words)
