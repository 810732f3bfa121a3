"""The stage of cues: one cue per event and modality, measured or described, never derived from the event's label."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa

from osmo.annotators.answer import Unanswered
from osmo.schemas.keys import content_key, fingerprint, milliseconds
from osmo.schemas.table import Table
from osmo.schemas.tables import CUES
from osmo.storage.media import Media, MediaDamagedError
from osmo.storage.objects import ObjectMissingError, StoreUnreachableError
from osmo.tasks.cues.extractor import Cue, Extractor, MediaUndecodableError, Span, Told
from osmo.tasks.stage import Outcome, Problem
from osmo.tasks.unanswered import open_problem, pause, usage_columns

_TEXT = pa.string()
_FIELDS: list[pa.Field[Any]] = [
    *(pa.field(name, _TEXT, nullable=False) for name in ("input_key", "recording_id", "event_id")),
    *(pa.field(name, pa.float64(), nullable=False) for name in ("start_s", "end_s")),
    *(pa.field(name, _TEXT) for name in ("language", "reason")),
]
NEEDS = pa.schema(_FIELDS)
_UNREADABLE = (MediaUndecodableError, FileNotFoundError, ObjectMissingError, MediaDamagedError, StoreUnreachableError)
_MEASURED_OF = {"acoustic_track": "audio", "visual_track": "proxy", "ocular_track": "eye"}
_REASON_OF = {"audio": "audio_reason", "proxy": "video_reason", "eye": "eye_reason"}

Row = dict[str, object]


class CueStage:
    """Measures one modality of the events of a bucket. Of an event it reads id, place and language, never the label."""

    def __init__(
        self,
        extractor: Extractor,
        *,
        events: Callable[[int], pa.Table],
        media_rows: Callable[[int], pa.Table],
        recordings: Callable[[int], pa.Table] | None = None,
        flush_rows: int = 32,
    ) -> None:
        """Bind the stage.

        Args:
            extractor: Who measures.
            events: `EVENTS` rows of a bucket.
            media_rows: `MEDIA` rows of a bucket.
            recordings: Current `RECORDINGS` rows of a bucket, for the reason why media is absent; null: not told.
            flush_rows: Events after which a part is written.
        """
        self._extractor = extractor
        self._events = events
        self._media_rows = media_rows
        self._recordings = recordings
        self.flush_rows = flush_rows

    @property
    def name(self) -> str:
        """cues:<extractor>."""
        return f"cues:{self._extractor.name}"

    @property
    def writes(self) -> Table:
        """`CUES`."""
        return CUES

    @property
    def fingerprint(self) -> str:
        """Of the extractor's name and revision."""
        return fingerprint(self.name, 1, {"revision": self._extractor.revision})

    def needs(self, bucket: int) -> pa.Table:
        """One row per event. Its key changes with its times, its language, and what is looked at.

        That is the media, or a track together with the media it was measured of.
        """
        events = self._events(bucket).select(["event_id", "recording_id", "start_s", "end_s", "language"])
        kinds = dict.fromkeys([self._extractor.kind, self._media_kind])
        media = {(row["recording_id"], row["kind"]): row for row in self._media_rows(bucket).to_pylist()}
        reasons = self._reasons(bucket)
        rows: list[Row] = []
        for event in events.to_pylist():
            recording_id = event["recording_id"]
            reason = reasons.get(recording_id)
            looked_at = [part for kind in kinds for part in _identity(kind, media.get((recording_id, kind)))]
            key = content_key(
                event["event_id"],
                milliseconds(event["start_s"]),
                milliseconds(event["end_s"]),
                event["language"],
                *looked_at,
                reason,
            )
            rows.append({"input_key": key, "reason": reason, **event})
        return pa.Table.from_pylist(rows, schema=NEEDS)

    def compute(self, rows: pa.Table, media: Media) -> Outcome:
        """One cue per event; what cannot be decoded, and what nobody answered, is a problem of each of its events."""
        made: list[Row] = []
        keys: list[str] = []
        problems: list[Problem] = []
        answers: list[Cue | Unanswered] = []
        for listed in self._together(rows, media):
            if isinstance(listed, Problem):
                problems.append(listed)
                continue
            row, answer = listed
            answers.append(answer)
            if isinstance(answer, Unanswered):
                problems.append(self._open(row, answer))
            else:
                made.append(self._row(row, answer))
                keys.append(str(row["input_key"]))
        return Outcome(
            CUES.rows(made),
            keys,
            problems,
            attempts=sum(map(_attempts, answers)) + rows.num_rows - len(answers),
            pause=pause(answers, self._extractor.name),
        )

    def _together(self, rows: pa.Table, media: Media) -> Iterator[tuple[Row, Cue | Unanswered] | Problem]:
        """Each event with its answer, or its problem: all events at once, and where that fails, by recording."""
        listed = rows.to_pylist()
        try:
            yield from zip(listed, self._extractor.extract([_span(row) for row in listed], media), strict=True)
            return
        except _UNREADABLE:
            by_recording: dict[str, list[Row]] = {}
            for row in listed:
                by_recording.setdefault(row["recording_id"], []).append(row)
        for recording_id, some in by_recording.items():
            try:
                yield from zip(some, self._extractor.extract([_span(row) for row in some], media), strict=True)
            except MediaUndecodableError as error:
                yield from (_problem(row, error, error.where, permanent=True) for row in some)
            except _UNREADABLE as error:
                where = str((media.row(recording_id, self._extractor.kind) or {}).get("uri"))
                yield from (_problem(row, error, where, permanent=False) for row in some)

    def _open(self, row: Row, answer: Unanswered) -> Problem:
        return open_problem(
            answer,
            self._extractor.name,
            recording_id=str(row["recording_id"]),
            key=str(row["input_key"]),
            what=f"event {row['event_id']}",
        )

    @property
    def _media_kind(self) -> str:
        return _MEASURED_OF.get(self._extractor.kind, self._extractor.kind)

    def _reasons(self, bucket: int) -> dict[str, str]:
        if self._recordings is None:
            return {}
        column = _REASON_OF[self._media_kind]
        rows = self._recordings(bucket).select(["recording_id", column]).to_pylist()
        return {row["recording_id"]: row[column] for row in rows if row[column]}

    def _row(self, row: Row, cue: Cue) -> Row:
        reason = cue.absent_reason
        if reason is not None and row["reason"] is not None:
            reason = f"{reason}: {row['reason']}"
        return {
            "event_id": row["event_id"],
            "recording_id": row["recording_id"],
            "modality": self._extractor.modality,
            "extractor": self._extractor.name,
            "text": cue.text,
            "absent_reason": reason,
            "evidence": [{"name": name, "value": value, "unit": unit} for name, value, unit in cue.evidence],
            "confidence": cue.confidence,
            **_told_columns(cue.told),
        }


