"""Builders of human tables that many tests share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from osmo.schemas.keys import content_key
from osmo.schemas.tables import ANNOTATIONS, CLIPS

Build = Callable[..., pa.Table]

_REGION: dict[str, object] = {
    "start_s": 1.0,
    "end_s": 4.0,
    "emotions": ["anger"],
    "own_words": [],
    "uncertain": False,
    "polarity": "negative",
    "intensity": 2,
    "cause": "the bus left without her",
}
_CLIP: dict[str, object] = {"clip_status": "has_emotion"}


@pytest.fixture
def annotations() -> Build:
    """Build `ANNOTATIONS` from what each row says beside a complete, valid region (or clip, where region_id is null).

    Unless named: clip c1 of recording r1, annotator a, annotation <annotator>-<clip>, a region_id by place.
    """

    def build(*rows: dict[str, object]) -> pa.Table:
        return ANNOTATIONS.rows(_annotation(place, row) for place, row in enumerate(rows))

    return build


@pytest.fixture
def clips() -> Build:
    """Build `CLIPS` from (clip_id, start_s, end_s) of recording r1."""

    def build(*spans: tuple[str, float, float]) -> pa.Table:
        return CLIPS.rows(
            {
                "clip_id": clip_id,
                "recording_id": "r1",
                "start_s": start_s,
                "end_s": end_s,
                "segment_ids": [],
                "labels": [],
            }
            for clip_id, start_s, end_s in spans
        )

    return build


def _annotation(place: int, given: dict[str, object]) -> dict[str, object]:
    annotator, clip = given.get("annotator_id", "a"), given.get("clip_id", "c1")
    at = datetime(2026, 11, 1, tzinfo=UTC)
    row: dict[str, object] = {
        "annotation_id": f"{annotator}-{clip}",
        "region_id": f"region{place}",
        "revision": 1,
        "clip_id": clip,
        "recording_id": "r1",
        "annotator_id": annotator,
        "source": "person",
        "media_sha256": "sha",
        "skipped": False,
        "deleted": False,
        "created_at": at,
        "updated_at": at,
        "vocabulary_version": "1",
        **(_REGION if given.get("region_id", "") is not None else _CLIP),
        **given,
    }
    said = ("start_s", "end_s", "emotions", "polarity", "intensity", "cause", "clip_status")
    key = content_key(*(str(row.get(name)) for name in ("annotation_id", "region_id", *said)))
    return {"content_key": key, **row}
