"""osmo up, down, init."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from osmo.flows import console, servers
from osmo.schemas.config_template import config_template


class FileExistsAlreadyError(RuntimeError):
    """A file that would be written is there."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} exists and stays as it is. Name another file, or move it away first.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(up)
    app.command()(down)
    app.command()(init)


def up(
    install_only: Annotated[bool, typer.Option(help="Only install Label Studio's environment.")] = False,
    label_studio_port: Annotated[int | None, typer.Option(help="Port; a free one where not given.")] = None,
    prefect_port: Annotated[int | None, typer.Option(help="Port; a free one where not given.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Install (once) and start Label Studio and a Prefect server, and wait until both answer."""
    if install_only:
        servers.install(progress=console.say)
        return
    running = servers.up(label_studio_port=label_studio_port, prefect_port=prefect_port, progress=console.say)
    from osmo.flows.prefect_setup import bootstrap

    for line in bootstrap(running.prefect_api):
        console.say(f"Made {line}")
    addresses = {"label_studio": running.label_studio.url, "prefect": running.prefect.url}
    if json:
        console.emit_json(addresses)
        return
    account = servers.data_folder() / "credentials.json"
    console.out.print(f"Label Studio  {addresses['label_studio']}   (account in {account})", soft_wrap=True)
    console.out.print(f"Prefect       {addresses['prefect']}")
    console.out.print("`osmo down` ends both.")


def down() -> None:
    """End exactly the servers that `osmo up` started."""
    ended = servers.down()
    for line in ended:
        console.out.print(f"Ended {line}", markup=False)
    if not ended:
        console.out.print("Nothing that `osmo up` started is running.")


def init(path: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("osmo.toml")) -> None:
    """Write a commented configuration: every setting, with its default and what it means."""
    if path.exists():
        raise FileExistsAlreadyError(path)
    path.write_text(config_template(), encoding="utf-8")
    console.out.print(f"Wrote {path}. Name your recordings under [[sources]], then run `osmo build`.", markup=False)
