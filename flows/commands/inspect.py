"""osmo plan, status, retry: what there is, what is missing, what is stuck."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from osmo.flows import console
from osmo.flows.commands.build import AsJson, ConfigFile

if TYPE_CHECKING:
    from osmo.tasks.pipeline import Pipeline


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(plan)
    app.command()(status)
    app.command()(retry)


def open_pipeline(config: Path | None) -> Pipeline:
    """The pipeline of a configuration, over the store that is there."""
    from osmo.flows.context import label_studio_known, open_labelling, open_store
    from osmo.schemas.config import load_config
    from osmo.tasks.pipeline import Pipeline

    loaded = load_config(config)
    store = open_store(loaded)
    labelling = open_labelling(loaded, store) if label_studio_known(loaded) else None
    return Pipeline(store, loaded, labelling)


def plan(
    config: ConfigFile = None,
    cost: Annotated[bool, typer.Option("--cost", help="What asking models will take, and what it took.")] = False,
    hours: Annotated[
        float | None, typer.Option(min=0, help="With --cost: of recordings of so many hours, without any store.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Print, per stage, what is present, missing and quarantined. Nothing runs."""
    from osmo.tasks.status import plan as plan_stages

    if hours is not None and not cost:
        raise typer.BadParameter("--hours goes with --cost")
    if cost:
        _cost(config, hours, json)
        return
    pipeline = open_pipeline(config)
    rows = list(plan_stages(pipeline))
    if json:
        console.emit_json([asdict(row) for row in rows])
        return
    console.show_table(
        f"Plan for {pipeline.store.uri}",
        ("stage", "present", "missing", "quarantined"),
        [(row.stage, row.present, row.missing, row.quarantined) for row in rows],
    )
    if pipeline.labelling is None:
        console.say("publish is not in the plan: no Label Studio is running (`osmo up`).")


def status(
    config: ConfigFile = None,
    stuck: Annotated[bool, typer.Option("--stuck", help="What fails, why, and what to do.")] = False,
    warnings: Annotated[bool, typer.Option("--warnings", help="Also what was left out of results.")] = False,
    cost: Annotated[bool, typer.Option("--cost", help="What asking models took beside what was foretold.")] = False,
    json: AsJson = False,
) -> None:
    """Show the funnel from recordings to events, what people have left to do, and what is stuck."""
    from osmo.flows.people import waiting
    from osmo.tasks.status import funnel_of
    from osmo.tasks.status import stuck as find_stuck

    if cost:
        _cost(config, None, json)
        return
    pipeline = open_pipeline(config)
    found = find_stuck(pipeline, warnings=warnings)
    if stuck or warnings:
        _show_stuck([asdict(one) for one in found], json)
        return
    steps = funnel_of(pipeline).steps()
    left = waiting(pipeline)
    if json:
        console.emit_json({"funnel": dict(steps), "people": asdict(left), "stuck": len(found)})
        return
    console.show_table(f"Funnel of {pipeline.store.uri}", ("step", "count"), [(name, value) for name, value in steps])
    console.out.print(f"{left.waiting} of {left.shown} published clips wait for annotators.")
    if found:
        console.out.print(f"{len(found)} units are stuck: `osmo status --stuck`.")


def retry(
    config: ConfigFile = None, stage: Annotated[str | None, typer.Option(help="Only this stage.")] = None
) -> None:
    """Let the next build try again what failed for good."""
    from osmo.tasks.status import reopen

    count = reopen(open_pipeline(config), stage)
    console.out.print(f"Reopened {count} {'unit' if count == 1 else 'units'}. `osmo build` tries them again.")


def _cost(config: Path | None, hours: float | None, json: bool) -> None:
    from osmo.flows.commands.cost import show_bill
    from osmo.schemas.config import load_config
    from osmo.tasks.bill import bill, bill_of_hours

    if hours is not None:
        show_bill(bill_of_hours(load_config(config), hours), json, title=f"{hours:g} hours of recordings")
        return
    pipeline = open_pipeline(config)
    show_bill(bill(pipeline), json, title=pipeline.store.uri)


def _show_stuck(found: list[dict[str, object]], json: bool) -> None:
    if json:
        console.emit_json(found)
        return
    if not found:
        console.out.print("Nothing is stuck.")
    alike: dict[tuple[object, ...], list[dict[str, object]]] = {}
    for one in found:
        alike.setdefault(tuple(one[name] for name in ("stage", "status", "attempts", "what", "remedy")), []).append(one)
    for (stage, status, attempts, what, remedy), units in alike.items():
        where = str(units[0]["where"]) + (f" and {len(units) - 1} more" if len(units) > 1 else "")
        console.out.print(f"{stage} · {status} (attempt {attempts}): {what}", markup=False)
        console.out.print(f"    where: {where}", markup=False, soft_wrap=True)
        console.out.print(f"    do:    {remedy}", markup=False, soft_wrap=True)
