"""osmo prescreen-quality: how the voters and their majority compare with human labels."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from osmo.flows import console
from osmo.flows.commands.build import AsJson, ConfigFile


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("prescreen-quality")(prescreen_quality)


def prescreen_quality(
    speaker: Annotated[str, typer.Option(help="Whose segments: wearer, other or unknown.")] = "wearer",
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Measure the voters against the human labels that came with recordings (labels.csv)."""
    from osmo.flows.commands.inspect import open_pipeline
    from osmo.tasks.human_labels import human_labels
    from osmo.tasks.quality_report import prescreen_quality as measure

    pipeline = open_pipeline(config)
    views = pipeline.views
    labels, problems = human_labels(views.all_recordings())
    for problem in problems:
        console.say(f"{problem.where}: {problem.what}")
    quality = measure(views.everywhere(views.spoken), views.everywhere(views.candidates), labels, speaker=speaker)
    if json:
        console.emit_json(asdict(quality))
        return
    console.show_table(
        f"{quality.compared} segments ({speaker}) have a human label",
        ("voter", "labelled", "coverage", "agreement"),
        [(one.voter, one.labelled, one.coverage, one.agreement) for one in quality.voters],
    )
    console.show_table(
        "Kept by the majority",
        ("kept", "not neutral for people", "label agrees", "base rate not neutral", "commonest label"),
        [(quality.kept, quality.kept_precision, quality.kept_agreement, quality.emotional_share,
          quality.commonest_share)],
    )  # fmt: skip
