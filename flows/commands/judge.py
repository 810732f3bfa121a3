"""osmo judge-injections, judge-calibration: whether a judge can be talked over, and how it compares with reviews."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from osmo.flows import console
from osmo.flows.commands.build import UNDONE, AsJson, ConfigFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osmo.tasks.intervals import Share
    from osmo.tasks.qa.calibration import Calibration
    from osmo.tasks.qa.injections import Trial

_LISTED = 20


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("judge-injections")(injections)
    app.command("judge-calibration")(calibration)


def injections(
    config: ConfigFile = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind; may be given several times.")] = None,
    json: AsJson = False,
) -> None:
    """Try to talk the configured judge into accepting poor annotations."""
    from osmo.annotators import registry
    from osmo.schemas.config import load_config
    from osmo.tasks.qa.injections import kinds, outcomes, pass_rate, try_injections

    if unknown := sorted(set(kind or ()) - set(kinds())):
        raise typer.BadParameter(f"no kind {unknown[0]!r}: there are {', '.join(kinds())}", param_hint="--kind")
    loaded = load_config(config)
    judge = registry.judge(loaded.quality.judge, loaded.known_models())
    trials = try_injections(judge, accept_score=loaded.quality.accept_score, kinds=kind or ())
    counted, rate = outcomes(trials), pass_rate(trials)
    if json:
        head = {"judge": judge.name, "revision": judge.revision, "prompt_sha": judge.prompt_sha}
        console.emit_json({**head, "pass_rate": rate, **counted, "trials": [asdict(one) for one in trials]})
    else:
        _show_trials(trials, f"{judge.name} ({judge.revision}), accepting from {loaded.quality.accept_score}")
        told = counted["passed"] + counted["rose"]
        console.out.print(
            "Nothing can be told." if rate is None else f"Passed: {counted['passed']} of {told} ({100 * rate:.1f} %)."
        )
    if away := next((one.problem for one in trials if one.problem), None):
        console.say(away)
    if counted["passed"] < len(trials):
        raise typer.Exit(UNDONE)


def calibration(
    config: ConfigFile = None,
    precision: Annotated[float, typer.Option(min=0, max=1, help="Share of accepted regions that must be right.")] = 0.9,
    cautious: Annotated[bool, typer.Option("--cautious", help="Its 95 % interval must lie above.")] = False,
    bins: Annotated[int, typer.Option(min=1, max=10, help="Bins of the calibration error.")] = 10,
    plot: Annotated[Path | None, typer.Option(help="Draw the reliability diagram as FILE.png.")] = None,
    json: AsJson = False,
) -> None:
    """Compare the judge's scores with people's reviews, and find the score to accept from."""
    from osmo.flows.commands.inspect import open_pipeline
    from osmo.tasks.qa.calibration import calibrate

    pipeline = open_pipeline(config)
    views, quality = pipeline.views, pipeline.config.quality
    found = calibrate(
        views.everywhere(views.verdicts),
        views.everywhere(views.reviews),
        accept_score=quality.accept_score,
        precision=precision,
        cautious=cautious,
        bins=bins,
    )
    if plot is not None:
        from osmo.tasks.qa.reliability_plot import draw_reliability

        draw_reliability(found, plot, judge=quality.judge)
    if json:
        console.emit_json({"judge": quality.judge, **asdict(found)})
    else:
        _show_calibration(found, quality.judge)
    if plot is not None:
        console.say(f"Drawn: {plot}")


def _show_trials(trials: Sequence[Trial], judge: str) -> None:
    names = ("passed", "rose", "poor_accepted", "unanswered")
    for title, field in (("By what they try", "kind"), ("By place", "place"), ("By poor annotation", "poor")):
        counted: dict[str, Counter[str]] = {}
        for one in trials:
            counted.setdefault(getattr(one, field), Counter())[one.outcome] += 1
        console.show_table(
            f"{title}: {judge}" if field == "kind" else title,
            (field, "tried", *(name.replace("_", " ") for name in names)),
            [(name, tally.total(), *(tally[one] for one in names)) for name, tally in counted.items()],
        )
    rose = [one for one in trials if one.outcome == "rose"]
    if rose:
        console.show_table(
            "Accepted with the injection",
            ("injection", "place", "poor", "without", "with", "other words"),
            [
                (one.injection, one.place, one.poor, one.score_without, one.score_with, one.score_filler)
                for one in rose[:_LISTED]
            ],
        )
        if len(rose) > _LISTED:
            console.out.print(f"… and {len(rose) - _LISTED} more (--json lists them).")
        alike = sum(one.score_filler is not None and one.score_filler >= (one.score_with or 0) for one in rose)
        console.out.print(f"Of these {len(rose)}, words that ask for nothing raise {alike} as far.")
    abstained = sum(one.abstain_reason is not None for one in trials)
    if abstained:
        console.out.print(
            f"The judge abstained from {abstained} of {len(trials)}: what it abstains from is not accepted."
        )


def _show_calibration(found: Calibration, judge: str) -> None:
    console.show_table(
        f"Scores of {judge}, beside {found.reviewed:,} reviewed regions",
        ("score", "regions", "reviewed", "right", "95 % interval", "category", "localization", "reasoning"),
        [
            (one.score, one.verdicts, one.right.of, _percent(one.right), _interval(one.right), _percent(one.category),
             _percent(one.localization), _percent(one.reasoning))
            for one in found.scores
        ],
    )  # fmt: skip
    console.show_table(
        "Accepting from",
        ("score", "regions", "reviewed", "precision", "95 % interval", "recall"),
        [
            (one.score, one.verdicts, one.precision.of, _percent(one.precision), _interval(one.precision),
             _percent(one.recall))
            for one in found.thresholds
        ],
    )  # fmt: skip
    at = found.confusion
    console.show_table(
        f"At the configured score of {at.accept_score}",
        ("", "right", "wrong"),
        [("accepted", at.accepted_right, at.accepted_wrong), ("rejected", at.rejected_right, at.rejected_wrong)],
    )
    error = "none: too few reviews" if found.calibration_error is None else f"{found.calibration_error:.3f}"
    for line in (
        f"Judge and reviewers agree on {_percent(at.agreement)} ({_interval(at.agreement)}) of {at.agreement.of:,}.",
        f"Expected calibration error, {len(found.bins)} bins: {error}",
        f"Lowest score for a precision of {found.precision:.2f}: {found.threshold or f'none, {found.reason}'}",
        f"Not reviewed: {found.unreviewed:,} scored regions. Abstained: {found.abstained:,} of {found.verdicts:,}. "
        f"Reviewed without a score: {found.without_score:,}.",
    ):
        console.out.print(line, markup=False, soft_wrap=True)


def _percent(share: Share) -> str:
    return "–" if share.share is None else f"{100 * share.share:.1f} %"


def _interval(share: Share) -> str:
    return "–" if share.low is None or share.high is None else f"{100 * share.low:.1f}–{100 * share.high:.1f} %"
