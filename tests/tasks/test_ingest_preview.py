"""A preview says what an ingest would take, and writes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from osmo.schemas.config import Source
from osmo.storage.store import Store
from osmo.tasks.ingest import ingest
from osmo.tasks.ingest_preview import Preview, preview


def put(root: Path, name: str, **said: object) -> Path:
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recording.json").write_text(json.dumps({"dataset": "d", **said}))
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (put(root, "a", transcript="t.srt") / "t.srt").write_text("1\n00:00:01,000 --> 00:00:02,500\nhello\n")
    put(root, "b", duration_s="six")
    put(root, "c", duration_s=3, subject_id="Cem", audio="gone.wav")
    return root


def looks(root: Path, store: Store | None = None) -> dict[str, Preview]:
    return {look.name: look for look in preview(store, [Source(path=str(root))])}


def test_it_says_what_would_be_taken_and_what_is_missing_and_why(root: Path) -> None:
    found = looks(root)
    assert {name: look.found for name, look in found.items()} == {"a": "new", "b": "refused", "c": "new"}
    assert (found["a"].duration_s, found["a"].files["transcript"]) == (2.5, 1)
    assert found["a"].missing == {
        "video": "not in recording.json",
        "audio": "not in recording.json, and there is no video",
        "eye": "not in recording.json",
        "gaze": "the owner gives no gaze",
        "subject": "not in recording.json",
    }
    assert found["c"].missing["audio"] == "gone.wav is missing"
    assert "gone.wav is missing" in found["c"].flaws[0]
    assert "duration_s" in found["b"].flaws[0] and found["b"].recording_id is None


def test_it_writes_nothing_and_knows_what_the_store_has(root: Path, tmp_path: Path) -> None:
    store = Store.open(str(tmp_path / "store"), buckets=2)
    ingest(store, [Source(path=str(root))])
    put(root, "c", duration_s=4, subject_id="Cem")
    before = store.objects.list("")
    found = looks(root, store)
    assert {name: look.found for name, look in found.items()} == {"a": "unchanged", "b": "refused", "c": "changed"}
    assert store.objects.list("") == before


def test_a_place_that_is_away_is_said(tmp_path: Path) -> None:
    [look] = looks(tmp_path / "away").values()
    assert (look.found, look.recording_id) == ("unreachable", None)
    assert str(tmp_path / "away") in look.flaws[0]
