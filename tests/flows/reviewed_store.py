"""A store of annotations with verdicts and reviews that are made up, in shares that a seed decides."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from osmo.schemas.config import load_config
from osmo.schemas.tables import ANNOTATIONS, CLIPS, PULLS, REVIEWS, VERDICTS
from osmo.storage.store import Store
from osmo.tasks.pipeline import Pipeline

AT = datetime(2026, 11, 1, tzinfo=UTC)
COMMON = {"recording_id": "r1", "source": "simulated", "media_sha256": "0" * 64}
HOW_OFTEN = {1: 1, 2: 3, 3: 4, 4: 5, 5: 6, 6: 9, 7: 14, 8: 24, 9: 22, 10: 12}
"""How often each score is given, of 100."""


def reviewed_store(folder: Path, *, regions: int, seed: int = 7, judge: str = "rubric") -> Path:
    """Make the store and give its configuration.

    Higher scores are right more often, and are reviewed more often; one region in fifty has no score.
    """
    config = folder / "osmo.toml"
    config.write_text(
        f'[store]\nuri = "{folder / "store"}"\nbuckets = 1\n[quality]\njudge = "{judge}"\n'
        '[models.llama3]\nurl = "http://127.0.0.1:8105/v1"\nmodel = "meta-llama/Meta-Llama-3-8B-Instruct"\n'
        f'revision = "{"0" * 40}"\n',
        encoding="utf-8",
    )
    store = Store.open(str(folder / "store"), buckets=1)
    pipeline = Pipeline(store, load_config(config))
    numbers = random.Random(seed)
    named = [_identity(place) for place in range(regions)]
    _append(store, PULLS, [_pull()], "", ["pull"])
    annotated = [{**one, **COMMON, **_said(place)} for place, one in enumerate(named)]
    _append(store, ANNOTATIONS, annotated, pipeline.stage("annotations").fingerprint, ["pull"] * regions)
    _append(store, CLIPS, [_clip(place) for place in range(regions)], "", [f"c{place}" for place in range(regions)])
    scores = [_score(numbers) for _ in named]
    verdicts = [
        {**one, "judge": judge, "judge_revision": "made up", "score": score,
         "abstain_reason": "unreadable: made up" if score is None else None}
        for one, score in zip(named, scores, strict=True)
    ]  # fmt: skip
    fingerprint = pipeline.stage(f"judge:{judge}").fingerprint
    _append(store, VERDICTS, verdicts, fingerprint, [str(one["content_key"]) for one in named])
    reviews = [_review(one, score or 5, numbers) for one, score in zip(named, scores, strict=True)]
    store.append_rows(REVIEWS, [one for one in reviews if one is not None])
    return config


def _append(store: Store, table: object, rows: list[dict[str, object]], fingerprint: str, keys: list[str]) -> None:
    store.append(table, 0, table.rows(rows), fingerprint=fingerprint, input_keys=pa.array(keys))  # type: ignore[arg-type, attr-defined]  # one of ours


def _identity(place: int) -> dict[str, object]:
    return {
        "annotation_id": f"a{place}", "region_id": f"r{place}", "revision": 1, "content_key": f"k{place}",
        "clip_id": f"c{place}", "recording_id": "r1",
    }  # fmt: skip


def _pull() -> dict[str, object]:
    return {
        **COMMON, "clip_id": "c0", "instance": "i", "unique_id": "u", "annotator_id": "p", "updated_at": AT,
        "deleted": False, "payload": "{}",
    }  # fmt: skip


def _said(place: int) -> dict[str, object]:
    return {
        "annotator_id": f"p{place % 5}", "start_s": 2.0, "end_s": 6.0, "emotions": ["anger/anger"], "own_words": [],
        "polarity": "negative", "intensity": 2, "cause": "the bus left without her", "skipped": False,
        "deleted": False, "created_at": AT, "updated_at": AT, "vocabulary_version": "1",
    }  # fmt: skip


def _clip(place: int) -> dict[str, object]:
    return {
        "clip_id": f"c{place}", "recording_id": "r1", "start_s": 30.0 * place, "end_s": 30.0 * place + 30.0,
        "segment_ids": [], "labels": [],
    }  # fmt: skip


def _score(numbers: random.Random) -> int | None:
    drawn = numbers.choices(list(HOW_OFTEN), list(HOW_OFTEN.values()))[0]
    return None if numbers.random() < 0.02 else drawn


def _review(one: dict[str, object], score: int, numbers: random.Random) -> dict[str, object] | None:
    if numbers.random() > 0.14 + 0.03 * score:
        return None
    right = numbers.random() < 0.05 + 0.9 * ((score - 1) / 9) ** 0.8
    wrong = None if right else numbers.choice(("category", "localization", "reasoning"))
    aspects = {name: name != wrong for name in ("category", "localization", "reasoning")}
    return {**one, **aspects, "reviewer_id": "p", "reviewed_at": AT}
