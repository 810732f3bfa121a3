"""osmo build, and each stage alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from osmo.flows import console, progress, servers
from osmo.flows.counts import Counts

ConfigFile = Annotated[Path | None, typer.Option("--config", "-c", help="Configuration file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

UNDONE = 3
"""Exit code: the command ran, and something failed that the next run tries again or that is quarantined."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(build)
    for name, doc in _STAGES.items():
        app.command(name, help=doc)(_stage_command(name))


def build(config: ConfigFile = None, json: AsJson = False) -> None:
    """Run every stage until only people can continue; run again, it goes on."""
    from osmo.flows.build_flow import what_now

    done = run_flow("osmo.flows.build_flow", "build", config)
    show(done, json)
    if not json:
        console.out.print(what_now(done["people"]), markup=False)
    leave(done)


_STAGES = {
    "media": "Decode audio and labelling proxies into the media cache.",
    "segment": "Find sentence-level speech segments.",
    "evidence": "Measure voice, scene and eyes over whole recordings.",
    "prescreen": "Let the voters vote.",
    "clips": "Make clips around candidates, and cut their media.",
    "publish": "Show clips in Label Studio.",
    "collect": "Collect annotations from Label Studio.",
    "quality": "Let the judge score what no rule objects to.",
    "cues": "Measure what was seen and heard during events.",
    "sense": "Write the six-step chains.",
}

_NEED_PEOPLE = frozenset({"publish", "collect"})


def _stage_command(name: str) -> Callable[..., None]:
    def command(config: ConfigFile = None, json: AsJson = False) -> None:
        done = run_flow("osmo.flows.stages_flow", name, config)
        show(done, json)
        leave(done)

    command.__name__ = name
    return command


def run_flow(module: str, name: str, config: Path | None, **parameters: object) -> Any:
    """Run a flow in this process, with bars; on the Prefect server that `osmo up` started, if it runs."""
    import importlib

    from osmo.flows.context import NoLabelStudioError, label_studio_known
    from osmo.schemas.config import load_config
    from osmo.tasks.names import check_names

    loaded = load_config(config)  # what is wrong is said before any server is asked
    check_names(loaded)
    if name in _NEED_PEOPLE and not label_studio_known(loaded):
        raise NoLabelStudioError
    running = servers.state()
    if running is not None:
        os.environ.setdefault("PREFECT_API_URL", running.prefect_api)
    flow = getattr(importlib.import_module(module), name)
    with console.Bars() as bars:
        progress.listen(bars)
        return flow(str(config.absolute()) if config else None, **parameters)


def show(done: dict[str, Counts], json: bool) -> None:
    """Counts per stage."""
    if json:
        console.emit_json(done)
        return
    worked = {name: counts for name, counts in done.items() if counts.get("rows_in")}
    if worked:
        columns = ("rows_in", "rows_out", "abstained", "quarantined", "failed", "seconds")
        rows = [(name, *(counts[column] for column in columns)) for name, counts in worked.items()]
        console.show_table("", ("stage", *columns), rows)
    for name in ("ingest", "collect"):
        if name in done:
            said = ", ".join(f"{value:g} {key.replace('_', ' ')}" for key, value in done[name].items() if value)
            console.out.print(f"{name}: {said or 'nothing'}", markup=False)


def leave(done: dict[str, Counts]) -> None:
    """Exit with `UNDONE` where something failed, and say where to look."""
    failed = sum(int(counts.get("failed", 0)) for counts in done.values())
    shut = sum(int(counts.get("quarantined", 0)) for counts in done.values())
    shut += int(done.get("ingest", {}).get("refused", 0))
    if failed or shut:
        console.say(f"{failed} left to try again, {shut} quarantined: `osmo status --stuck` says why.")
        raise typer.Exit(UNDONE)
