"""Publishing: clips become tasks in Label Studio, each once, with nothing in them that a model said."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import JsonValue

from osmo.annotators.human.bootstrap import LabellingProject
from osmo.annotators.human.client import BATCH, LabelStudioClient
from osmo.annotators.human.transport import LabelStudioRefusedError, LabelStudioReplyError, LabelStudioUnreachableError
from osmo.schemas.keys import content_key, fingerprint
from osmo.schemas.table import Table
from osmo.schemas.tables import PUBLICATIONS
from osmo.storage.media import Media, MediaDamagedError
from osmo.storage.objects import StoreUnreachableError
from osmo.tasks.stage import Outcome, Problem

TASK_FIELDS = ("clip_id", "video", "audio", "dialogue", "fps", "language")
"""Everything that a task holds. No prediction, no label of a voter, no id of a recording."""

Row = Mapping[str, Any]


class PublishStage:
    """One task per clip. A clip that the project already shows is found by its id, never imported again."""

    name = "publish"
    writes: Table = PUBLICATIONS
    flush_rows = 200

    def __init__(
        self,
        client: LabelStudioClient,
        project: LabellingProject,
        clips: Callable[[int], pa.Table],
        *,
        fetch: Callable[[str], Path] = Path,
    ) -> None:
        """Bind the stage.

        Args:
            client: With an administrator's token.
            project: As `bootstrap` gave it.
            clips: The clips of a bucket that have media: clip_id, recording_id, media_uri, media_sha256,
                dialogue (list of struct {speaker, text, start_s, end_s}, seconds from the clip's start), fps (Hz),
                language (null: unknown). More columns are passed over.
            fetch: Gives a local path of a media_uri; called only for clips that are to be published.
        """
        self._client = client
        self._project = project
        self._clips = clips
        self._fetch = fetch

    @property
    def fingerprint(self) -> str:
        """Of its version, the installation and the project."""
        return fingerprint(self.name, 1, {"instance": self._project.instance, "project": self._project.project_id})

    def needs(self, bucket: int) -> pa.Table:
        """The clips of a bucket, keyed by installation and clip: a published clip is frozen, whatever it looks like."""
        clips = self._clips(bucket)
        keys = [content_key(self._project.instance, clip_id) for clip_id in clips["clip_id"].to_pylist()]
        return clips.append_column("input_key", pa.array(keys, pa.string()))

    def compute(self, rows: pa.Table, media: Media) -> Outcome:
        """Show the clips; what cannot be shown now is a problem, and what was imported before it stays."""
        listed = rows.to_pylist()
        published: list[dict[str, object]] = []
        keys: list[str] = []
        problems: list[Problem] = []
        attempts = 0
        for start in range(0, len(listed), BATCH):
            batch = listed[start : start + BATCH]
            shown, missing = self._place(batch)
            problems += missing
            try:
                attempts += 1
                tasks = self._import(shown)
            except (LabelStudioUnreachableError, LabelStudioRefusedError, LabelStudioReplyError) as error:
                # Whatever the cause, a person can mend it (server, token, project): the clips stay to be published.
                known = {problem.key for problem in missing}
                left = [row for row in listed[start:] if row["input_key"] not in known]
                problems += [_problem(row, str(error), self._client.url) for row in left]
                break
            for row in shown:
                published.append(self._publication(row, tasks[row["clip_id"]]))
                keys.append(row["input_key"])
        return Outcome(PUBLICATIONS.rows(published), keys, problems, attempts)

    def _import(self, rows: list[Row]) -> dict[str, int]:
        """Task id of each clip, importing those that the project lacks."""
        if not rows:
            return {}
        with _lock(self._project.media_root / f".{self._project.folder}.lock"):
            tasks = self._client.tasks_of(self._project.project_id, [row["clip_id"] for row in rows])
            new = [row for row in rows if row["clip_id"] not in tasks]
            if new:
                ids = self._client.import_tasks(self._project.project_id, [self._task(row) for row in new])
                tasks |= {row["clip_id"]: task_id for row, task_id in zip(new, ids, strict=True)}
        return tasks

    def _task(self, row: Row) -> dict[str, JsonValue]:
        address = f"/data/local-files/?d={self._project.folder}/{_file_name(row)}"
        dialogue: list[JsonValue] = [
            {"speaker": line["speaker"] or "?", "text": line["text"], "start": line["start_s"], "end": line["end_s"]}
            for line in row["dialogue"] or []
        ]
        return {
            "clip_id": row["clip_id"],
            "video": address,
            "audio": address,
            "dialogue": dialogue or [{"speaker": "–", "text": "(no speech 无对话)"}],
            "fps": row["fps"],
            "language": row["language"],
        }

    def _place(self, rows: Sequence[Row]) -> tuple[list[Row], list[Problem]]:
        """Put the clips' files where the server may show them."""
        folder = self._project.media_root / self._project.folder
        folder.mkdir(parents=True, exist_ok=True)
        placed: list[Row] = []
        problems: list[Problem] = []
        for row in rows:
            try:
                _link(self._fetch(row["media_uri"]), folder / _file_name(row))
            except (OSError, MediaDamagedError, StoreUnreachableError) as error:
                why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                problems.append(_problem(row, f"the clip's media cannot be read: {why}", row["media_uri"]))
            else:
                placed.append(row)
        return placed, problems

    def _publication(self, row: Row, task_id: int) -> dict[str, object]:
        return {
            "clip_id": row["clip_id"],
            "recording_id": row["recording_id"],
            "instance": self._project.instance,
            "project_id": self._project.project_id,
            "task_id": task_id,
            "media_sha256": row["media_sha256"],
        }


def _file_name(row: Row) -> str:
    return f"{row['media_sha256']}{Path(row['media_uri']).suffix}"


def _link(source: Path, target: Path) -> None:
    """Hard-link, or copy where the two lie on different disks; a half-written copy is never seen."""
    if target.exists():
        return
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        os.link(source, draft)
    except OSError:
        shutil.copyfile(source, draft)
    draft.replace(target)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Between looking for a clip and importing it nobody else may import it: two builds at once publish once."""
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _problem(row: Row, what: str, where: str) -> Problem:
    remedy = "Run the build again once it is mended (`osmo up` starts Label Studio): what is published is found."
    return Problem(row["recording_id"], row["input_key"], False, what, where, remedy)
