"""osmo sense-report: how chains came about, and whether they give away the label."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from osmo.flows import console
from osmo.flows.commands.build import AsJson, ConfigFile

if TYPE_CHECKING:
    from osmo.tasks.leakage import Leakage
    from osmo.tasks.probe import Measured
    from osmo.tasks.sense_report import SenseReport

_EXAMPLE = 100
"""Characters that are shown of an example."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("sense-report")(report)


def report(config: ConfigFile = None, json: AsJson = False) -> None:
    """Show whose chains stand, why others were refused, and whether chains give away the label before they infer it."""
    from osmo.flows.commands.inspect import open_pipeline
    from osmo.tasks.sense_report import sense_report

    views = open_pipeline(config).views
    found = sense_report(
        views.all_events(),
        views.everywhere(views.cues),
        views.everywhere(views.reasoning),
        views.everywhere(views.spoken),
    )
    if json:
        console.emit_json(asdict(found))
        return
    _show_chains(found)
    _show_leakage(found.leakage)


def _show_chains(found: SenseReport) -> None:
    rows = [
        (name, one.hits, _percent(one.share), "" if one.low is None else f"{_percent(one.low)} to {_percent(one.high)}")
        for name, one in found.outcomes.items()
    ]
    console.show_table(f"{found.chains:,} chains", ("outcome", "chains", "share", "95 % interval"), rows)
    if found.without_outcome:
        console.say(f"{found.without_outcome:,} chains are from before outcomes were kept.")
    console.show_table("Written by", ("model", "chains"), list(found.models.items()))
    if found.refusals:
        console.show_table(
            "Refused by rule",
            ("rule", "chains", "events", "example"),
            [(one.rule, one.tries, one.events, one.example[:_EXAMPLE]) for one in found.refusals],
        )
    if found.tokens_in is not None or found.tokens_out is not None:
        console.out.print(
            f"{found.attempts or 0:,} requests, {found.tokens_in or 0:,} tokens asked, "
            f"{found.tokens_out or 0:,} answered."
        )


def _show_leakage(found: Leakage) -> None:
    if found.too_few is not None:
        console.out.print(f"\nProbe: too few: {found.too_few}. {found.events:,} events have a chain.", markup=False)
        return
    by = f"{found.groups} {found.grouped_by}s"
    console.show_table(
        f"Probe: {found.target} of {sum(found.classes.values()):,} events, balanced accuracy, folds of {by}",
        ("read from", "accuracy", "95 % interval"),
        [
            ("steps 1–4", *_measured(found.chain)),
            ("cues and dialogue", *_measured(found.evidence)),
            ("the first minus the second", *_measured(found.difference)),
            ("steps 1–4, labels permuted", found.chance, f"below {found.chance_high:.2f} in 95 %"),
        ],
    )
    leaks = "Steps 1–4 GIVE AWAY the label: they tell more of it than their evidence."
    fine = "Steps 1–4 tell no more of the label than their evidence, as far as this can be told."
    console.out.print(leaks if found.leaks else fine)
    for note in found.notes:
        console.out.print(note, markup=False)


def _measured(one: Measured | None) -> tuple[float | None, str]:
    return (None, "") if one is None else (one.value, f"{one.low:.2f} to {one.high:.2f}")


def _percent(part: float | None) -> str:
    return "–" if part is None else f"{100 * part:.1f} %"
