"""Publishing against the real Label Studio."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pyarrow as pa
import pytest
from label_studio_server import Cutter, LabelStudioServer, clips_table, no_media

from osmo.annotators.human.client import LabelStudioClient
from osmo.annotators.human.session import AnnotatorSession, password_of
from osmo.storage.store import Store
from osmo.tasks.publish import TASK_FIELDS, PublishStage
from osmo.tasks.stage import Outcome

pytestmark = pytest.mark.e2e


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(str(tmp_path / "store"), buckets=4)


def run(stage: PublishStage, store: Store) -> Outcome:
    return stage.compute(stage.needs(0), no_media(store))


def everything(server: LabelStudioServer, project_id: int) -> list[dict[str, object]]:
    """Every task of a project with all its fields, as the server's own export gives them."""
    address = f"{server.url}/api/projects/{project_id}/export?exportType=JSON&download_all_tasks=true"
    headers = {"Authorization": f"Token {server.credentials.token}"}
    tasks: list[dict[str, object]] = httpx.get(address, headers=headers, timeout=60).json()
    return tasks


def test_publishing_twice_and_after_a_lost_reply_makes_each_task_once(
    label_studio: LabelStudioServer, store: Store, tmp_path: Path
) -> None:
    clips = clips_table(tmp_path, 5)
    project = label_studio.project("publish-twice")
    stage = PublishStage(label_studio.client(), project, lambda _: clips)
    lost = run(stage, store)  # killed before its rows were written: they are nowhere but in Label Studio
    more = clips_table(tmp_path, 9)
    again = run(PublishStage(label_studio.client(), project, lambda _: more), store)
    assert again.rows["task_id"].to_pylist()[:5] == lost.rows["task_id"].to_pylist()
    assert again.rows["clip_id"].to_pylist() == more["clip_id"].to_pylist()
    assert len(everything(label_studio, project.project_id)) == 9


def test_each_row_names_the_task_that_shows_its_clip(
    label_studio: LabelStudioServer, store: Store, tmp_path: Path
) -> None:
    project = label_studio.project("publish-order")
    clips = clips_table(tmp_path, 230)
    outcome = run(PublishStage(label_studio.client(), project, lambda _: clips), store)
    shown = {task["id"]: task["data"] for task in everything(label_studio, project.project_id)}
    for row in outcome.rows.to_pylist():
        data = shown[row["task_id"]]
        assert isinstance(data, dict)
        assert data["clip_id"] == row["clip_id"]
        assert row["media_sha256"] in data["video"]


def test_a_task_holds_nothing_but_the_clip(label_studio: LabelStudioServer, store: Store, tmp_path: Path) -> None:
    project = label_studio.project("publish-fields")
    clips = clips_table(tmp_path, 3)
    extended = clips.append_column("labels", pa.array([["joy"]] * 3))  # what voters said must not pass
    run(PublishStage(label_studio.client(), project, lambda _: extended), store)
    for task in everything(label_studio, project.project_id):
        assert isinstance(task["data"], dict)
        assert set(task["data"]) == set(TASK_FIELDS)
        assert task["predictions"] == []
        assert "rec-" not in str(task["data"])


def test_two_builds_at_once_publish_each_clip_once(
    label_studio: LabelStudioServer, store: Store, tmp_path: Path
) -> None:
    project = label_studio.project("publish-race")
    clips = clips_table(tmp_path, 40)
    with ThreadPoolExecutor(3) as pool:
        outcomes = list(
            pool.map(lambda _: run(PublishStage(label_studio.client(), project, lambda _: clips), store), range(3))
        )
    assert len(everything(label_studio, project.project_id)) == 40
    assert len({tuple(outcome.rows["task_id"].to_pylist()) for outcome in outcomes}) == 1


def test_a_server_that_goes_away_leaves_problems_and_the_rest_follows(
    label_studio: LabelStudioServer, store: Store, tmp_path: Path
) -> None:
    project = label_studio.project("publish-cut")
    clips = clips_table(tmp_path, 250)
    cut = Cutter(label_studio.url, after=3)  # look, import, look, and then nothing more
    client = LabelStudioClient(cut.url, label_studio.credentials.token)
    first = run(PublishStage(client, project, lambda _: clips), store)
    cut.close()
    assert len(first.rows) == 100
    assert len(first.problems) == 150
    assert not any(problem.permanent for problem in first.problems)
    assert "osmo up" in first.problems[0].remedy
    second = run(PublishStage(label_studio.client(), project, lambda _: clips), store)
    assert not second.problems
    assert second.rows["task_id"].to_pylist()[:100] == first.rows["task_id"].to_pylist()
    assert len(everything(label_studio, project.project_id)) == 250


def test_a_clip_without_its_file_is_a_problem_and_the_others_are_published(
    label_studio: LabelStudioServer, store: Store, tmp_path: Path
) -> None:
    project = label_studio.project("publish-missing-file")
    clips = clips_table(tmp_path, 3)
    Path(clips["media_uri"][1].as_py()).unlink()
    outcome = run(PublishStage(label_studio.client(), project, lambda _: clips), store)
    assert len(outcome.rows) == 2
    assert [problem.recording_id for problem in outcome.problems] == ["rec-1"]
    assert clips["media_uri"][1].as_py() in outcome.problems[0].where


def test_the_clip_is_served_to_annotators_with_ranges_and_to_nobody_else(
    label_studio: LabelStudioServer, store: Store, tmp_path: Path
) -> None:
    project = label_studio.project("publish-media")
    clips = clips_table(tmp_path, 1)
    run(PublishStage(label_studio.client(), project, lambda _: clips), store)
    address = f"/data/local-files/?d={project.folder}/{clips['media_sha256'][0].as_py()}.mp4"
    assert httpx.get(label_studio.url + address).status_code == 401
    email = "viewer@simulated.osmo.invalid"
    session = AnnotatorSession(label_studio.url, email)
    session.enter(label_studio.client().invitation(), password_of(email, label_studio.credentials.annotator_secret))
    part = httpx.get(
        label_studio.url + address, cookies=dict(session.cookies), headers={"Range": "bytes=0-2"}, timeout=30
    )
    assert (part.status_code, part.content) == (206, b"not")
