"""Each subject's own clock: seconds since their first recording began."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Place:
    """Where a recording stands.

    Attributes:
        subject_id: The wearer; null: unknown.
        dataset: The source dataset.
        language: BCP 47 primary language; null: unknown.
        offset_s: Its start on the subject's timeline; null without a subject or a common clock.
    """

    subject_id: str | None
    dataset: str
    language: str | None
    offset_s: float | None


def places(recordings: pa.Table) -> dict[str, Place]:
    """Where each recording stands on its subject's timeline.

    Subjects of two datasets are two people, whatever they are called.

    Args:
        recordings: `RECORDINGS`, one row per recording.
    """
    rows = recordings.select(["recording_id", "subject_id", "dataset", "language", "started_at"]).to_pylist()
    first: dict[tuple[str, str], datetime] = {}
    for row in rows:
        if row["subject_id"] is not None and row["started_at"] is not None:
            owner = (row["dataset"], row["subject_id"])
            first[owner] = min(first.get(owner, row["started_at"]), row["started_at"])
    return {
        row["recording_id"]: Place(
            row["subject_id"],
            row["dataset"],
            row["language"],
            None
            if row["subject_id"] is None or row["started_at"] is None
            else (row["started_at"] - first[row["dataset"], row["subject_id"]]) / _SECOND,
        )
        for row in rows
    }
