from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa

from osmo.tasks.timeline import places


def recordings(*rows):
    names = ("recording_id", "subject_id", "dataset", "language", "started_at")
    columns = list(zip(*rows, strict=True))
    types = [pa.string()] * 4 + [pa.timestamp("us", tz="UTC")]
    return pa.table({n: pa.array(c, t) for n, c, t in zip(names, columns, types, strict=True)})


def at(hour: int) -> datetime:
    return datetime(2026, 11, 1, hour, tzinfo=UTC)


def test_offsets_count_from_the_subjects_first_recording():
    found = places(
        recordings(
            ("late", "s", "d", "en", at(3)),
            ("early", "s", "d", "en", at(1)),
            ("other-dataset", "s", "e", "zh", at(2)),
            ("no-clock", "s", "d", None, None),
            ("no-subject", None, "d", "en", at(0)),
        )
    )
    assert {name: place.offset_s for name, place in found.items()} == {
        "late": 7200.0,
        "early": 0.0,
        "other-dataset": 0.0,
        "no-clock": None,
        "no-subject": None,
    }
    assert found["other-dataset"].language == "zh"
