"""What is odd and valid goes through every machine stage as it stands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from osmo.schemas.tables import MEDIA, SEGMENTS, VOTES

Bench = Any

ODD_NAMES = ["a b", "it's", 'say "hi"', "笑 😀", "cafe\u0301", "-dash", "100%", "a#b?c=d", "[x]{y}$HOME;&"]
HTML = "<script>alert(1)</script> I am <b>happy</b> & glad"


def segments(bench: Bench, name: str) -> list[dict[str, Any]]:
    rows = bench.store.read(SEGMENTS).to_pylist()
    mine = [row for row in rows if row["recording_id"] == name and row["segment_id"]]
    return sorted(mine, key=lambda row: float(row["start_s"]))


@pytest.fixture(scope="module")
def odd(odd_bench: Callable[[], Bench]) -> Bench:
    """Odd recordings, run once."""
    bench = odd_bench()
    head = "start_s,end_s,speaker,text\n"
    for name in ODD_NAMES:
        bench.put(name, transcript=f"{name}.csv")
    bench.put("emoji", head + "0,2,Ann,I am happy 😀👩‍👩‍👧 é\u0301\n")
    bench.put("long", head + f"0,10,Ann,{'happy ' * 1700}\n")
    bench.put("html", head + f'0,2,"<img src=x onerror=alert(1)>","{HTML}"\n')
    bench.put("srt", "1\n00:00:01,5 --> 00:00:02,50\nAnn: I am happy\n", transcript="t.srt")
    bench.put("windows", ("\ufeff" + head + "0,2,Ann,I am happy\n3,4,Ben,me too\n").replace("\n", "\r\n"))
    bench.put("empty", b"", transcript="e.srt")
    bench.put("no-lines", head)
    bench.put("quoted-newline", head + '0,2,Ann,"I am\nso happy"\n')
    bench.run()
    return bench


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_is_kept_as_it_is(odd: Bench, name: str) -> None:
    assert len(segments(odd, name)) == 3
    assert name in odd.store.read(MEDIA)["recording_id"].to_pylist()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("emoji", [(0.0, 2.0, "I am happy 😀👩‍👩‍👧 é\u0301")]),
        ("srt", [(1.005, 2.05, "I am happy")]),
        ("windows", [(0.0, 2.0, "I am happy"), (3.0, 4.0, "me too")]),
        ("quoted-newline", [(0.0, 2.0, "I am so happy")]),
        ("empty", []),
        ("no-lines", []),
    ],
)
def test_what_is_said_is_read(odd: Bench, name: str, expected: list[tuple[float, float, str]]) -> None:
    assert [(row["start_s"], row["end_s"], row["text"]) for row in segments(odd, name)] == expected


def test_ten_thousand_characters_are_one_utterance_that_all_voters_answer(odd: Bench) -> None:
    found = segments(odd, "long")
    assert sum(len(row["text"]) for row in found) > 10_000
    votes = odd.store.read(VOTES).to_pylist()
    assert sum(row["recording_id"] == "long" for row in votes) == 4 * len(found)


def test_markup_is_only_text(odd: Bench) -> None:
    [row] = segments(odd, "html")
    assert row["speaker_name"] == "<img src=x onerror=alert(1)>"
    assert "I am" in row["text"]


def test_nothing_is_stuck_and_each_odd_one_has_its_media(odd: Bench) -> None:
    assert {one.recording_id for one in odd.stuck()} <= {"empty", "no-lines"}
    kept = set(odd.store.read(MEDIA)["recording_id"].to_pylist()) | {one.recording_id for one in odd.stuck()}
    assert kept >= odd.ids()


@pytest.mark.parametrize("name", ["line\nbreak", "tab\tname", "bell\a"])
def test_a_name_with_control_characters_is_refused_on_one_line(bench: Bench, name: str) -> None:
    folder = bench.recordings / name
    folder.mkdir(parents=True)
    (folder / "recording.json").write_text(json.dumps({"duration_s": 3, "dataset": "d"}), encoding="utf-8")
    bench.put("good")
    bench.run(stages=())
    assert bench.ids() == {"good"}
    [row] = bench.problems()
    assert all(str(row[part]).isprintable() for part in ("what", "where", "remedy", "recording_id"))


def test_sound_longer_than_the_recording_says_and_than_its_transcript(bench: Bench, make_sound: Any) -> None:
    folder: Path = bench.put("short", audio="a.wav", duration_s=4.0)
    make_sound(folder / "a.wav", 12)
    bench.put("good")
    bench.run()
    assert bench.stuck() == []
    assert segments(bench, "short")
