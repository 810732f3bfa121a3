"""osmo votes: what the votes say beside their majority, and how repeatable they are."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from osmo.flows import console
from osmo.flows.commands.build import AsJson, ConfigFile

if TYPE_CHECKING:
    import pyarrow as pa

    from osmo.tasks.intervals import Share
    from osmo.tasks.pipeline import Pipeline
    from osmo.tasks.vote_report import VoteReport

_SHOWN_RANKS = 20
_TOGETHER = 0.3
"""Correlation of errors above which a warning stands beside the second opinion."""

_EXPORTS = (".parquet", ".csv", ".json")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(votes)


def votes(
    config: ConfigFile = None,
    rank: Annotated[bool, typer.Option("--rank", help="List kept segments, the surest first.")] = False,
    export: Annotated[
        Path | None, typer.Option(help="Write every segment's second opinion: FILE.parquet, .csv or .json.")
    ] = None,
    flips: Annotated[
        int, typer.Option(min=0, help="Ask each voter twice anew about so many stored votes; stores nothing.")
    ] = 0,
    voter: Annotated[str | None, typer.Option(help="With --flips: only this voter.")] = None,
    seed: Annotated[int, typer.Option(help="With --flips: of the sample.")] = 0,
    plot: Annotated[Path | None, typer.Option(help="Draw agreement and patterns as FILE.png.")] = None,
    speaker: Annotated[str, typer.Option(help="Whose segments meet labels.csv: wearer, other, unknown.")] = "wearer",
    json: AsJson = False,
) -> None:
    """Show how votes fall, how voters agree, with each other and with people, and a second opinion."""
    from osmo.flows.commands.inspect import open_pipeline

    if export is not None and export.suffix not in _EXPORTS:
        raise typer.BadParameter(f"{export} ends in none of {', '.join(_EXPORTS)}")
    pipeline = open_pipeline(config)
    if flips:
        _flips(pipeline, flips, voter, seed, json)
    elif rank or export is not None:
        _rank(pipeline, rank, export, json)
    else:
        _report(pipeline, plot, speaker, json)


def _report(pipeline: Pipeline, plot: Path | None, speaker: str, json: bool) -> None:
    from osmo.tasks.human_labels import human_labels
    from osmo.tasks.vote_report import vote_report

    labels, problems = human_labels(pipeline.views.all_recordings())
    for problem in problems:
        console.say(f"{problem.where}: {problem.what}")
    report = vote_report(pipeline, labels, speaker=speaker)
    if plot is not None:
        from osmo.tasks.vote_picture import draw_votes

        draw_votes(report, plot)
    if json:
        named = [{"pattern": one.name, **asdict(one)} for one in report.patterns]
        console.emit_json({**asdict(report), "patterns": named})
    else:
        _show(report)
    if plot is not None:
        console.say(f"Drawn: {plot}")


def _show(report: VoteReport) -> None:
    absent = any(one.absent for one in report.patterns)
    fates = [name for name in ("kept", "neutral", "below_quorum", "other_speaker", "outside_media")
             if any(getattr(one, name) for one in report.patterns)]  # fmt: skip
    head = [
        "votes",
        "abstained",
        *(["absent"] if absent else []),
        "segments",
        *(name.replace("_", " ") for name in fates),
    ]
    rows = [
        (
            one.name,
            one.abstained,
            *([one.absent] if absent else []),
            one.segments,
            *(getattr(one, name) for name in fates),
        )
        for one in report.patterns
    ]
    totals = [sum(getattr(one, name) for one in report.patterns) for name in ("segments", *fates)]
    rows.append(("all", None, *([None] if absent else []), *totals))
    console.show_table(f"How votes fall on {report.segments:,} segments", head, rows)
    console.show_table(
        "Coverage",
        ("voter", "labelled", "coverage", "abstained because"),
        [(one.voter, one.labelled, one.coverage, _reasons(one.abstained)) for one in report.coverage],
    )
    console.show_table(
        "Agreement of two, where both gave a label",
        ("voters", "both", "equal", "kappa", "Cramér's V", "compared", "err together"),
        [(f"{one.first}, {one.second}", one.both, one.equal, one.kappa, one.cramers_v, one.both_compared,
          one.error_correlation) for one in report.pairs],
    )  # fmt: skip
    alpha = "none: too few labels meet" if report.alpha is None else f"{report.alpha:.3f}"
    console.out.print(f"Krippendorff's α of all voters (nominal): {alpha}")
    console.show_table(
        "Beside people, and beside the paper",
        ("figure", "from", "of", "ours", "95 % interval", "paper"),
        [(one.figure, one.source, one.ours.of, _percent(one.ours.share), _interval(one.ours), _percent(one.paper))
         for one in report.human],
    )  # fmt: skip
    second = report.second
    console.show_table(
        "Second opinion (Dawid–Skene); it ranks, and never decides",
        ("segments", "count", "it says the same"),
        [("with a majority", second.majorities, second.same), ("kept", second.kept, second.kept_same)],
    )
    console.out.print(f"Of {second.below_quorum:,} without a majority it is sure of an emotion in {second.sure:,}.")
    together = [one for one in report.pairs if one.error_correlation is not None and one.error_correlation > _TOGETHER]
    if together:
        worst = max(together, key=lambda one: one.error_correlation or 0.0)
        console.out.print(
            f"{worst.first} and {worst.second} err together ({worst.error_correlation:.2f}): it takes voters for "
            "independent, and is surer than it should be."
        )


def _rank(pipeline: Pipeline, rank: bool, export: Path | None, json: bool) -> None:
    from osmo.tasks.vote_report import counted, ranking, second_opinion

    counts = counted(pipeline)
    opinion = second_opinion(counts)
    if export is not None:
        table = ranking(counts, opinion, kept_only=False)
        _write(table, export)
        console.say(f"Written: {export}, {table.num_rows:,} segments.")
    if not rank:
        return
    kept = ranking(counts, opinion)
    if json:
        console.emit_json(kept.to_pylist())
        return
    columns = ("recording_id", "start_s", "label", "posterior", "second_label", "entropy_bits")
    shown = kept.slice(0, _SHOWN_RANKS).select(columns).to_pylist()
    console.show_table(
        f"{kept.num_rows:,} kept segments, the surest first",
        ("recording", "start s", "label", "posterior", "likeliest", "bits"),
        [(row["recording_id"], row["start_s"], row["label"], f"{row['posterior']:.4f}", row["second_label"],
          f"{row['entropy_bits']:.4f}") for row in shown],
    )  # fmt: skip
    if kept.num_rows > _SHOWN_RANKS:
        console.say(f"{kept.num_rows - _SHOWN_RANKS:,} more: --json shows all, --export writes every segment.")


def _write(table: pa.Table, file: Path) -> None:
    import json

    if file.suffix == ".parquet":
        import pyarrow.parquet as pq

        pq.write_table(table, file, write_page_checksum=True)
    elif file.suffix == ".csv":
        import pyarrow.csv as csv

        csv.write_csv(table, file)
    else:
        file.write_text(json.dumps(table.to_pylist(), ensure_ascii=False) + "\n", "utf-8")


def _flips(pipeline: Pipeline, count: int, voter: str | None, seed: int, json: bool) -> None:
    from osmo.tasks.flips import flips

    voters = pipeline.config.prescreen.voters if voter is None else (voter,)
    found = [flips(pipeline, name, count, seed=seed) for name in voters]
    if json:
        console.emit_json([asdict(one) for one in found])
        return
    console.show_table(
        "Asked the same twice; nothing was stored",
        ("voter", "asked", "changed", "95 % interval", "label", "abstained", "text", "from stored"),
        [(one.voter, one.changed.of, _percent(one.changed.share), _interval(one.changed), one.labels.hits,
          one.abstentions.hits, one.texts.hits, one.drifted.hits) for one in found],
    )  # fmt: skip
    for one in found:
        if one.unanswered:
            console.say(f"{one.voter} left {one.unanswered} of {one.sampled} unanswered: they are in no share.")


def _reasons(counts: dict[str, int]) -> str:
    return ", ".join(f"{reason} {count:,}" for reason, count in counts.items()) or "–"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _interval(one: Share) -> str:
    return "–" if one.low is None or one.high is None else f"{100 * one.low:.1f}–{100 * one.high:.1f}"
