"""osmo sense-report, as a user calls it, over chains that the stages of a pipeline made."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from osmo.schemas.config import load_config
from osmo.schemas.table import Table
from osmo.schemas.tables import ANNOTATIONS, CLIPS, PULLS, RECORDINGS
from osmo.storage.store import Store
from osmo.tasks.pipeline import Pipeline

OsmoHere = Callable[..., tuple[str, str]]
AT = datetime(2026, 11, 1, tzinfo=UTC)
CAUSES = {
    "joy/joy": ("positive", "the old friend came back with a cake"),
    "anger/anger": ("negative", "the bus left without her at the stop"),
}


def told_store(folder: Path, *, clips: int) -> Path:
    """A store with one event a clip and its chain; gives its configuration."""
    config = folder / "osmo.toml"
    config.write_text(f'[store]\nuri = "{folder / "store"}"\nbuckets = 1\n', encoding="utf-8")
    store = Store.open(str(folder / "store"), buckets=1)
    pipeline = Pipeline(store, load_config(config))
    places = range(clips)
    _append(store, RECORDINGS, [_recording(n) for n in range(5)], "", [f"r{n}" for n in range(5)])
    _append(store, CLIPS, [_clip(n) for n in places], "", [f"c{n}" for n in places])
    _append(store, PULLS, [_pull(n) for n in places], "", [f"pull{n}" for n in places])
    fingerprint = pipeline.stage("annotations").fingerprint
    answers = [row for n in places for row in (_answer(n), _annotation(n))]
    _append(store, ANNOTATIONS, answers, fingerprint, [f"pull{n}" for n in places for _ in range(2)])
    for stage in ("judge:rubric", "cues:visual", "cues:acoustic", "cues:ocular", "sense:composer"):
        pipeline = pipeline.renew()
        pipeline.run_bucket(stage, 0)
    return config


def _append(store: Store, table: Table, rows: list[dict[str, object]], fingerprint: str, keys: list[str]) -> None:
    store.append(table, 0, table.rows(rows), fingerprint=fingerprint, input_keys=pa.array(keys, pa.string()))


def _recording(number: int) -> dict[str, object]:
    return {
        "recording_id": f"r{number}", "dataset": "d", "subject_id": f"s{number}", "language": "en", "duration_s": 9e4,
        "time_domain": "unknown", "synthetic": True, "metadata": "{}", "source": "folder", "source_uri": "r",
        "recording_key": f"k{number}", "video_reason": "none", "audio_reason": "none", "eye_reason": "none",
    }  # fmt: skip


def _clip(place: int) -> dict[str, object]:
    start_s = 30.0 * place
    return {
        "clip_id": f"c{place}", "recording_id": f"r{place % 5}", "start_s": start_s, "end_s": start_s + 30.0,
        "segment_ids": [], "labels": [],
    }  # fmt: skip


def _pull(place: int) -> dict[str, object]:
    return {
        "recording_id": f"r{place % 5}", "source": "simulated", "media_sha256": "0" * 64, "clip_id": f"c{place}",
        "instance": "i", "unique_id": f"u{place}", "annotator_id": "p", "updated_at": AT, "deleted": False,
        "payload": "{}",
    }  # fmt: skip


def _answer(place: int) -> dict[str, object]:
    """The clip as a whole: that it was finished."""
    region = ("start_s", "end_s", "polarity", "intensity", "cause")
    whole: dict[str, object] = {"region_id": None, "content_key": f"w{place}", "emotions": [], "own_words": []}
    return {**{name: value for name, value in _annotation(place).items() if name not in region}, **whole}


def _annotation(place: int) -> dict[str, object]:
    concept = list(CAUSES)[place % 2]
    polarity, cause = CAUSES[concept]
    return {
        "annotation_id": f"a{place}", "region_id": "r", "revision": 1, "content_key": f"k{place}",
        "clip_id": f"c{place}", "recording_id": f"r{place % 5}", "source": "simulated", "media_sha256": "0" * 64,
        "annotator_id": "p", "start_s": 2.0, "end_s": 6.0, "emotions": [concept], "own_words": [], "polarity": polarity,
        "intensity": 2, "cause": cause, "clip_status": "has_emotion", "skipped": False, "deleted": False,
        "created_at": AT, "updated_at": AT, "vocabulary_version": "1",
    }  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return told_store(tmp_path_factory.mktemp("told"), clips=60)


def test_the_report_counts_chains_and_probes_them(osmo_here: OsmoHere, told: Path) -> None:
    found = json.loads(osmo_here("sense-report", "-c", told, "--json")[0])
    assert found["chains"] == 60 and found["refusals"] == []
    assert found["outcomes"]["first"]["hits"] == 60 and found["outcomes"]["composed"]["share"] == 0.0
    [model] = found["models"]
    assert model.startswith("composer@")
    probe = found["leakage"]
    assert probe["classes"] == {"anger": 30, "joy": 30} and probe["grouped_by"] == "subject"
    assert probe["leaks"] is False and probe["notes"] == ["5 subjects are few: intervals that resample them are rough."]


def test_people_are_shown_the_same(osmo_here: OsmoHere, told: Path) -> None:
    out, _ = osmo_here("sense-report", "-c", told)
    assert "60 chains" in out and "100.0 %" in out
    assert "Probe: family of 60 events, balanced accuracy, folds of 5 subjects" in out
    assert "tell no more of the label than their evidence" in out
    assert "5 subjects are few" in out


def test_few_events_are_said_to_be_too_few(osmo_here: OsmoHere, tmp_path: Path) -> None:
    config = told_store(tmp_path, clips=6)
    out, _ = osmo_here("sense-report", "-c", config)
    assert "6 chains" in out and "Probe: too few: fewer than 40 events" in out and "6 events have a chain" in out
