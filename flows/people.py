"""The part of a build that people do: simulated and replayed annotators, and the collection of everybody's work."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from osmo.annotators.human.replayed import EMAIL as REPLAY_EMAIL
from osmo.annotators.human.replayed import replay
from osmo.annotators.human.session import AnnotatorSession, password_of
from osmo.annotators.human.simulated import simulate
from osmo.flows import servers
from osmo.flows.context import pseudonyms
from osmo.schemas.vocabulary import vocabulary
from osmo.tasks.answers import clip_answers
from osmo.tasks.clip_tables import clips_to_replay
from osmo.tasks.collect import STAGE as COLLECT
from osmo.tasks.collect import CollectReport, collect, unreachable_key
from osmo.tasks.engine import write_problems
from osmo.tasks.human_labels import STAGE as LABELS
from osmo.tasks.human_labels import human_labels
from osmo.tasks.pipeline import Labelling, Pipeline
from osmo.tasks.status import settle


@dataclass(frozen=True)
class Waiting:
    """What people have left to do: clips that are shown and have fewer finished answers than the overlap asks for."""

    shown: int
    waiting: int


def stand_ins(pipeline: Pipeline, labelling: Labelling) -> int:
    """Let the simulated and replayed annotators that the configuration asks for do what they have not done yet.

    Returns:
        Annotations entered.
    """
    label = pipeline.config.label
    invitation = labelling.client.invitation()
    secret = servers.credentials().annotator_secret
    project = labelling.project.project_id
    entered = 0
    if label.simulated:
        done = simulate(
            labelling.client.url,
            invitation,
            project,
            annotators=label.simulated,
            secret=secret,
            vocabulary=vocabulary(),
        )
        entered += sum(done.entered)
    if label.replay:
        labels, problems = human_labels(pipeline.views.all_recordings())
        for problem in problems:
            bucket = pipeline.store.bucket(problem.recording_id)
            write_problems(pipeline.store, LABELS, LABELS, bucket, [problem], {})
        clips = pipeline.views.everywhere(pipeline.views.clips)
        shown = pipeline.views.everywhere(pipeline.views.publications)
        mine = pa.table({"instance": [labelling.project.instance], "project_id": [project]})
        shown = shown.join(mine, ["instance", "project_id"], join_type="left semi")
        session = AnnotatorSession(labelling.client.url, REPLAY_EMAIL)
        try:
            session.enter(invitation, password_of(REPLAY_EMAIL, secret))
            entered += replay(session, project, clips_to_replay(clips, shown, labels), vocabulary())
        finally:
            session.close()
    return entered


def gather(pipeline: Pipeline, labelling: Labelling) -> CollectReport:
    """Collect everybody's work; what could not be read is in `problems`."""
    report = collect(pipeline.store, labelling.client, labelling.project, pseudonyms())
    for problem in report.problems:
        bucket = pipeline.store.bucket(problem.recording_id)
        write_problems(pipeline.store, COLLECT, COLLECT, bucket, [problem], {})
    if report.complete:
        settle(pipeline.store, COLLECT, unreachable_key(labelling.project), "settled: collected", "Nothing to do.")
    return report


def waiting(pipeline: Pipeline) -> Waiting:
    """What people have left to do."""
    views, label = pipeline.views, pipeline.config.label
    needed = label.simulated + label.replay if label.simulated or label.replay else label.overlap
    shown = set(views.everywhere(views.publications)["clip_id"].to_pylist())
    answers = clip_answers(views.everywhere(views.annotations))
    done = {clip for clip, said in answers.items() if len(said.finished) + len(said.unusable) >= needed}
    return Waiting(len(shown), len(shown - done))
