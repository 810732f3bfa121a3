"""osmo backup, restore: people's work, in a second place."""

from __future__ import annotations

from typing import Annotated

import typer

from osmo.flows import console
from osmo.flows.commands.build import ConfigFile

Place = Annotated[str, typer.Argument(help="A folder, or s3://bucket/prefix.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(backup)
    app.command()(restore)


def backup(place: Place, config: ConfigFile = None) -> None:
    """Collect what people have done so far, and copy all their work to another place."""
    from osmo.flows.commands.inspect import open_pipeline
    from osmo.flows.people import gather
    from osmo.storage.backup import copy_people_work
    from osmo.storage.objects import Objects

    pipeline = open_pipeline(config)
    if pipeline.labelling is None:
        console.say("No Label Studio is running: what was collected before is copied.")
    else:
        gather(pipeline, pipeline.labelling)
    done = copy_people_work(pipeline.store.objects, Objects(place, create=True))
    console.out.print(f"Copied {done.written} objects ({done.bytes:,} bytes); {done.present} were there already.")


def restore(place: Place, config: ConfigFile = None) -> None:
    """Bring a backup back into the store; what the store has stays as it is."""
    from osmo.schemas.config import load_config
    from osmo.storage.backup import copy_people_work
    from osmo.storage.objects import Objects

    target = load_config(config).store.uri
    done = copy_people_work(Objects(place), Objects(target, create=True))
    console.out.print(f"Restored {done.written} objects ({done.bytes:,} bytes); {done.present} were there already.")
