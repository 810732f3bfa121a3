"""A small world of real tables and real files, and releases made of it; tests/conftest.py loads these fixtures."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from osmo.schemas.manifest import ConsentSnapshot, FunnelStep, LabelStudioExport, Manifest, Provenance
from osmo.schemas.tables import TABLES
from osmo.storage.media import MediaCache
from osmo.storage.store import Store

DAY = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
SUBJECTS = (("ann", "en"), ("bo", "zh"), ("cy", "en"), ("di", "en"))
Release = Callable[..., Manifest]


@dataclass(frozen=True)
class World:
    """A store with clips' videos, and the current views over it."""

    store: Store
    tables: dict[str, pa.Table]
    provenance: Provenance

    def having(self, **tables: pa.Table) -> World:
        """The same world with other tables."""
        return replace(self, tables={**self.tables, **tables})


def recording(subject: str, language: str, day: int) -> dict[str, object]:
    rid = f"{subject}-{day}"
    file = {"uri": f"/srv/raw/{rid}/video.mp4", "sha256": "ab" * 32, "bytes": 9, "start_s": 0.0, "duration_s": 300.0}
    return {
        "recording_id": rid, "dataset": "toy", "subject_id": subject, "session_group": None, "language": language,
        "started_at": DAY + timedelta(days=day), "duration_s": 300.0, "video": [file], "audio": [file],
        "eye_reason": "no eye camera", "transcript_uri": f"s3://lab-bucket/{rid}/transcript.csv",
        "transcript_sha256": "cd" * 32, "time_domain": "utc", "synthetic": True, "metadata": "{}", "source": "folder",
        "source_uri": f"/srv/raw/{rid}", "recording_key": f"key-{rid}",
    }  # fmt: skip


def clip_rows(rid: str, index: int, cache: MediaCache, scratch: Path) -> dict[str, list[dict[str, object]]]:
    """All rows of one clip with one event, and its video in the cache."""
    video = scratch / f"{rid}-{index}.mp4"
    video.write_bytes(f"video of {rid}, clip {index}".encode() * 20)
    cached = cache.put(video)
    start = 100.0 * index
    cid, eid, aid, sid = (f"{kind}-{rid}-{index}" for kind in ("clip", "event", "annotation", "segment"))
    subject, day = rid.split("-")
    of = {"recording_id": rid}
    revision = {
        "annotation_id": aid,
        "region_id": "r1",
        "revision": 1,
        "content_key": f"ck-{aid}",
        "clip_id": cid,
        **of,
    }
    made = {"created_at": DAY, "updated_at": DAY}
    return {
        "media": [{
            **of, "kind": "clip", "clip_id": cid, "source_sha256": "ef" * 32, "uri": cached.uri,
            "sha256": cached.sha256, "bytes": cached.bytes, "start_s": start, "duration_s": 30.0, "fps": 10.0,
            "width": 64, "height": 36, "sample_rate_hz": 16000, "captioned": False, "silent": False, "encoder": "x264",
        }],
        "segments": [{
            **of, "segment_id": sid, "start_s": start + 5, "end_s": start + 8, "text": "mail me: ann@example.org",
            "language": "en", "speaker": "wearer", "in_media": True, "source": "sidecar",
        }],
        "candidates": [{
            **of, "segment_id": sid, "start_s": start + 5, "end_s": start + 8, "speaker": "wearer", "label": "joy",
            "votes_for": 3, "votes_cast": 3, "kept": True,
        }],
        "clips": [{
            **of, "clip_id": cid, "start_s": start, "end_s": start + 30, "segment_ids": [sid], "labels": ["joy"],
        }],
        "annotations": [{
            **revision, **made, "annotator_id": "p1", "source": "simulated", "start_s": 5.0, "end_s": 8.0,
            "media_sha256": cached.sha256, "emotions": ["joy"], "own_words": ["glad"], "polarity": "positive",
            "intensity": 2, "cause": "tea came", "skipped": False, "deleted": False, "vocabulary_version": "1",
        }],
        "verdicts": [{**revision, "judge": "rubric", "judge_revision": "1", "score": 9, "rationale": "complete"}],
        "reviews": [],
        "events": [{
            **of, "event_id": eid, "subject_id": subject, "clip_id": cid, "dataset": "toy", "language": "en",
            "start_s": start + 5, "end_s": start + 8, "t_s": 86400.0 * int(day) + start + 5, "emotions": ["joy"],
            "own_words": ["glad"], "label_distribution": [{"concept": "joy", "annotators": 1}], "polarity": "positive",
            "intensity": 2, "cause": "tea came", "causes": ["tea came"], "annotators": 1, "finished": 1,
            "agreement_reason": "simulated", "needs_adjudication": False, "sources": ["simulated"],
            "annotation_ids": [aid], "event_key": f"ek-{eid}",
        }],
        "cues": [{
            **of, "event_id": eid, "modality": "visual", "extractor": "motion", "text": "The view moves.",
            "evidence": [{"name": "motion", "value": 0.5, "unit": "px"}], "confidence": 0.8,
        }],
        "reasoning": [{
            **of, "event_id": eid, "step": step, "name": "visual", "text": "The view moves.", "cited": ["cue:visual"],
            "model": "composer", "history": [],
        } for step in range(1, 7)],
    }  # fmt: skip


def build_world(store: Store, scratch: Path) -> World:
    rows: dict[str, list[dict[str, object]]] = {"recordings": []}
    cache = MediaCache(store.objects)
    scratch.mkdir(parents=True, exist_ok=True)
    for subject, language in SUBJECTS:
        for day in range(3):
            rows["recordings"].append(recording(subject, language, day))
            for index in range(2):
                for name, made in clip_rows(f"{subject}-{day}", index, cache, scratch).items():
                    rows.setdefault(name, []).extend(made)
    tables = {name: TABLES[name].rows(listed) for name, listed in rows.items()}
    labels = pa.array(["joy"] * tables["candidates"].num_rows, pa.string())
    tables["candidates"] = tables["candidates"].append_column("label_lexicon", labels)
    return World(store, tables, provenance())


def provenance() -> Provenance:
    return Provenance(
        git_commit="0" * 40,
        osmo_version="0.1.0",
        vocabulary_version="1",
        config={"prescreen": {"quorum": 3}},
        models={"lexicon": "1"},
        prompts={},
        label_studio=(LabelStudioExport(instance="ls-1", project_id=1, export_ids=("pull-1",)),),
        consents=(ConsentSnapshot(subject_id="ann", scope="research", status="given", at=DAY),),
        funnel=(FunnelStep(step="recordings", count=12, hours=1.0), FunnelStep(step="events", count=24)),
    )


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Twelve recordings of four subjects with 24 events, in a local store."""
    return build_world(Store.open(str(tmp_path / "store"), buckets=4), tmp_path / "scratch")


@pytest.fixture
def world_anywhere(store_uri: str, tmp_path: Path) -> World:
    """The same, once in a local store and once on an S3 server."""
    return build_world(Store.open(store_uri, buckets=4), tmp_path / "scratch")


@pytest.fixture
def release() -> Release:
    """Publish a release of a world: toy 0.1.0, unless other options are given."""
    from osmo.tasks.release import create

    def publish(world: World, **options: object) -> Manifest:
        given: dict[str, object] = {
            "name": "toy", "version": "0.1.0", "title": "Toy timelines", "license": "other", "seed": 0,
            "provenance": world.provenance, **options,
        }  # fmt: skip
        return create(world.store, world.tables, **given)  # type: ignore[arg-type]

    return publish


def tree(root: Path) -> dict[str, str]:
    """Hash of every file below a folder."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
