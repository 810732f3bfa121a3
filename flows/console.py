"""What the command line shows: tables, progress and results, for people or, with --json, for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

out = Console(highlight=False)
"""Results."""
err = Console(stderr=True, highlight=False)
"""Progress and errors: standard output stays clean for programs."""


def emit_json(value: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def show_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table for people; numbers stand right."""
    if title:
        out.print(f"\n[bold]{escape(title)}[/]", soft_wrap=True)
    table = Table(pad_edge=False, box=None)
    listed = [list(row) for row in rows]
    for index, column in enumerate(columns):
        numeric = all(row[index] is None or isinstance(row[index], int | float) for row in listed)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in listed:
        table.add_row(*(_shown(value) for value in row))
    out.print(table)


def say(text: str) -> None:
    """A line for people, on standard error; markup in it is not read."""
    err.print(text, markup=False)


class Bars:
    """Progress of the stages of this process, one bar a stage."""

    def __init__(self) -> None:
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description:<24}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=err,
        )
        self._bars: dict[str, TaskID] = {}
        self._totals: dict[tuple[str, int], tuple[int, int]] = {}
        self._paused: set[str] = set()

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def stage(self, name: str, buckets: int) -> None:
        """A stage begins; one with nothing to do is not shown."""
        if buckets:
            self._bars[name] = self._progress.add_task(name, total=None)

    def units(self, name: str, bucket: int, done: int, total: int) -> None:
        """So many input rows of a bucket are done."""
        self._totals[name, bucket] = (done, total)
        if name in self._bars:
            mine = [pair for (stage, _), pair in self._totals.items() if stage == name]
            self._progress.update(
                self._bars[name], completed=sum(pair[0] for pair in mine), total=sum(pair[1] for pair in mine)
            )

    def paused(self, name: str, why: str) -> None:
        """A stage cannot go on now; one line says why, and its bar stays where it is."""
        err.print(f"[yellow]{escape(name)} pauses:[/] {escape(why)}. What was answered is stored.", soft_wrap=True)
        self._paused.add(name)

    def finished(self, name: str) -> None:
        """A stage ended."""
        if name in self._paused:
            self._progress.stop_task(self._bars[name])
            return
        bar = self._bars.get(name)
        if bar is not None:
            done = max(1, sum(pair[0] for (stage, _), pair in self._totals.items() if stage == name))
            self._progress.update(bar, completed=done, total=done)


def _shown(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)
