"""osmo annotators list, check, serve: the models behind annotators."""

from __future__ import annotations

import os
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from osmo.flows import console
from osmo.flows.commands.build import AsJson, ConfigFile

if TYPE_CHECKING:
    from osmo.annotators.servers.checking import Result
    from osmo.schemas.endpoints import Endpoint

FAILED = 1

_MARKS = {"passed": "[green]✓[/]", "failed": "[red]✗[/]", "warned": "[yellow]![/]", "skipped": "[dim]–[/]"}

Name = Annotated[str, typer.Argument(help="A section of [models], named after its annotator.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="The models behind annotators: what is configured, tried, served.")
    group.command("list")(list_models)
    group.command()(check)
    group.command()(serve)
    app.add_typer(group, name="annotators")


def list_models(config: ConfigFile = None, json: AsJson = False) -> None:
    """List the configured models: where each answers, and whether its weights are pinned."""
    from osmo.schemas.config import load_config

    rows = [_described(name, endpoint) for name, endpoint in sorted(load_config(config).models.items())]
    if json:
        console.emit_json(rows)
    elif rows:
        shown = ("annotator", "transport", "address", "model", "pinned")
        console.show_table("", shown, [tuple(row[column] for column in shown) for row in rows])
    else:
        console.say('No models are configured: every annotator is embedded. `profile = "lmm"` names the large ones.')


def check(
    name: Name,
    config: ConfigFile = None,
    url: Annotated[str | None, typer.Option(help="Where it answers, in place of the configured address.")] = None,
    json: AsJson = False,
) -> None:
    """Ask a live server everything that its contract says; exit 1 where a check fails."""
    from osmo.annotators.servers.checking import contract_test

    results = []
    for result in contract_test(name, _endpoint(name, config), url=url):
        results.append(result)
        if not json:
            _show(result)
    if json:
        console.emit_json([asdict(result) for result in results])
    if any(result.outcome == "failed" for result in results):
        raise typer.Exit(FAILED)


def serve(
    name: Name,
    config: ConfigFile = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print the command.")] = False,
    weights: Annotated[Path | None, typer.Option(help="Folder of the weights; else vLLM fetches the commit.")] = None,
    max_model_len: Annotated[int | None, typer.Option(min=1, help="Tokens of question and answer.")] = None,
    dtype: Annotated[str, typer.Option(help="Of the weights on the device.")] = "auto",
    gpu_memory_utilization: Annotated[float, typer.Option(min=0.05, max=1.0, help="Share of the memory.")] = 0.9,
) -> None:
    """Serve a configured chat model by the vLLM in $OSMO_VLLM_ENV."""
    from osmo.annotators.servers.vllm import Serving, command

    how = Serving(weights, max_model_len, dtype, gpu_memory_utilization)
    made = command(name, _endpoint(name, config), os.environ, how)
    if dry_run:
        console.out.print(shlex.join(made.arguments), markup=False, soft_wrap=True)
        return
    console.say(shlex.join(made.arguments))
    # In this process's place, so that a supervisor's signals reach the server itself.
    os.execve(made.arguments[0], made.arguments, {**os.environ, **made.environment})


def _endpoint(name: str, config: Path | None) -> Endpoint:
    """The section of a model, whether or not it is pinned.

    Raises:
        MissingEndpointError: There is none.
    """
    from osmo.schemas.config import load_config
    from osmo.schemas.endpoints import MissingEndpointError

    models = load_config(config).models
    if name not in models:
        raise MissingEndpointError(name, "section")
    return models[name]


def _described(name: str, endpoint: Endpoint) -> dict[str, str | None]:
    from osmo.schemas.endpoints import PINNED

    pinned = endpoint.revision is not None and PINNED.fullmatch(endpoint.revision) is not None
    return {
        "annotator": name,
        "transport": endpoint.transport,
        "model": endpoint.model,
        "address": endpoint.url,
        "revision": endpoint.revision,
        "pinned": "yes" if pinned else "no, allowed" if endpoint.allow_unpinned else "no",
    }


def _show(result: Result) -> None:
    from rich.markup import escape

    console.out.print(f"{_MARKS[result.outcome]} {result.check}: {escape(result.got)}", soft_wrap=True)
    if result.expected is not None:
        console.out.print(f"    expected: {result.expected}", markup=False, soft_wrap=True)
    if result.remedy is not None:
        console.out.print(f"    do:       {result.remedy}", markup=False, soft_wrap=True)
