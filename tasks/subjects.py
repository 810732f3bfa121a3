"""Who wore the glasses where the owner does not say: a CSV file that the user supplies beside a source."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field

from osmo.tasks.sources.places import SourceUnreachableError, read_bytes

COLUMNS = ("recording", "subject_id")
MAX_BYTES = 1 << 26


class SubjectsFileError(ValueError):
    """A subjects file that cannot be used."""

    def __init__(self, place: str, problem: str) -> None:
        self.place = place
        self.problem = problem
        self.remedy = f"Write a UTF-8 CSV file with the columns {', '.join(COLUMNS)}, one row a recording."
        super().__init__(f"Subjects file {place}: {problem}. {self.remedy}")


@dataclass(frozen=True)
class Subjects:
    """Subjects by recording, as the source lists them, and a hash of the file; empty without one."""

    by_recording: Mapping[str, str] = field(default_factory=dict)
    sha256: str | None = None


def read_subjects(place: str | None) -> Subjects:
    """The subjects that a file names.

    Args:
        place: Its path or address; null: there is none.

    Raises:
        SubjectsFileError: It is gone, no such CSV file, or names one recording twice.
    """
    if place is None:
        return Subjects()
    try:
        data = read_bytes(place, limit=MAX_BYTES)
    except FileNotFoundError as error:
        raise SubjectsFileError(place, "there is no such file") from error
    except SourceUnreachableError as error:
        raise SubjectsFileError(place, error.problem) from error
    if len(data) > MAX_BYTES:
        raise SubjectsFileError(place, f"it is larger than {MAX_BYTES} bytes")
    try:
        return Subjects(_parsed(place, data.decode("utf-8-sig")), hashlib.sha256(data).hexdigest())
    except UnicodeDecodeError as error:
        raise SubjectsFileError(place, f"it is not UTF-8 (byte {error.start})") from error
    except csv.Error as error:
        raise SubjectsFileError(place, f"it is no CSV file: {error}") from error


def _parsed(place: str, text: str) -> dict[str, str]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    named = [name.strip() for name in reader.fieldnames or ()]
    missing = [name for name in COLUMNS if name not in named]
    if missing:
        raise SubjectsFileError(place, f"the header lacks {', '.join(missing)}")
    reader.fieldnames = named
    found: dict[str, str] = {}
    for row in reader:
        recording, subject = ((row[name] or "").strip() for name in COLUMNS)
        if not recording or not subject:
            raise SubjectsFileError(place, f"line {reader.line_num} lacks a value")
        if found.setdefault(recording, subject) != subject:
            raise SubjectsFileError(place, f"line {reader.line_num} names {recording} a second time")
    return found
