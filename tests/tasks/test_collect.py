"""Collecting from the real Label Studio: the log equals what people entered, changed and deleted."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pyarrow as pa
import pytest
from label_studio_server import Cutter, LabelStudioServer, clips_table, publish

from osmo.annotators.human.bootstrap import LabellingProject
from osmo.annotators.human.client import LabelStudioClient
from osmo.annotators.human.session import AnnotatorSession, clip_result, password_of, region_results
from osmo.schemas.tables import PULLS
from osmo.storage.store import Store
from osmo.tasks.collect import CollectReport, collect
from osmo.tasks.publish import PublishStage

pytestmark = pytest.mark.e2e


@dataclass
class Round:
    """A labelling round: a project with published clips, and its store."""

    server: LabelStudioServer
    project: LabellingProject
    store: Store
    tasks: list[int]

    def annotator(self, email: str) -> AnnotatorSession:
        session = AnnotatorSession(self.server.url, email)
        return session.enter(
            self.server.client().invitation(), password_of(email, self.server.credentials.annotator_secret)
        )

    def collect(self, client: LabelStudioClient | None = None) -> CollectReport:
        return collect(self.store, client or self.server.client(), self.project, self.server.pseudonyms())

    def change(self, method: str, unique_id: str, body: dict[str, object] | None = None) -> None:
        """Edit or delete an annotation, as its annotator would."""
        pulls = self.store.read(PULLS).to_pylist()
        number = next(json.loads(row["payload"])["id"] for row in pulls if row["unique_id"] == unique_id)
        headers = {"Authorization": f"Token {self.server.credentials.token}"}
        reply = httpx.request(
            method, f"{self.server.url}/api/annotations/{number}/", json=body, headers=headers, timeout=30
        )
        assert reply.is_success, reply.text

    def states(self) -> list[tuple[str, bool, str]]:
        """(unique_id, deleted, cause) of every row, oldest first within an annotation."""
        rows = sorted(self.store.read(PULLS).to_pylist(), key=lambda row: (row["unique_id"], row["updated_at"]))
        return [(row["unique_id"], row["deleted"], cause_of(row["payload"])) for row in rows]


def cause_of(payload: str) -> str:
    return next(
        (result["value"]["text"][0] for result in json.loads(payload)["result"] if result["from_name"] == "cause"), ""
    )


def said(cause: str) -> list[object]:
    return [
        *region_results("r1", 1.0, 4.0, duration_s=12.0, polarity="negative", cause=cause),
        clip_result("has_emotion"),
    ]


@pytest.fixture
def labelling(label_studio: LabelStudioServer, tmp_path: Path, request: pytest.FixtureRequest) -> Round:
    store = Store.open(str(tmp_path / "store"), buckets=4)
    project = label_studio.project(request.node.name[:50])
    clips = clips_table(tmp_path, 6, prefix=request.node.name)
    tasks = publish(store, PublishStage(label_studio.client(), project, lambda _: clips), clips)
    return Round(label_studio, project, store, sorted(tasks.values()))


def test_edits_and_deletions_are_appended_and_nothing_is_lost(labelling: Round) -> None:
    anna = labelling.annotator("anna@example.org")
    for task in labelling.tasks[:3]:
        anna.annotate(task, said(f"first {task}"), lead_time_s=3)
    assert labelling.collect().appended == 3
    first, second, third = (unique_id for unique_id, _, _ in labelling.states())
    labelling.change("PATCH", first, {"result": said("second thoughts")})
    labelling.change("DELETE", second)
    report = labelling.collect()
    assert (report.annotations, report.appended, report.deleted, report.complete) == (2, 2, 1, True)
    history = {
        key: [(gone, cause) for u, gone, cause in labelling.states() if u == key] for key in (first, second, third)
    }
    assert [gone for gone, _ in history[first]] == [False, False]
    assert history[first][1][1] == "second thoughts"
    assert history[second] == [(False, history[second][0][1]), (True, history[second][0][1])]
    assert len(history[third]) == 1
    assert labelling.collect().appended == 0


def test_collecting_again_and_from_two_places_at_once_doubles_nothing(labelling: Round) -> None:
    anna = labelling.annotator("anna@example.org")
    for task in labelling.tasks:
        anna.annotate(task, said("because"), lead_time_s=1)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: labelling.collect(), range(3)))
    assert len(labelling.states()) == 6
    assert labelling.collect().appended == 0


def test_no_address_is_stored_and_the_source_is_known(labelling: Round) -> None:
    for email in ("bea@example.org", "annotator-7@simulated.osmo.invalid", "replay@replayed.osmo.invalid"):
        labelling.annotator(email).annotate(
            labelling.tasks[0], said(f"{email} wrote this, ask cara@example.net"), lead_time_s=1
        )
    report = labelling.collect()
    assert report.by_source == {"person": 1, "simulated": 1, "replayed": 1}
    rows = labelling.store.read(PULLS).to_pylist()
    assert Counter(row["source"] for row in rows) == report.by_source
    assert len({row["annotator_id"] for row in rows}) == 3
    assert not [row for row in rows if "@" in str(row)]
    assert {row["annotator_id"] for row in rows} == {json.loads(row["payload"])["completed_by"] for row in rows}


def test_a_server_that_goes_away_leaves_a_problem_and_the_next_collection_completes(
    label_studio: LabelStudioServer, tmp_path: Path
) -> None:
    store = Store.open(str(tmp_path / "store"), buckets=4)
    project = label_studio.project("collect-cut")
    clips = clips_table(tmp_path, 210, prefix="cut")
    tasks = publish(store, PublishStage(label_studio.client(), project, lambda _: clips), clips)
    labelling = Round(label_studio, project, store, sorted(tasks.values()))
    anna = labelling.annotator("anna@example.org")
    for task in labelling.tasks[::10]:
        anna.annotate(task, said("because"), lead_time_s=1)
    assert labelling.collect().appended == 21
    cut = Cutter(label_studio.url, after=2)  # the first hundred tasks, then nothing: no annotation counts as deleted
    report = labelling.collect(LabelStudioClient(cut.url, label_studio.credentials.token))
    cut.close()
    assert not report.complete
    assert [problem.permanent for problem in report.problems] == [False]
    assert "osmo up" in report.problems[0].what
    assert not any(deleted for _, deleted, _ in labelling.states())
    assert labelling.collect().appended == 0


def test_a_lost_part_of_the_log_is_pulled_again(labelling: Round) -> None:
    anna = labelling.annotator("anna@example.org")
    for task in labelling.tasks:
        anna.annotate(task, said("because"), lead_time_s=1)
    labelling.collect()
    before = {state for state in labelling.states()}
    part = labelling.store.logs.parts(PULLS)[0]
    labelling.store.objects.delete(part.path)
    assert len(labelling.states()) < 6
    labelling.collect()
    assert {state for state in labelling.states()} == before


def test_an_annotation_that_comes_back_is_the_newest_state_again(labelling: Round) -> None:
    anna = labelling.annotator("anna@example.org")
    anna.annotate(labelling.tasks[0], said("because"), lead_time_s=1)
    labelling.collect()
    row = labelling.store.read(PULLS).to_pylist()[0]
    later = {"deleted": True, "updated_at": row["updated_at"] + timedelta(milliseconds=1)}
    gone = {name: row[name] for name in PULLS.body_schema.names} | later
    bucket = labelling.store.bucket(row["recording_id"])
    labelling.store.append(PULLS, bucket, PULLS.rows([gone]), fingerprint="", input_keys=pa.array(["deletion"]))
    assert labelling.collect().appended == 1
    assert [deleted for _, deleted, _ in labelling.states()] == [False, True, False]
    assert labelling.collect().appended == 0