def _identity(kind: str, row: Mapping[str, Any] | None) -> tuple[str | None, bool]:
    """Hash of a file that is looked at, and whether it is a stand-in."""
    return (None, False) if row is None else (row["sha256"], row["silent" if kind == "audio" else "captioned"])


def _told_columns(told: Told | None) -> dict[str, str | int | float | None]:
    """The columns of a cue that a model described; a measured one leaves them null."""
    if told is None:
        return {}
    return {
        "raw_text": told.raw_text,
        "model_revision": told.model_revision,
        "prompt_sha": told.prompt_sha,
        **usage_columns(told.usage),
    }


def _attempts(answer: Cue | Unanswered) -> int:
    """Requests that an answer took; a measurement counts as one."""
    if isinstance(answer, Unanswered):
        return answer.attempts
    return 1 if answer.told is None else answer.told.usage.attempts


def _span(row: Row) -> Span:
    language = row["language"]
    return Span(
        str(row["event_id"]),
        str(row["recording_id"]),
        float(str(row["start_s"])),
        float(str(row["end_s"])),
        None if language is None else str(language),
    )


def _problem(row: Row, error: Exception, where: str, *, permanent: bool) -> Problem:
    return Problem(
        recording_id=str(row["recording_id"]),
        key=str(row["input_key"]),
        permanent=permanent,
        what=str(error).splitlines()[0],
        where=where,
        remedy="Delete the cached file and run the media stage again"
        + (", then `osmo retry`." if permanent else "; the next run takes the event up again."),
    )
