"""The stage of evidence: one track per recording and tracker, in the media cache, never derived from a label."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from osmo.schemas.keys import content_key, fingerprint, milliseconds
from osmo.schemas.table import Table
from osmo.schemas.tables import MEDIA
from osmo.storage.media import Media, MediaCache, MediaDamagedError, write_track
from osmo.storage.objects import ObjectMissingError, StoreUnreachableError
from osmo.tasks.cues.extractor import MediaUndecodableError
from osmo.tasks.stage import Outcome, Problem
from osmo.tasks.tracks.tracker import Recorded, Spoken, Tracker

SPOKEN = pa.list_(
    pa.struct([pa.field("start_s", pa.float64()), pa.field("end_s", pa.float64()), pa.field("speaker", pa.string())])
)
_FIELDS: list[pa.Field[Any]] = [
    *(pa.field(name, pa.string(), nullable=False) for name in ("input_key", "recording_id", "source_sha256")),
    pa.field("duration_s", pa.float64(), nullable=False),
    pa.field("eye_fps", pa.float64()),
    pa.field("spoken", SPOKEN, nullable=False),
]
NEEDS = pa.schema(_FIELDS)


class TrackStage:
    """Measures one modality of the recordings of a bucket; what has no such media needs no track."""

    version = 1
    writes: Table = MEDIA
    flush_rows = 1

    def __init__(
        self,
        tracker: Tracker,
        *,
        cache: MediaCache,
        recordings: Callable[[int], pa.Table],
        media_rows: Callable[[int], pa.Table],
        segments: Callable[[int], pa.Table],
        scratch: Path | None = None,
    ) -> None:
        """Bind the stage.

        Args:
            tracker: Who measures.
            cache: Where tracks go.
            recordings: Current `RECORDINGS` rows of a bucket.
            media_rows: `MEDIA` rows of a bucket's recordings.
            segments: `SEGMENTS` rows of a bucket that are segments.
            scratch: Folder for files in the making; null: the system's temporary folder.
        """
        self._tracker = tracker
        self._cache = cache
        self._recordings = recordings
        self._media_rows = media_rows
        self._segments = segments
        self._scratch = scratch

    @property
    def name(self) -> str:
        """evidence:<tracker>."""
        return f"evidence:{self._tracker.name}"

    @property
    def fingerprint(self) -> str:
        """Of the tracker's name and revision."""
        return fingerprint(self.name, self.version, {"revision": self._tracker.revision})

    def needs(self, bucket: int) -> pa.Table:
        """One row per recording with the media; its key changes with the media, and with who speaks when."""
        kinds = self._tracker.looks_at
        media: dict[str, dict[str, Mapping[str, Any]]] = {}
        for row in self._media_rows(bucket).to_pylist():
            genuine = not row["silent"] if row["kind"] == "audio" else not row["captioned"]
            if row["kind"] in kinds and genuine:
                media.setdefault(row["recording_id"], {})[row["kind"]] = row
        spoken = self._spoken(bucket) if self._tracker.hears_speakers else {}
        rows: list[dict[str, object]] = []
        for recording in self._recordings(bucket).select(["recording_id", "duration_s", "eye_fps"]).to_pylist():
            found = media.get(recording["recording_id"], {})
            if kinds[0] not in found:
                continue
            said = spoken.get(recording["recording_id"], [])
            parts = [found[kind]["sha256"] if kind in found else None for kind in kinds]
            turns = [part for one in said for part in _turn(one)]
            eye_fps = recording["eye_fps"] if "eye" in kinds else None
            key = content_key(recording["recording_id"], eye_fps, *parts, *turns)
            rows.append({"input_key": key, "source_sha256": found[kinds[0]]["sha256"], "spoken": said, **recording})
        return pa.Table.from_pylist(rows, schema=NEEDS)

    def compute(self, rows: pa.Table, media: Media) -> Outcome:
        """`MEDIA` rows of tracks; what cannot be decoded is a problem."""
        made: list[dict[str, object]] = []
        keys: list[str] = []
        problems: list[Problem] = []
        for row in rows.to_pylist():
            found = self._measured(row, media)
            if isinstance(found, Problem):
                problems.append(found)
            else:
                made.append(found)
                keys.append(row["input_key"])
        return Outcome(MEDIA.rows(made), keys, problems)

    def _measured(self, row: Mapping[str, Any], media: Media) -> dict[str, object] | Problem:
        recording_id, key, kind = row["recording_id"], row["input_key"], self._tracker.looks_at[0]
        where = str((media.row(recording_id, kind) or {}).get("uri"))
        spoken = tuple(Spoken(**one) for one in row["spoken"])
        recorded = Recorded(recording_id, row["duration_s"], row["eye_fps"], spoken)
        with tempfile.TemporaryDirectory(prefix="osmo-tracks-", dir=self._scratch) as folder:
            out = Path(folder) / "track.parquet"
            try:
                write_track(out, self._tracker.track(recorded, media), self._tracker.schema)
                cached = self._cache.put(out)
            except MediaUndecodableError as error:
                remedy = "Delete the cached file and run the media stage again, then `osmo retry`."
                return Problem(recording_id, key, True, str(error).splitlines()[0], error.where, remedy)
            except (FileNotFoundError, ObjectMissingError, MediaDamagedError, StoreUnreachableError) as error:
                remedy = "Delete the cached file and run the media stage again; the next run takes it up again."
                return Problem(recording_id, key, False, str(error).splitlines()[0], where, remedy)
        return {
            "recording_id": recording_id,
            "kind": f"{self._tracker.name}_track",
            "source_sha256": row["source_sha256"],
            "uri": cached.uri,
            "sha256": cached.sha256,
            "bytes": cached.bytes,
            "start_s": 0.0,
            "duration_s": row["duration_s"],
            "captioned": False,
            "silent": False,
            "encoder": f"{self._tracker.name} {self._tracker.revision}",
        }

    def _spoken(self, bucket: int) -> dict[str, list[dict[str, Any]]]:
        columns = ["recording_id", "start_s", "end_s", "speaker", "in_media"]
        spoken: dict[str, list[dict[str, Any]]] = {}
        for row in self._segments(bucket).select(columns).to_pylist():
            if row.pop("in_media"):
                told = {**row, "speaker": row["speaker"] or "unknown"}
                spoken.setdefault(told.pop("recording_id"), []).append(told)
        for said in spoken.values():
            said.sort(key=lambda one: (one["start_s"], one["end_s"], one["speaker"]))
        return spoken


def _turn(one: Mapping[str, Any]) -> tuple[int, int, str]:
    return milliseconds(one["start_s"]), milliseconds(one["end_s"]), str(one["speaker"])
