"""Of several rows of a recording the latest counts."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa

from osmo.schemas.tables import RECORDINGS
from osmo.tasks.recordings import current_recordings


def test_the_latest_row_counts_and_of_equal_times_the_largest_key() -> None:
    early, late = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 2, tzinfo=UTC)
    rows = pa.table(
        {
            "recording_id": ["b", "a", "a", "c", "c"],
            "computed_at": [early, late, early, early, early],
            "input_key": ["1", "2", "3", "4", "5"],
        }
    )
    assert current_recordings(rows).select(["recording_id", "input_key"]).to_pylist() == [
        {"recording_id": "a", "input_key": "2"},
        {"recording_id": "b", "input_key": "1"},
        {"recording_id": "c", "input_key": "5"},
    ]


def test_no_rows_stay_no_rows() -> None:
    assert current_recordings(RECORDINGS.empty()).num_rows == 0
