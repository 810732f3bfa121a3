"""Collecting: every state of every annotation goes into the log of raw pulls, once, under pseudonyms."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import JsonValue, ValidationError

from osmo.annotators.human.bootstrap import LabellingProject
from osmo.annotators.human.client import BATCH, LabelStudioClient
from osmo.annotators.human.pseudonyms import Pseudonyms, source_of
from osmo.annotators.human.transport import LabelStudioRefusedError, LabelStudioReplyError, LabelStudioUnreachableError
from osmo.schemas.keys import content_key, fingerprint
from osmo.schemas.label_studio import ExportedAnnotation
from osmo.schemas.tables import PUBLICATIONS, PULLS
from osmo.storage.store import Store
from osmo.tasks.stage import Problem

STAGE = "collect"
FINGERPRINT = fingerprint(STAGE, 1, {})
_SAID = ("result", "was_cancelled", "lead_time", "updated_at", "completed_by")
"""The fields whose change makes a new state; whatever else a release of Label Studio adds makes none."""

_TICK = timedelta(milliseconds=1)
"""By how much a deletion, or a state that came back, is newer than what it follows: the log alone decides it."""

Row = Mapping[str, Any]


@dataclass
class CollectReport:
    """What one collection found.

    Attributes:
        tasks: Published tasks looked at.
        annotations: Annotations that are there now.
        appended: States that were not in the log yet, deletions among them.
        deleted: Annotations that are gone since the last time.
        by_source: Annotations that are there now: person, simulated, replayed.
        problems: What could not be read; `permanent` ones stay so until someone mends them in Label Studio.
        complete: Whether every task was looked at; False: the server went away, and the next run does the rest.
    """

    tasks: int = 0
    annotations: int = 0
    appended: int = 0
    deleted: int = 0
    by_source: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    complete: bool = True


def collect(
    store: Store, client: LabelStudioClient, project: LabellingProject, pseudonyms: Pseudonyms
) -> CollectReport:
    """Append to `pulls` every annotation state that is not there yet, and every deletion.

    Each hundred tasks are pulled and stored before the next, and a state's key follows from what it says: killed at
    any point and run again, or run twice at once, nothing doubles and nothing is lost.

    Args:
        store: Where `publications` say which task shows which clip.
        client: With an administrator's token.
        project: As `bootstrap` gave it; publications of other installations and projects are not looked at.
        pseudonyms: E-mail addresses become pseudonyms before anything is stored.

    Returns:
        What was found. A server that goes away is a problem in it, never an exception.
    """
    report = CollectReport()
    try:
        collection = _Collection(store, client, project, pseudonyms, report)
        for batch in collection.batches():
            collection.pull(batch)
    except (LabelStudioUnreachableError, LabelStudioRefusedError, LabelStudioReplyError) as error:
        report.complete = False
        key = unreachable_key(project)
        remedy = "Run the collection again once it is mended; what was pulled is stored, and nothing is pulled twice."
        report.problems.append(Problem(f"project {project.title}", key, False, str(error), client.url, remedy))
    return report


def unreachable_key(project: LabellingProject) -> str:
    """Key of the problem that a project could not be collected whole."""
    return content_key(STAGE, project.instance, project.project_id)


class _Collection:
    """One collection under way: what is published, what the log knows, who is who."""

    def __init__(
        self,
        store: Store,
        client: LabelStudioClient,
        project: LabellingProject,
        pseudonyms: Pseudonyms,
        report: CollectReport,
    ) -> None:
        self._store = store
        self._client = client
        self._project = project
        self._pseudonyms = pseudonyms
        self._report = report
        self._tasks = _published(store, project)
        self._keys, self._latest = _known(store, project)
        self._users: dict[int, str] = {}
        report.tasks = len(self._tasks)

    def batches(self) -> Iterator[list[int]]:
        """Task ids, a hundred at a time, in order of bucket, so that a batch makes few parts."""
        ids = sorted(self._tasks, key=lambda task: (self._store.bucket(self._tasks[task]["recording_id"]), task))
        return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))

    def pull(self, task_ids: list[int]) -> None:
        """Store what is new on some tasks."""
        present: set[str] = set()
        rows: list[dict[str, object]] = []
        for task in self._client.annotated(self._project.project_id, task_ids):
            if task.id not in self._tasks:
                continue
            for payload in task.annotations:
                present.add(str(payload.get("unique_id")))
                try:
                    head = ExportedAnnotation.model_validate(payload)
                except ValidationError as error:
                    self._report.problems.append(self._unreadable(task.id, payload, error))
                    continue
                if row := self._state(self._tasks[task.id], head, payload):
                    rows.append(row)
        gone = [
            known
            for known in self._latest.values()
            if known.task_id in set(task_ids) and known.unique_id not in present
        ]
        rows += [_deletion(known) for known in gone if not known.row["deleted"]]
        self._append(rows)

    def _state(
        self, publication: Row, head: ExportedAnnotation, payload: dict[str, JsonValue]
    ) -> dict[str, object] | None:
        """The row of an annotation's present state; null where the log ends with it already."""
        last = self._latest.get(head.unique_id)
        annotator, source = self._who(head, last)
        scrubbed = self._pseudonyms.scrub(payload, self._users)
        assert isinstance(scrubbed, dict)
        scrubbed["completed_by"] = annotator
        state = _state_of(scrubbed)
        self._report.annotations += 1
        self._report.by_source[source] = self._report.by_source.get(source, 0) + 1
        if last and not last.row["deleted"] and last.state == state:
            return None
        key = content_key(self._project.instance, head.unique_id, state)
        updated_at = head.updated_at.astimezone(UTC)
        if last:  # also a state that came back (a restored database, a deletion undone) is the newest of the log
            updated_at = max(updated_at, last.row["updated_at"] + _TICK)
            key = key if key not in self._keys else content_key(key, "returned", last.row["input_key"])
        return {
            "input_key": key,
            "recording_id": publication["recording_id"],
            "clip_id": publication["clip_id"],
            "instance": self._project.instance,
            "unique_id": head.unique_id,
            "annotator_id": annotator,
            "source": source,
            "updated_at": updated_at,
            "deleted": False,
            "media_sha256": publication["media_sha256"],
            "payload": json.dumps(scrubbed, ensure_ascii=False, sort_keys=True),
        }

    def _who(self, head: ExportedAnnotation, last: _Known | None) -> tuple[str, str]:
        if head.completed_by is not None and head.completed_by not in self._users:
            self._users = self._client.users()
        if head.completed_by is not None and head.completed_by in self._users:
            email = self._users[head.completed_by]
            return self._pseudonyms.of(email), source_of(email)
        if last:  # the account was deleted, its work stays its own
            return last.row["annotator_id"], last.row["source"]
        return f"account-{head.completed_by}", "person"

    def _append(self, rows: list[dict[str, object]]) -> None:
        by_bucket: dict[int, list[dict[str, object]]] = {}
        for row in rows:
            by_bucket.setdefault(self._store.bucket(str(row["recording_id"])), []).append(row)
            self._report.deleted += bool(row["deleted"])
        for bucket, some in by_bucket.items():
            keys = pa.array([str(row.pop("input_key")) for row in some], pa.string())
            self._store.append(PULLS, bucket, PULLS.rows(some), fingerprint=FINGERPRINT, input_keys=keys)
            self._report.appended += len(some)

    def _unreadable(self, task_id: int, payload: Mapping[str, JsonValue], error: ValidationError) -> Problem:
        first = error.errors(include_url=False, include_input=False)[0]
        what = f"annotation {payload.get('id')}: {'.'.join(map(str, first['loc']))} {first['msg']}"
        where = f"{self._client.url}/projects/{self._project.project_id}/data?task={task_id}"
        key = content_key(STAGE, self._project.instance, task_id, str(payload.get("id")))
        remedy = "Open the task, save the annotation again, and collect again."
        return Problem(self._tasks[task_id]["recording_id"], key, True, what, where, remedy)


