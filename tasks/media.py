"""The stages that fill the media cache: each recording decoded once, and a cut of its proxy for each clip."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa

from osmo.schemas.config import MediaConfig
from osmo.schemas.keys import content_key, fingerprint, milliseconds
from osmo.schemas.table import Table
from osmo.schemas.tables import MEDIA
from osmo.storage.media import Media, MediaCache, MediaDamagedError
from osmo.storage.objects import ObjectMissingError, StoreUnreachableError
from osmo.tasks.microphones import REVISION
from osmo.tasks.originals import OriginalChangedError
from osmo.tasks.proxy import EmptyCutError, cut
from osmo.tasks.stage import Outcome, Problem
from osmo.tasks.transcode import LIBRARIES, MediaRow, NothingToShowError, Transcoder, described
from osmo.tasks.vrs import VrsUnavailableError

_MAKE_WHOLE = "Replace the files by whole copies and ingest again"


class MediaStage:
    """Sound, labelling proxy, eye proxy, microphones and gaze of each recording: one unit, written together."""

    name = "media"
    version = 2
    writes: Table = MEDIA
    flush_rows = 1

    def __init__(
        self,
        *,
        cache: MediaCache,
        settings: MediaConfig,
        recordings: Callable[[int], pa.Table],
        scratch: Path | None = None,
    ) -> None:
        """Bind the stage.

        Args:
            cache: Where files go.
            settings: Sizes, rates and quality.
            recordings: `RECORDINGS` rows of a bucket.
            scratch: Folder for files in the making; null: the system's temporary folder.
        """
        self._cache = cache
        self._settings = settings
        self._recordings = recordings
        self._scratch = scratch

    @property
    def fingerprint(self) -> str:
        """Of the version, the settings and how microphones are measured."""
        settings = self._settings.model_dump(mode="json")
        return fingerprint(self.name, self.version, {**settings, "microphones": REVISION})

    def needs(self, bucket: int) -> pa.Table:
        """The recordings of a bucket."""
        rows = self._recordings(bucket)
        keys = pa.array([content_key(key) for key in rows["recording_key"].to_pylist()], pa.string())
        return rows.select([*MEDIA_READS, "source_uri"]).append_column("input_key", keys)

    def compute(self, rows: pa.Table, media: Media) -> Outcome:
        """`MEDIA` rows of recordings; `media` plays no part.

        A damaged stream of which a second or more can be read is used, and its loss is a warning; a recording whose
        video cannot be read is shown by its captions or its sound. Nothing usable at all is a permanent problem.
        """
        made: list[MediaRow] = []
        keys: list[str] = []
        problems: list[Problem] = []
        for row in rows.to_pylist():
            found, problem = self._recording(row)
            made.extend(found)
            keys.extend([row["input_key"]] * len(found))
            if problem is not None:
                problems.append(problem)
        return Outcome(MEDIA.rows(made), keys, problems)

    def _recording(self, row: Mapping[str, object]) -> tuple[list[MediaRow], Problem | None]:
        key, recording_id = str(row["input_key"]), str(row["recording_id"])
        with tempfile.TemporaryDirectory(prefix="osmo-media-", dir=self._scratch) as folder:
            work = Transcoder(row, self._settings, self._cache, Path(folder))
            try:
                rows = work.rows()
            except NothingToShowError as error:
                where = ", ".join(dict.fromkeys(loss.where for loss in error.losses)) or str(row["source_uri"])
                remedy = f"{_MAKE_WHOLE}, or add a transcript."
                return [], Problem(recording_id, key, True, str(error), where, remedy)
            except OriginalChangedError as error:
                return [], Problem(recording_id, key, False, error.problem, error.uri, "Run `osmo ingest` again.")
            except VrsUnavailableError as error:
                return [], Problem(recording_id, key, False, error.problem, str(row["source_uri"]), error.remedy)
            except StoreUnreachableError as error:
                remedy = "Check the address and the credentials in the environment, then run again."
                return [], Problem(recording_id, key, False, error.problem, error.uri, remedy)
        if not work.losses:
            return rows, None
        losses = list(dict.fromkeys(work.losses))
        what = "; ".join(dict.fromkeys(loss.what for loss in losses)) + "; the rest is used"
        where = ", ".join(dict.fromkeys(loss.where for loss in losses))
        return rows, Problem(recording_id, key, False, what, where, f"{_MAKE_WHOLE}, or leave it so.", warning=True)


MEDIA_READS = [
    "recording_id", "duration_s", "video", "audio", "eye", "eye_fps", "transcript", "transcript_uri",
    "transcript_sha256", "gaze",
]  # fmt: skip
"""Columns of `RECORDINGS` that the media of a recording depend on."""


class ClipMediaStage:
    """The cut of the proxy that people see of each clip."""

    name = "clip_media"
    version = 1
    writes: Table = MEDIA
    flush_rows = 16

    def __init__(self, *, cache: MediaCache, clips: Callable[[int], pa.Table], scratch: Path | None = None) -> None:
        """Bind the stage.

        Args:
            cache: Where files go.
            clips: Of a bucket: clip_id, recording_id, start_s, end_s (seconds of the recording) and proxy_sha256.
            scratch: Folder for files in the making; null: the system's temporary folder.
        """
        self._cache = cache
        self._clips = clips
        self._scratch = scratch

    @property
    def fingerprint(self) -> str:
        """Of the version: a cut has no parameters beside its input."""
        return fingerprint(self.name, self.version, {})

    def needs(self, bucket: int) -> pa.Table:
        """The clips of a bucket whose recording has a proxy."""
        rows = self._clips(bucket)
        keys = [
            content_key(row["clip_id"], milliseconds(row["start_s"]), milliseconds(row["end_s"]), row["proxy_sha256"])
            for row in rows.select(["clip_id", "start_s", "end_s", "proxy_sha256"]).to_pylist()
        ]
        return rows.append_column("input_key", pa.array(keys, pa.string()))

    def compute(self, rows: pa.Table, media: Media) -> Outcome:
        """`MEDIA` rows of clips, cut from the proxies that `media` knows."""
        made: list[MediaRow] = []
        keys: list[str] = []
        problems: list[Problem] = []
        with tempfile.TemporaryDirectory(prefix="osmo-clips-", dir=self._scratch) as folder:
            for row in rows.to_pylist():
                found = self._clip(row, media, Path(folder) / "clip.mp4")
                if isinstance(found, Problem):
                    problems.append(found)
                else:
                    made.append(found)
                    keys.append(row["input_key"])
        return Outcome(MEDIA.rows(made), keys, problems)

    def _clip(self, row: Mapping[str, object], media: Media, out: Path) -> MediaRow | Problem:
        recording_id, key = str(row["recording_id"]), str(row["input_key"])
        start_s, end_s = float(str(row["start_s"])), float(str(row["end_s"]))
        again = "Run `osmo build` again."
        proxy = media.row(recording_id, "proxy")
        if proxy is None or proxy["sha256"] != row["proxy_sha256"]:
            return Problem(recording_id, key, False, "its proxy is not there, or another one", recording_id, again)
        uri, silent = str(proxy["uri"]), bool(proxy["silent"])
        try:
            path = media.path(recording_id, "proxy")
            if path is None or not path.is_file():
                raise ObjectMissingError("the store", uri)
            shape = cut(path, out, start_s=start_s, end_s=end_s, silent=silent)
        except EmptyCutError as error:
            return Problem(recording_id, key, True, str(error), str(row["clip_id"]), "Make the clips again.")
        except (ObjectMissingError, MediaDamagedError) as error:
            return Problem(recording_id, key, False, str(error), uri, f"Bring the file back. {again}")
        except StoreUnreachableError as error:
            return Problem(recording_id, key, False, error.problem, error.uri, again)
        cached = self._cache.put(out)
        out.unlink()
        return {
            **described(shape),
            "recording_id": recording_id,
            "kind": "clip",
            "clip_id": row["clip_id"],
            "source_sha256": proxy["sha256"],
            "uri": cached.uri,
            "sha256": cached.sha256,
            "bytes": cached.bytes,
            "start_s": start_s,
            "captioned": proxy["captioned"],
            "silent": silent,
            "encoder": f"cut of the proxy, pictures copied, aac mono; {LIBRARIES}",
        }
