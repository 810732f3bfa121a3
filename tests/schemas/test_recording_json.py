"""recording.json: what is taken, and what is refused with its field."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from osmo.schemas.recording_json import MAX_BYTES, RecordingJsonError, parse_recording_json


def test_every_field_may_be_missing() -> None:
    said = parse_recording_json(b"{}")
    assert (said.recording_id, said.video, said.synthetic, said.time_domain) == (None, None, False, "unknown")


def test_files_are_a_name_a_list_or_placed() -> None:
    said = parse_recording_json(
        b'{"video": "a.mp4", "audio": ["b.wav", "c.wav"], "eye": [{"file": "e.mp4", "start_s": 2}]}'
    )
    assert said.video is not None and said.audio is not None and said.eye is not None
    assert [ref.file for ref in (*said.video, *said.audio)] == ["a.mp4", "b.wav", "c.wav"]
    assert (said.eye[0].file, said.eye[0].start_s) == ("e.mp4", 2.0)


@pytest.mark.parametrize(
    ("given", "expected"),
    [("en", "en"), ("en-US", "en"), ("zh_Hans_CN", "zh"), ("cmn", "zh"), ("EN", "en"), ("", None), (None, None)],
)
def test_a_language_is_reduced_to_its_primary_tag(given: str | None, expected: str | None) -> None:
    assert parse_recording_json(json.dumps({"language": given}).encode()).language == expected


@pytest.mark.parametrize(
    ("given", "utc", "domain"),
    [
        ("2024-05-01T10:00:00+02:00", datetime(2024, 5, 1, 8, tzinfo=UTC), "utc"),
        ("2024-05-01T10:00:00", datetime(2024, 5, 1, 10, tzinfo=UTC), "calendar"),
    ],
)
def test_a_start_without_zone_is_a_calendar_time(given: str, utc: datetime, domain: str) -> None:
    said = parse_recording_json(json.dumps({"started_at": given}).encode())
    assert (said.started_utc, said.time_domain) == (utc, domain)


def test_unknown_fields_become_metadata() -> None:
    assert parse_recording_json(b'{"metadata": {"a": 1}, "site": "lab"}').extra == {"a": 1, "site": "lab"}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (b"", "Invalid JSON"),
        (b"[]", "object"),
        (b"\xff{}", "Invalid JSON"),
        (b'{"duration_s": "6"}', "duration_s"),
        (b'{"duration_s": 0}', "duration_s"),
        (b'{"duration_s": NaN}', "duration_s"),
        (b'{"video": 3}', "video"),
        (b'{"video": [{"file": "a", "offset": 1}]}', "video"),
        (b'{"eye": [{"file": "a", "start_s": -1}]}', "start_s"),
        (b'{"recording_id": "a/b"}', "recording_id"),
        (b'{"recording_id": ""}', "recording_id"),
        (b'{"recording_id": 7}', "recording_id"),
        (b'{"language": "English language"}', "language"),
        (b'{"started_at": 12}', "started_at"),
        (b'{"started_at": "yesterday"}', "started_at"),
        (b'{"synthetic": "yes"}', "synthetic"),
        (b'{"x": "' + b"a" * MAX_BYTES + b'"}', "bytes"),
    ],
)
def test_a_wrong_value_is_refused_by_name(given: bytes, named: str) -> None:
    with pytest.raises(RecordingJsonError, match=named):
        parse_recording_json(given)
