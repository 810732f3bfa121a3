"""The whole build: runs until only people can continue, then ends and says so; run again, it goes on."""

from __future__ import annotations

from prefect import flow, get_run_logger

from osmo.annotators.human.transport import LabelStudioUnreachableError
from osmo.flows.build_report import report
from osmo.flows.context import label_studio_known, resolve, snapshot
from osmo.flows.counts import Counts
from osmo.flows.people import waiting
from osmo.flows.stages_flow import PEOPLE, collect_work, record_unreachable, run_kinds, take_recordings
from osmo.tasks.status import funnel_of

BEFORE_PEOPLE = ("media", "segment", "evidence", "prescreen", "clips", "clip_media")
AFTER_PEOPLE = ("annotations", "judge", "cues", "sense")


@flow(name="build")
def build(config_file: str | None = None) -> dict[str, Counts]:
    """Recordings → events with reasoning, as far as people's work reaches today.

    Args:
        config_file: The configuration; null: $OSMO_CONFIG, else ./osmo.toml, else the defaults.

    Returns:
        Counts per stage that ran, and under `people`: clips shown, clips waiting, and whether Label Studio was there.
    """
    reference = snapshot(config_file)
    done: dict[str, Counts] = {"ingest": take_recordings(reference)}
    done |= run_kinds(reference, *BEFORE_PEOPLE)
    there = label_studio_known(resolve(reference).config)
    if there:
        try:
            done |= run_kinds(reference, PEOPLE)
            done["collect"] = collect_work(reference)
        except LabelStudioUnreachableError as error:  # what needs nobody goes on; the next build takes up the rest
            there = False
            record_unreachable(reference, error)
    done |= run_kinds(reference, *AFTER_PEOPLE)
    pipeline = resolve(reference)
    left = waiting(pipeline)
    done["people"] = {"shown": left.shown, "waiting": left.waiting, "label_studio": int(there)}
    get_run_logger().info("%s", what_now(done["people"]))
    report(done, funnel_of(pipeline), what_now(done["people"]))
    return done


def what_now(people: Counts) -> str:
    """What the build waits for, in a sentence."""
    if not people["label_studio"]:
        return "No Label Studio answers, so people's part was left out: `osmo up`, then build again."
    if people["waiting"]:
        return (
            f"{people['waiting']} of {people['shown']} clips wait for annotators. Build again when they have labelled."
        )
    return f"All {people['shown']} clips are labelled; `osmo release create` publishes what was accepted."
