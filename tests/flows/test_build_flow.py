"""Flows under a temporary Prefect server: what a build does, does again, and does where something breaks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey, FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import TaskRun
from prefect.states import State
from small_project import Project

from osmo.flows.build_flow import build, what_now
from osmo.flows.build_report import ARTIFACT, markdown
from osmo.flows.stage_runs import StageFailedError
from osmo.flows.stages_flow import ingest, segment
from osmo.schemas.tables import SEGMENTS
from osmo.storage.store import Store
from osmo.tasks.funnel import Funnel

pytestmark = pytest.mark.usefixtures("prefect_server", "no_servers")


@pytest.fixture
def no_servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSMO_HOME", str(tmp_path / "home"))


def tasks_of(run: UUID) -> list[TaskRun]:
    with get_client(sync_client=True) as client:
        return client.read_task_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[run])))


def run_of(flow: Flow[Any, Any], project: Project) -> tuple[UUID, State[Any]]:
    state = flow(str(project.config), return_state=True)
    assert state.state_details.flow_run_id is not None
    return state.state_details.flow_run_id, state


def test_a_build_without_label_studio_ends_and_says_so_and_again_computes_nothing(project: Project) -> None:
    run, state = run_of(build, project)
    done = state.result()
    assert done["ingest"]["stored"] == 4
    assert done["segment"]["rows_out"] == 12
    assert done["people"]["label_studio"] == 0
    assert "osmo up" in what_now(done["people"])
    assert "publish" not in done and "collect" not in done

    names = [task.name for task in tasks_of(run)]
    assert len(names) == len(set(names)), "one task a bucket"
    assert {"segment-0", "segment-1", "prescreen:lexicon-0", "prescreen:lexicon-1"} <= set(names)
    with get_client(sync_client=True) as client:
        kept = client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[ARTIFACT])))
    report = next(one.data for one in kept if one.flow_run_id == run)
    assert "| segment | 4 | 12 |" in str(report)

    run, state = run_of(build, project)
    again = state.result()
    assert again["ingest"]["unchanged"] == 4
    assert [name for name, counts in again.items() if counts.get("rows_in")] == []
    assert tasks_of(run) == []


def test_tasks_get_references_and_no_rows(project: Project) -> None:
    ingest(str(project.config))
    run, _ = run_of(segment, project)
    tasks = tasks_of(run)
    assert tasks
    for task in tasks:
        assert set(task.task_inputs) == {"store", "config", "stage", "bucket", "paused"}


@contextmanager
def no_writing(folder: Path) -> Iterator[None]:
    """A file stands where a folder of parts has to be: nobody, root included, can write a part there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_bytes(b"")
    yield
    folder.unlink()


def test_the_error_of_one_bucket_leaves_the_others_done(project: Project) -> None:
    ingest(str(project.config))
    store = Store.open(str(project.store))
    buckets = {store.bucket(f"rec-{number}") for number in range(4)}
    assert buckets == {0, 1}, "the recordings lie in both buckets"
    with no_writing(project.store / "logs" / SEGMENTS.name / "bucket=00001"):
        with pytest.raises(StageFailedError, match="1 of its buckets failed; bucket 1") as failed:
            segment(str(project.config))
        assert list(failed.value.errors) == [1]
        assert "run the same again" in str(failed.value)
    assert {store.bucket(row["recording_id"]) for row in store.read(SEGMENTS).to_pylist()} == {0}
    done = segment(str(project.config))
    assert done["segment"]["rows_in"] == sum(store.bucket(f"rec-{number}") == 1 for number in range(4))


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ({"label_studio": 0, "shown": 0, "waiting": 0}, "osmo up"),
        ({"label_studio": 1, "shown": 5, "waiting": 2}, "2 of 5 clips wait"),
        ({"label_studio": 1, "shown": 5, "waiting": 0}, "All 5 clips are labelled"),
    ],
    ids=["no-server", "waiting", "all-labelled"],
)
def test_what_now(people: dict[str, int | float], expected: str) -> None:
    assert expected in what_now(people)


def test_the_report_says_when_nothing_was_to_do() -> None:
    empty = Funnel(recordings=4, hours=1234.5, segments=3, candidates=2, clips=1, annotated=0, accepted=0, events=0)
    text = markdown({"ingest": {"listed": 4}, "segment": {"rows_in": 0}}, empty, "Wait.")
    assert text.startswith("Wait.\n\nNo stage had anything to do.")
    assert "| hours | 1,234.5 |" in text