@dataclass(frozen=True)
class _Known:
    """The newest row of an annotation in the log."""

    unique_id: str
    task_id: int | None
    state: str
    row: Row


def _known(store: Store, project: LabellingProject) -> tuple[set[str], dict[str, _Known]]:
    """Every key of the log, and each annotation's newest row."""
    rows = store.read(PULLS)
    rows = rows.filter(pc.equal(rows["instance"], pa.scalar(project.instance)))
    latest: dict[str, Row] = {}
    for row in rows.to_pylist():
        last = latest.get(row["unique_id"])
        if last is None or row["updated_at"] > last["updated_at"]:
            latest[row["unique_id"]] = row
    known: dict[str, _Known] = {}
    for unique_id, newest in latest.items():
        payload = json.loads(newest["payload"])
        if payload.get("project", project.project_id) == project.project_id:
            known[unique_id] = _Known(unique_id, payload.get("task"), _state_of(payload), newest)
    return {str(key) for key in rows["input_key"].to_pylist()}, known


def _deletion(known: _Known) -> dict[str, object]:
    """The row that says that an annotation is gone: it follows the newest state, and keeps what that said."""
    names = [name for name in PULLS.body_schema.names if name not in ("updated_at", "deleted")]
    return {name: known.row[name] for name in names} | {
        "input_key": content_key(known.row["input_key"], "deleted"),
        "updated_at": known.row["updated_at"] + _TICK,
        "deleted": True,
    }


def _published(store: Store, project: LabellingProject) -> dict[int, Row]:
    """Publication by task id."""
    rows = store.read(PUBLICATIONS)
    rows = rows.filter(pc.equal(rows["instance"], pa.scalar(project.instance)))
    return {row["task_id"]: row for row in rows.to_pylist() if row["project_id"] == project.project_id}


def _state_of(payload: Mapping[str, JsonValue]) -> str:
    """Key of what an annotation says: two pulls of one state give the same."""
    said = {name: payload.get(name) for name in _SAID}
    return content_key(json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")))
