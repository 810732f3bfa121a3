"""Publishing and collecting, killed after every request to the real Label Studio and at every write of the store."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.compute as pc
import pytest
from kill_stores import Driven, flipped, units_in_two_parts
from label_studio_server import LabelStudioServer

from osmo.annotators.human.bootstrap import LabellingProject
from osmo.annotators.human.session import AnnotatorSession, clip_result, password_of, region_results
from osmo.schemas.table import Table
from osmo.schemas.tables import CLIPS, PROBLEMS, PUBLICATIONS, PULLS
from osmo.storage.store import Store

pytestmark = [pytest.mark.kill, pytest.mark.e2e]

TITLE = "killed"


@pytest.fixture
def place(label_studio: LabelStudioServer, monkeypatch: pytest.MonkeyPatch) -> None:
    key = label_studio.home / "pseudonym.key"
    found = {
        "url": label_studio.url,
        "token": label_studio.credentials.token,
        "media_root": str(label_studio.media_root),
        "pseudonym_key": str(key),
        "title": TITLE,
    }
    monkeypatch.setenv("KILL_LABEL_STUDIO", json.dumps(found))


@pytest.mark.usefixtures("place")
def test_killed_anywhere_each_clip_is_shown_once_and_each_answer_stored_once(
    undisturbed: Path, driven: Driven, label_studio: LabelStudioServer, tmp_path: Path
) -> None:
    uri = str(shutil.copytree(undisturbed, tmp_path / "store"))
    clips = set(Store.open(uri).read(CLIPS)["clip_id"].to_pylist())

    assert driven.build(uri, "--people", "publish", "--request", "1") >= 5
    project = label_studio.project(TITLE, overlap=1)
    shown = of_this(uri, PUBLICATIONS, project)
    assert sorted(row["clip_id"] for row in shown) == sorted(clips)
    anna = AnnotatorSession(label_studio.url, "anna@example.org")
    password = password_of("anna@example.org", label_studio.credentials.annotator_secret)
    anna.enter(label_studio.client().invitation(), password)
    tasks = [task.id for task in anna.tasks(project.project_id)]
    assert sorted(tasks) == sorted(row["task_id"] for row in shown)
    for task in tasks:
        said = region_results("r1", 0.5, 3.0, duration_s=12.0, polarity="positive", cause="Good news")
        anna.annotate(task, [*said, clip_result("has_emotion")], lead_time_s=1)
    anna.close()

    assert driven.build(uri, "--people", "collect", "--request", "1") >= 3
    answers = of_this(uri, PULLS, project)
    assert sorted(row["clip_id"] for row in answers) == sorted(clips)
    assert units_in_two_parts(Store.open(uri)) == []

    again = str(shutil.copytree(undisturbed, tmp_path / "again"))  # the tasks and answers are there, the rows are not
    for what in ("publish", "collect"):
        assert driven.build(again, "--people", what, "--killed", "after") >= 2
    for table in (PUBLICATIONS, PULLS):
        assert keys(of_this(again, table, project)) == keys(of_this(uri, table, project))
    assert units_in_two_parts(Store.open(again)) == []

    damaged = Store.open(uri).logs.parts(PULLS)[-1].path  # the newest of the last bucket is of this project
    (Path(uri) / damaged).write_bytes(flipped((Path(uri) / damaged).read_bytes()))
    assert len(of_this(uri, PULLS, project)) < len(answers)
    assert damaged in Store.open(uri).read(PROBLEMS)["key"].to_pylist()
    assert driven.build(uri, "--people", "collect") == 0
    assert keys(of_this(uri, PULLS, project)) == keys(answers)


def of_this(uri: str, table: Table, project: LabellingProject) -> list[dict[str, object]]:
    """Rows of this installation: the store has fixed ones of another beside them."""
    rows = Store.open(uri).read(table)
    return rows.filter(pc.equal(rows["instance"], project.instance)).to_pylist()


def keys(rows: list[dict[str, object]]) -> list[str]:
    return sorted(str(row["input_key"]) for row in rows)
