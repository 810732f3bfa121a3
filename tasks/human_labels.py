"""Human labels that came with recordings (labels.csv): to be replayed, and to measure the prescreen against."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import pyarrow as pa
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from osmo.schemas.keys import content_key
from osmo.tasks.sources.places import SourceUnreachableError, read_bytes
from osmo.tasks.stage import Problem

log = logging.getLogger(__name__)

STAGE = "labels"
_LIMIT_BYTES = 64 * 2**20

_COLUMNS: list[pa.Field[Any]] = [
    pa.field("recording_id", pa.string(), nullable=False),
    pa.field("start_s", pa.float64(), nullable=False),
    pa.field("end_s", pa.float64(), nullable=False),
    pa.field("speaker", pa.string(), nullable=False),
    pa.field("emotion", pa.string(), nullable=False),
    pa.field("sentiment", pa.string()),
    pa.field("intensity", pa.int8()),
    pa.field("cause", pa.string()),
    pa.field("wearer", pa.bool_(), nullable=False),
]
LABELS = pa.schema(_COLUMNS)
"""One row per label; `wearer`: whether it is of the recording's subject. Times are seconds from its start."""

_Optional = BeforeValidator(lambda value: value or None)


class LabelRow(BaseModel):
    """One line of labels.csv; further columns are passed over."""

    model_config = ConfigDict(extra="ignore")

    start_s: float = Field(ge=0, allow_inf_nan=False)
    end_s: float = Field(ge=0, allow_inf_nan=False)
    speaker: str
    emotion: str = Field(min_length=1)
    sentiment: Annotated[str | None, _Optional] = None
    intensity: Annotated[int | None, _Optional] = Field(default=None, ge=1, le=3)
    cause: Annotated[str | None, _Optional] = None

    @model_validator(mode="after")
    def _forwards(self) -> LabelRow:
        if self.end_s < self.start_s:
            raise ValueError(f"ends before it starts: {self.start_s} – {self.end_s} s")
        return self


class LabelsFormatError(ValueError):
    """A labels.csv of which no line can be read."""


def human_labels(recordings: pa.Table) -> tuple[pa.Table, list[Problem]]:
    """The labels of recordings that have some.

    Args:
        recordings: `RECORDINGS` rows.

    Returns:
        `LABELS` rows in order of recording and line, and what could not be read: a file that is gone or is no UTF-8,
        and single lines.
    """
    rows: list[dict[str, object]] = []
    problems: list[Problem] = []
    for recording in recordings.select(["recording_id", "subject_id", "labels_uri"]).to_pylist():
        uri = recording["labels_uri"]
        if uri is None:
            continue
        try:
            found, wrong = _parse(_text(uri), recording)
        except FileNotFoundError:
            problems.append(_problem(recording["recording_id"], uri, "it is gone since ingest"))
            continue
        except (SourceUnreachableError, UnicodeDecodeError, LabelsFormatError) as error:
            problems.append(_problem(recording["recording_id"], uri, f"cannot be read: {error}"))
            continue
        rows += found
        problems += [_problem(recording["recording_id"], f"{uri}, line {line}", what) for line, what in wrong]
    return pa.Table.from_pylist(rows, schema=LABELS), problems


def _text(uri: str) -> str:
    data = read_bytes(uri, limit=_LIMIT_BYTES)
    if len(data) > _LIMIT_BYTES:
        raise LabelsFormatError(f"it has more than {_LIMIT_BYTES} bytes")
    return data.decode("utf-8-sig")


def _parse(text: str, recording: Mapping[str, Any]) -> tuple[list[dict[str, object]], list[tuple[int, str]]]:
    wearer = str(recording["subject_id"] or "").strip().casefold()
    rows: list[dict[str, object]] = []
    wrong: list[tuple[int, str]] = []
    try:
        for line, record in _records(text):
            try:
                label = LabelRow.model_validate(record)
            except ValidationError as error:
                first = error.errors(include_url=False)[0]
                place = ".".join(map(str, first["loc"]))
                wrong.append((line, f"{place}: {first['msg']}" if place else first["msg"]))
                continue
            is_wearer = bool(wearer) and label.speaker.strip().casefold() == wearer
            rows.append({"recording_id": recording["recording_id"], **label.model_dump(), "wearer": is_wearer})
    except _BrokenLineError as error:
        wrong.append((error.line, f"{error}; what follows is not read"))
    return rows, wrong


class _BrokenLineError(ValueError):
    """The csv reader cannot go on."""

    def __init__(self, line: int, problem: str) -> None:
        self.line = line
        super().__init__(problem)


def _records(text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Lines by name of column, each with the number of the line that it starts on."""
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", restval="")
    line = 1
    try:
        columns = [name.strip() for name in reader.fieldnames or ()]
        missing = [name for name, field in LabelRow.model_fields.items() if field.is_required() and name not in columns]
        if missing:
            raise LabelsFormatError(f"the header lacks {', '.join(missing)}")
        reader.fieldnames = columns
        line = reader.line_num + 1
        for record in reader:
            yield line, record
            line = reader.line_num + 1
    except csv.Error as error:
        raise _BrokenLineError(line, str(error)) from error


def _problem(recording_id: str, where: str, what: str) -> Problem:
    remedy = "Correct the file, or remove it: its other labels are used."
    return Problem(recording_id, content_key(STAGE, where, what), True, f"labels.csv: {what}", where, remedy)
