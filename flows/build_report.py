"""What a build did and what a store holds, as an artifact that Prefect's pages show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from prefect.artifacts import create_markdown_artifact

from osmo.flows.counts import Counts
from osmo.tasks.funnel import Funnel

ARTIFACT = "osmo-build"
_COLUMNS = ("rows_in", "rows_out", "abstained", "quarantined", "failed", "seconds")


def report(done: Mapping[str, Counts], funnel: Funnel, what_now: str) -> None:
    """Keep the report of a build with its flow run; called inside a flow."""
    create_markdown_artifact(markdown(done, funnel, what_now), key=ARTIFACT, description=what_now)


def markdown(done: Mapping[str, Counts], funnel: Funnel, what_now: str) -> str:
    """The report: what to do now, the stages that had something to do, the funnel."""
    worked = [(name, counts) for name, counts in done.items() if counts.get("rows_in")]
    stages = [(name, *(f"{counts[column]:,.6g}" for column in _COLUMNS)) for name, counts in worked]
    parts = [what_now]
    parts.append(_table(("stage", *_COLUMNS), stages) if stages else "No stage had anything to do.")
    parts.append(_table(("funnel", "count"), [(name, f"{count:,.6g}") for name, count in funnel.steps()]))
    return "\n\n".join(parts)


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---", *("---:" for _ in columns[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
