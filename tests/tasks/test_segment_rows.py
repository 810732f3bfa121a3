"""Rows of segments: ids, speakers, keys."""

from __future__ import annotations

from typing import Any

import pytest

from osmo.schemas.tables import SEGMENTS
from osmo.tasks.segment_rows import Line, empty_row, segment_rows, who


def rows(*lines: Line, **changed: Any) -> list[dict[str, Any]]:
    given: dict[str, Any] = {
        "recording_id": "r", "subject_id": "Ana", "language": "en", "duration_s": 10.0, "sound_key": "s",
        "source": "sidecar", "dialogue_turns": 2,
    }  # fmt: skip
    return SEGMENTS.rows(segment_rows(lines, **{**given, **changed})).to_pylist()


@pytest.mark.parametrize(
    ("name", "subject", "expected"),
    [
        ("Ana", "Ana", "wearer"),
        (" ana  maria ", "Ana Maria", "wearer"),
        ("Bea", "Ana", "other"),
        (None, "Ana", "unknown"),
        ("Ana", None, "unknown"),
    ],
)
def test_who_speaks(name: str | None, subject: str | None, expected: str) -> None:
    assert who(name, subject) == expected


def test_segments_of_equal_times_differ_and_ids_forget_the_text() -> None:
    one = rows(Line(0, 1, "a", "Ana"), Line(0, 1, "b", "Bea"))
    other = rows(Line(0, 1, "x", "Ana"), Line(0, 1, "y", "Bea"))
    assert len({row["segment_id"] for row in one}) == 2
    assert [row["segment_id"] for row in one] == [row["segment_id"] for row in other]


def test_rows_come_by_time() -> None:
    assert [row["text"] for row in rows(Line(5, 6, "c"), Line(0, 2, "b"), Line(0, 1, "a"))] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("start_s", "end_s", "inside"), [(0, 10, True), (9, 10.5, True), (9, 10.6, False), (10, 10.2, False)]
)
def test_what_lies_outside_the_media_is_kept_and_marked(start_s: float, end_s: float, inside: bool) -> None:
    assert rows(Line(start_s, end_s, "a"))[0]["in_media"] is inside


def changed_keys(name: str, before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[bool]:
    return [one[name] != other[name] for one, other in zip(before, after, strict=True)]


def test_a_changed_text_changes_its_own_key_and_the_dialogues_that_show_it() -> None:
    lines = [Line(i, i + 1, f"t{i}", "Ana") for i in range(5)]
    before, after = rows(*lines), rows(lines[0], Line(1, 2, "new", "Ana"), *lines[2:])
    assert changed_keys("text_key", before, after) == [False, True, False, False, False]
    assert changed_keys("dialogue_key", before, after) == [False, True, True, True, False]
    assert changed_keys("audio_key", before, after) == [False] * 5


def test_a_quarantined_line_is_no_turn_of_a_dialogue() -> None:
    def dialogue(first: str, invented: str) -> str:
        lines = (Line(0, 1, first, "Ana"), Line(1, 2, invented, refused="loop"), Line(2, 3, "so", "Ana"))
        return str(rows(*lines, dialogue_turns=1)[2]["dialogue_key"])

    assert dialogue("yes", "x x x") == dialogue("yes", "y y y")
    assert dialogue("yes", "x x x") != dialogue("no", "x x x")


def test_another_sound_changes_audio_keys_alone_and_none_leaves_them_null() -> None:
    line = Line(0, 1, "a")
    before, after = rows(line), rows(line, sound_key="other")
    assert changed_keys("audio_key", before, after) == [True]
    assert changed_keys("dialogue_key", before, after) == [False]
    assert rows(line, sound_key=None)[0]["audio_key"] is None


@pytest.mark.parametrize("name", ["text_key", "dialogue_key", "audio_key"])
def test_segments_that_say_the_same_are_units_of_their_own(name: str) -> None:
    line = Line(0, 1, "Yes.", "Ana")
    said = [*rows(line, Line(8, 9, "Yes.", "Ana"), dialogue_turns=0), *rows(line, recording_id="other")]
    assert len({row[name] for row in said}) == 3


def test_a_recording_without_segments_has_one_row_that_says_why() -> None:
    (row,) = SEGMENTS.rows([empty_row("r", "nobody spoke")]).to_pylist()
    assert (row["segment_id"], row["empty_reason"]) == (None, "nobody spoke")
