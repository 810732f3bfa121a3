from __future__ import annotations

import pyarrow as pa

from osmo.schemas.tables import CANDIDATES, EVENTS, RECORDINGS, SEGMENTS
from osmo.tasks.funnel import Funnel, funnel


def candidate(name: str, kept: bool) -> dict[str, object]:
    return {
        "segment_id": name,
        "recording_id": "r1",
        "start_s": 0.0,
        "end_s": 1.0,
        "speaker": "wearer",
        "votes_for": 3,
        "votes_cast": 4,
        "kept": kept,
    }


def test_each_step_is_counted(annotations, clips):
    said = annotations(
        {"region_id": None},
        {},
        {"region_id": None, "annotator_id": "b", "clip_status": "unusable"},
        {"region_id": None, "clip_id": "c2", "skipped": True},
    )
    found = funnel(
        recordings=pa.table({"duration_s": [1800.0, 5400.0]}),
        segments=SEGMENTS.rows([{"recording_id": "r1", "segment_id": "x"}, {"recording_id": "r2"}]),
        candidates=CANDIDATES.rows([candidate("x", True), candidate("y", False)]),
        clips=clips(("c1", 0.0, 30.0), ("c2", 30.0, 60.0)),
        annotations=said,
        accepted=said.slice(1, 1),
        events=EVENTS.empty(),
    )
    assert found == Funnel(2, 2.0, 1, 1, 2, 1, 1, 0)
    assert found.steps()[:2] == [("recordings", 2), ("hours", 2.0)]
    assert [name for name, _ in found.steps()][-3:] == ["annotated", "accepted", "events"]


def test_an_empty_store_has_an_empty_funnel(annotations, clips):
    found = funnel(
        recordings=RECORDINGS.empty(),
        segments=SEGMENTS.empty(),
        candidates=CANDIDATES.empty(),
        clips=clips(),
        annotations=annotations(),
        accepted=annotations(),
        events=EVENTS.empty(),
    )
    assert found == Funnel(0, 0.0, 0, 0, 0, 0, 0, 0)
