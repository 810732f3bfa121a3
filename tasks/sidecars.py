"""Sidecars of a recording as the media stage uses them: transcripts to be shown, gaze to be kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from osmo.storage.objects import ObjectMissingError
from osmo.tasks.gaze import GazeFormatError, read_gaze
from osmo.tasks.originals import Originals
from osmo.tasks.recordings import transcript_files
from osmo.tasks.sidecar_text import read_sidecar
from osmo.tasks.source_file import Loss
from osmo.tasks.transcripts import Cue, TranscriptEncodingError, TranscriptFormatError


def cues_of(recording: Mapping[str, Any], originals: Originals, losses: list[Loss]) -> tuple[Cue, ...]:
    """What is said, on the recording's clock; transcripts that cannot be read go to `losses`.

    Raises:
        StoreUnreachableError: A place cannot be read.
    """
    cues: list[Cue] = []
    for file in transcript_files(recording):
        uri = file["uri"]
        try:
            cues += read_sidecar(originals.path(uri).read_bytes(), file["format"]).moved(file["start_s"]).cues
        except (ObjectMissingError, FileNotFoundError):
            losses.append(Loss(uri, "there is no such transcript"))
        except (TranscriptEncodingError, TranscriptFormatError) as error:
            losses.append(Loss(uri, f"its transcript is {error}".rstrip(".")))
    return tuple(cue for cue in cues if cue.end_s > 0)


def gaze_of(recording: Mapping[str, Any], originals: Originals, losses: list[Loss]) -> pa.Table | None:
    """Rows of `GAZE` in order of time; null: the recording has no gaze that can be read.

    Raises:
        StoreUnreachableError: A place cannot be read.
    """
    tables: list[pa.Table] = []
    for file in recording["gaze"] or ():
        uri = file["uri"]
        try:
            table, unusable = read_gaze(originals.path(uri).read_bytes(), file["format"], start_s=file["start_s"])
        except (ObjectMissingError, FileNotFoundError):
            losses.append(Loss(uri, "there is no such gaze file"))
        except GazeFormatError as error:
            losses.append(Loss(uri, f"its gaze is left out: {error.problem}"))
        else:
            tables.append(table)
            if unusable:
                losses.append(Loss(uri, f"its gaze: {unusable} lines cannot be used"))
    return pa.concat_tables(tables).sort_by("time_s") if tables else None
