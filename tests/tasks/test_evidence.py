"""Which turns of the dialogue an event's writer is given."""

from __future__ import annotations

from osmo.schemas.tables import SEGMENTS
from osmo.tasks.evidence import dialogue_of, segments_of


def segments(*rows: dict[str, object]) -> list[dict[str, object]]:
    table = SEGMENTS.rows(
        {"recording_id": "r", "speaker": "wearer", "in_media": True, "text": "So.", "text_key": "k", **row}
        for row in rows
    )
    return list(segments_of(table).get("r", ()))


def turn(segment_id: str, start_s: float, end_s: float) -> dict[str, object]:
    return {"segment_id": segment_id, "start_s": start_s, "end_s": end_s}


def test_turns_of_the_event_and_of_the_fifteen_seconds_before_it_oldest_first() -> None:
    listed = segments(
        turn("after", 34, 35), turn("late", 33, 36), turn("early", 4, 6), turn("gone", 4, 5), turn("in", 25, 26)
    )
    assert [row["segment_id"] for row in dialogue_of(listed, 20, 34)] == ["early", "in", "late"]


def test_at_most_the_latest_sixteen() -> None:
    listed = segments(*(turn(f"s{k:02d}", k / 2, k / 2 + 0.4) for k in range(40)))
    assert [row["segment_id"] for row in dialogue_of(listed, 15, 20)] == [f"s{k:02d}" for k in range(24, 40)]


def test_what_is_no_speech_or_outside_the_media_is_left_out() -> None:
    listed = segments(
        {"segment_id": None, "empty_reason": "silence"},
        {**turn("blank", 1, 2), "text": "  "},
        {**turn("outside", 1, 2), "in_media": False},
        turn("kept", 1, 2),
    )
    assert [row["segment_id"] for row in listed] == ["kept"]
