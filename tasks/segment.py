"""The segment stage: sidecar transcripts, and Whisper over speech where there is none, as sentence-level segments."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa

from osmo.schemas.config import SegmentConfig
from osmo.schemas.keys import fingerprint
from osmo.schemas.table import Table
from osmo.schemas.tables import SEGMENTS
from osmo.storage.media import Media, MediaDamagedError
from osmo.storage.objects import ObjectMissingError
from osmo.tasks.own_voice import Opinion, opinions
from osmo.tasks.said import NothingReadError, Said
from osmo.tasks.segment_heard import heard_lines
from osmo.tasks.segment_rows import Line, empty_row, in_media, segment_rows, who
from osmo.tasks.segment_sidecar import sidecar_lines
from osmo.tasks.segment_units import UNITS, Unit, segment_units
from osmo.tasks.stage import Outcome, Problem

VERSION = 3
AGAIN = "Bring the cached file back, or delete it and decode the recording again, then build again."


class SegmentStage:
    """Fills `SEGMENTS`: one unit per recording."""

    def __init__(
        self, config: SegmentConfig, *, recordings: Callable[[int], pa.Table], media: Callable[[int], pa.Table]
    ) -> None:
        """Bind the stage.

        Args:
            config: Its parameters.
            recordings: Current `RECORDINGS` rows of a bucket.
            media: `MEDIA` rows of a bucket's recordings.
        """
        self._config = config
        self._recordings = recordings
        self._media = media

    @property
    def name(self) -> str:
        """The stage's name."""
        return "segment"

    @property
    def writes(self) -> Table:
        """`SEGMENTS`."""
        return SEGMENTS

    @property
    def fingerprint(self) -> str:
        """Of what every segment depends on; Whisper's own parameters are in the keys of what Whisper hears."""
        shared = self._config.model_dump(mode="json", include={"pause_s", "max_segment_s", "dialogue_turns"})
        return fingerprint(self.name, VERSION, shared)

    @property
    def flush_rows(self) -> int:
        """One: an hour of sound takes Whisper minutes, and a kill must not cost more than one recording."""
        return 1

    def needs(self, bucket: int) -> pa.Table:
        """Recordings of a bucket; one that is to be heard is there once its media has been decoded."""
        return segment_units(self._recordings(bucket), self._media(bucket), self._config)

    def compute(self, rows: pa.Table, media: Media) -> Outcome:
        """Segments of some recordings; one without any has one row that says why."""
        made: list[dict[str, object]] = []
        keys: list[str] = []
        problems: list[Problem] = []
        for row in rows.select(UNITS.names).to_pylist():
            unit = Unit(**row)
            try:
                said = self._said(unit, media)
            except NothingReadError as error:
                told = (error.what, error.where, error.remedy)
                problems.append(Problem(unit.recording_id, unit.input_key, error.permanent, *told))
                continue
            if said is not None and said.note:
                told = (said.note, said.where, said.remedy)
                problems.append(Problem(unit.recording_id, unit.input_key, True, *told, warning=True))
            try:
                found = self._rows(unit, said, media)
            except (MediaDamagedError, FileNotFoundError, ObjectMissingError) as error:
                told = (str(error).splitlines()[0], f"microphones of {unit.recording_id}", AGAIN)
                problems.append(Problem(unit.recording_id, unit.input_key, False, *told))
                continue
            made += found
            keys += [unit.input_key] * len(found)
        return Outcome(SEGMENTS.rows(made), keys, problems, attempts=rows.num_rows)

    def _said(self, unit: Unit, media: Media) -> Said | None:
        if unit.transcript:
            return sidecar_lines(unit, self._config)
        return None if unit.heard_s is None else heard_lines(unit, self._config, media)

    def _voices(self, unit: Unit, lines: Sequence[Line], media: Media) -> dict[Line, Opinion]:
        """What several microphones tell of the lines inside the media whose speaker is not known by name."""
        if not unit.microphones:
            return {}
        unnamed = [
            line
            for line in lines
            if who(line.speaker, unit.subject_id) == "unknown" and in_media(line.start_s, line.end_s, unit.duration_s)
        ]
        spans = [(line.start_s, line.end_s) for line in unnamed]
        least = self._config.own_voice_confidence
        return dict(zip(unnamed, opinions(media, unit.recording_id, spans, least_confidence=least), strict=True))

    def _rows(self, unit: Unit, said: Said | None, media: Media) -> list[dict[str, object]]:
        if said is None:
            return [empty_row(unit.recording_id, unit.silent_reason or "no transcript and no audio")]
        if not said.lines:
            return [empty_row(unit.recording_id, said.note or "no words were heard")]
        return segment_rows(
            said.lines,
            recording_id=unit.recording_id,
            subject_id=unit.subject_id,
            language=said.language,
            duration_s=unit.duration_s,
            sound_key=unit.sound_key,
            source=said.source,
            dialogue_turns=self._config.dialogue_turns,
            voices=self._voices(unit, said.lines, media),
        )
