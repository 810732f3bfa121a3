"""osmo compact: many small parts of a log become one."""

from __future__ import annotations

from typing import Annotated

import typer

from osmo.flows import console
from osmo.flows.commands.build import AsJson, ConfigFile


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(compact)


def compact(
    config: ConfigFile = None,
    parts: Annotated[int, typer.Option(min=1, help="Leave buckets with at most so many parts as they are.")] = 64,
    json: AsJson = False,
) -> None:
    """Merge the parts of each log's buckets, so that reading stays quick. No row changes; builds may go on."""
    from osmo.flows.context import open_store
    from osmo.schemas.config import load_config
    from osmo.storage.compaction import compact_store

    store = open_store(load_config(config))
    done = compact_store(store, at_most=parts)
    if json:
        console.emit_json([vars(one) for one in done])
        return
    if not done:
        console.out.print(f"No bucket of {store.uri} has more than {parts} parts.")
        return
    console.show_table(
        f"Compacted {store.uri}",
        ("log", "buckets", "parts merged"),
        [(one.log, one.buckets, one.parts) for one in done],
    )
