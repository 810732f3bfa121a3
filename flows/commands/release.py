"""osmo release create, list, show, verify, revoke."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from osmo.flows import console
from osmo.flows.commands.build import UNDONE, AsJson, ConfigFile
from osmo.flows.commands.inspect import open_pipeline

Label = Annotated[str, typer.Argument(help="name@version, or a name for its newest version.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Create, list, show, verify and revoke releases.")
    group.command()(create)
    group.command("list")(list_)
    group.command()(show)
    group.command()(verify)
    group.command()(revoke)
    app.add_typer(group, name="release")


def create(
    config: ConfigFile = None,
    version: Annotated[str | None, typer.Option(help="Three numbers; the one after the latest if not given.")] = None,
    incomplete: Annotated[bool, typer.Option("--incomplete", help="Also where stages miss results.")] = False,
    json: AsJson = False,
) -> None:
    """Publish what was accepted so far as an immutable, versioned release."""
    from osmo.flows.release_flow import publish_release

    manifest = publish_release(open_pipeline(config), version=version, incomplete=incomplete)
    label = f"{manifest.name}@{manifest.version}"
    if json:
        console.emit_json({"release": label, "tables": manifest.tables})
        return
    console.show_table(label, ("table", "rows"), sorted(manifest.tables.items()))
    console.out.print(f"Published {label}. `osmo release verify {label}` checks every byte of it.", markup=False)


def list_(config: ConfigFile = None, json: AsJson = False) -> None:
    """List the releases of the store."""
    from osmo.storage.releases import list_releases

    found = list_releases(_store(config))
    if json:
        console.emit_json([vars(one) if hasattr(one, "__dict__") else str(one) for one in found])
        return
    rows = [(f"{one.name}@{one.version}", "revoked" if one.revoked else "published") for one in found]
    console.show_table("Releases", ("release", "state"), rows)


def show(label: Label, config: ConfigFile = None, json: AsJson = False) -> None:
    """Show what a release holds."""
    from osmo.storage import releases

    name, version = _parse(label)
    manifest = releases.open(name, version, store=_store(config)).manifest
    if json:
        console.emit_json(manifest.model_dump(mode="json"))
        return
    console.show_table(f"{manifest.name}@{manifest.version}", ("table", "rows"), sorted(manifest.tables.items()))
    for proof in manifest.proofs:
        counts = ", ".join(f"{count} {split}" for split, count in proof.counts.items())
        console.out.print(f"{proof.protocol}: {proof.claim} ({counts})", markup=False)
    held = manifest.holdings
    console.out.print(f"Annotated by: {', '.join(held.sources)}; synthetic recordings: {held.synthetic_recordings}")


def verify(label: Label, config: ConfigFile = None, json: AsJson = False) -> None:
    """Check every byte of a release; exit code 3 where anything is wrong."""
    from osmo.storage import releases

    name, version = _parse(label)
    problems = releases.verify(name, version, store=_store(config))
    if json:
        console.emit_json({"release": label, "problems": problems})
    for problem in problems if not json else ():
        console.say(problem)
    if problems:
        raise typer.Exit(UNDONE)
    if not json:
        console.out.print(f"{label} is whole: every file is as its manifest says, the manifest as the catalog says.")


def revoke(
    label: Label,
    reason: Annotated[str, typer.Option(help="Why; readers are told.")],
    replacement: Annotated[str | None, typer.Option(help="name@version that replaces it.")] = None,
    config: ConfigFile = None,
) -> None:
    """Revoke a release: readers refuse it from now on."""
    from osmo.storage import releases

    name, version = _parse(label)
    store = _store(config)
    if version is None:
        raise typer.BadParameter("name the version too: name@version")
    releases.revoke(store, name, version, replacement=replacement, reason=reason)
    console.out.print(f"Revoked {label}.", markup=False)


def _store(config: Path | None) -> str:
    from osmo.schemas.config import load_config

    return load_config(config).store.uri


def _parse(label: str) -> tuple[str, str | None]:
    name, _, version = label.partition("@")
    return name, version or None
