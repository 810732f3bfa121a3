"""osmo ingest: take recordings from the sources, or only say what would be taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from osmo.flows import console
from osmo.flows.commands.build import UNDONE, AsJson, ConfigFile, leave, run_flow, show

if TYPE_CHECKING:
    from osmo.schemas.config import Source
    from osmo.tasks.ingest_preview import Preview

Named = Annotated[
    list[str] | None,
    typer.Argument(metavar="[SOURCE:PATH]...", help="Adapter and place, such as aea:/data/aea; else the configured."),
]
SubjectsFile = Annotated[
    Path | None, typer.Option("--subjects", help="CSV (recording, subject_id): who wore the glasses, for SOURCE:PATH.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be taken, and what is missing and why.")]

_TAKEN = frozenset({"new", "changed"})
_LEFT = frozenset({"refused", "failed", "unreachable"})
_MINUTE_S, _HOUR_S = 60, 3600


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(ingest)


def ingest(
    sources: Named = None,
    subjects: SubjectsFile = None,
    dry_run: DryRun = False,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Take recordings from the sources."""
    from osmo.flows.sources import named_sources

    named = named_sources(sources or [], subjects)
    if dry_run:
        _preview(named, config, json)
        return
    given = [source.model_dump(mode="json") for source in named] or None
    done = {"ingest": run_flow("osmo.flows.stages_flow", "ingest", config, sources=given)}
    show(done, json)
    leave(done)


def _preview(named: list[Source], config: Path | None, json: bool) -> None:
    from osmo.flows.context import open_store
    from osmo.schemas.config import load_config
    from osmo.storage.store import NoStoreError
    from osmo.tasks.ingest_preview import preview

    loaded = load_config(config)
    try:
        store = open_store(loaded)
    except NoStoreError:
        store = None
    looks = preview(store, named or loaded.sources)
    counts, reasons = _listed(looks, json)
    if not json:
        _summed(counts, reasons)
    if any(counts[found] for found in _LEFT):
        raise typer.Exit(UNDONE)


def _listed(looks: Iterable[Preview], json: bool) -> tuple[Counter[str], Counter[tuple[str, str]]]:
    """Show each recording as it is read, and count what was found and what is missing."""
    counts: Counter[str] = Counter()
    reasons: Counter[tuple[str, str]] = Counter()
    documents = []
    for look in looks:
        counts[look.found] += 1
        reasons.update(look.missing.items())
        if json:
            documents.append(asdict(look))
        elif look.found != "unchanged" or look.flaws:
            _show(look)
    if json:
        console.emit_json(documents)
    return counts, reasons


def _show(look: Preview) -> None:
    line = f"{look.found:<11} {look.recording_id or look.name}"
    if look.duration_s is not None:
        files = ", ".join(_files(kind, count) for kind, count in look.files.items() if count)
        line += f" · {look.subject_id or 'subject unknown'} · {look.language or 'language unknown'}"
        line += f" · {_length(look.duration_s)} · {files or 'no files'}"
    console.out.print(line, markup=False, soft_wrap=True)
    for flaw in look.flaws:
        console.out.print(f"            {flaw}", markup=False, soft_wrap=True)


def _summed(counts: Counter[str], reasons: Counter[tuple[str, str]]) -> None:
    if reasons:
        rows = [(part, count, why) for (part, why), count in sorted(reasons.items())]
        console.show_table("Missing in what would be taken", ("what", "recordings", "why"), rows)
    taken = sum(counts[found] for found in _TAKEN)
    rest = ", ".join(f"{count:,} {found}" for found, count in sorted(counts.items()) if found not in _TAKEN)
    console.out.print(f"\nWould take {taken:,} recordings" + (f"; {rest}." if rest else "."), markup=False)
    console.out.print("Nothing was written.", markup=False)


def _files(kind: str, count: int) -> str:
    return kind if count == 1 else f"{kind} {count:,} files"


def _length(seconds: float) -> str:
    if seconds < _MINUTE_S:
        return f"{seconds:.1f} s"
    if seconds < _HOUR_S:
        return f"{int(seconds // _MINUTE_S)} min {seconds % _MINUTE_S:.0f} s"
    return f"{int(seconds // _HOUR_S)} h {seconds % _HOUR_S / _MINUTE_S:.0f} min"
