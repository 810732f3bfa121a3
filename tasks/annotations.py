"""Annotations: raw pulls become one row per region and one for the clip. Rebuilt from the pulls at any time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from osmo.annotators.human.answers import ClipAnswer, RegionAnswer, UnreadableAnnotationError, read_answer
from osmo.schemas.keys import content_key, fingerprint, make_id, milliseconds
from osmo.schemas.table import Table
from osmo.schemas.tables import ANNOTATIONS
from osmo.schemas.vocabulary import Vocabulary
from osmo.storage.media import Media
from osmo.tasks.stage import Outcome, Problem

Row = Mapping[str, Any]


class AnnotationStage:
    """Reads pulls. It needs nothing else, so a quarantined part of `annotations` is computed anew from them."""

    name = "annotations"
    writes: Table = ANNOTATIONS
    flush_rows = 500

    def __init__(self, vocabulary: Vocabulary, pulls: Callable[[int], pa.Table]) -> None:
        """Bind the stage.

        Args:
            vocabulary: Concept ids and aliases.
            pulls: The rows of `PULLS` of a bucket, as stored: with their `input_key`.
        """
        self._vocabulary = vocabulary
        self._pulls = pulls

    @property
    def fingerprint(self) -> str:
        """Of its version and the vocabulary's."""
        return fingerprint(self.name, 1, {"vocabulary": self._vocabulary.version})

    def needs(self, bucket: int) -> pa.Table:
        """The pulls of a bucket: a pull's key is its own."""
        return self._pulls(bucket)

    def compute(self, rows: pa.Table, media: Media) -> Outcome:
        """One row per region and one for the clip; a payload that cannot be read is a permanent problem, and stays."""
        made: list[dict[str, object]] = []
        keys: list[str] = []
        problems: list[Problem] = []
        for pull in rows.to_pylist():
            try:
                read = self._rows(pull)
            except UnreadableAnnotationError as error:
                problems.append(
                    Problem(
                        pull["recording_id"],
                        pull["input_key"],
                        True,
                        str(error),
                        f"pulls: {pull['instance']}/{pull['unique_id']}",
                        "The raw pull is kept. Save the annotation again in Label Studio and collect, then build.",
                    )
                )
                continue
            made += read
            keys += [pull["input_key"]] * len(read)
        return Outcome(ANNOTATIONS.rows(made), keys, problems)

    def _rows(self, pull: Row) -> list[dict[str, object]]:
        answer = read_answer(pull["payload"], self._vocabulary)
        annotation_id = make_id("annotation", pull["instance"], pull["unique_id"])
        common: dict[str, object] = {
            "annotation_id": annotation_id,
            "revision": _epoch_ms(pull["updated_at"]),
            "clip_id": pull["clip_id"],
            "recording_id": pull["recording_id"],
            "annotator_id": pull["annotator_id"],
            "source": pull["source"],
            "media_sha256": pull["media_sha256"],
            "skipped": answer.pulled.was_cancelled,
            "deleted": pull["deleted"],
            "lead_time_s": answer.pulled.lead_time,
            "created_at": answer.pulled.created_at.astimezone(UTC),
            "updated_at": pull["updated_at"],
            "vocabulary_version": self._vocabulary.version,
        }
        whole = common | _clip_columns(answer)
        made = [whole]
        if not pull["deleted"]:
            absent = "not_collected" if pull["source"] == "replayed" else "missing"
            made += [common | _region_columns(region, absent) for region in answer.regions]
        return [row | {"content_key": _content_key(row)} for row in made]


def current_annotations(rows: pa.Table) -> pa.Table:
    """The newest revision of each annotation, without deleted and skipped ones.

    Args:
        rows: Rows of `ANNOTATIONS`.

    Returns:
        The same columns, in order of annotation, then the clip's row, then its regions by time.
    """
    newest = rows.group_by("annotation_id").aggregate([("revision", "max")])
    best = dict(zip(newest["annotation_id"].to_pylist(), newest["revision_max"].to_pylist(), strict=True))
    wanted = pa.array([best[annotation] for annotation in rows["annotation_id"].to_pylist()], pa.int64())
    keep = pc.and_(pc.equal(rows["revision"], wanted), pc.invert(pc.or_(rows["deleted"], rows["skipped"])))
    kept = rows.filter(keep)
    columns: list[pa.Array[Any] | pa.ChunkedArray[Any]] = [
        kept["annotation_id"], pc.is_valid(kept["region_id"]).cast(pa.int8()), kept["start_s"], kept["region_id"],
    ]  # fmt: skip
    names = ["annotation_id", "region", "start_s", "region_id"]
    order = pc.sort_indices(pa.table(columns, names=names), sort_keys=[(name, "ascending") for name in names])
    return kept.take(order)


def _clip_columns(answer: ClipAnswer) -> dict[str, object]:
    return {"region_id": None, "clip_status": answer.clip_status, "note": answer.note}


def _region_columns(region: RegionAnswer, absent: str) -> dict[str, object]:
    return {
        "region_id": region.region_id,
        "start_s": region.start_s,
        "end_s": region.end_s,
        "emotions": sorted(region.emotions),
        "own_words": region.own_words,
        "uncertain": region.uncertain,
        "polarity": region.polarity,
        "polarity_reason": None if region.polarity else absent,
        "intensity": region.intensity,
        "intensity_reason": None if region.intensity else absent,
        "cause": region.cause,
        "cause_reason": None if region.cause else absent,
    }


_SAID = ("annotation_id", "region_id", "polarity", "intensity", "cause", "clip_status", "note", "skipped", "deleted")


def _content_key(row: Row) -> str:
    """Of what was said, not of when it was saved: saving again without a change keeps findings and verdicts."""
    times = [None if row.get(name) is None else milliseconds(row[name]) for name in ("start_s", "end_s")]
    words = [*row.get("emotions", ()), "|", *row.get("own_words", ()), "|", row.get("uncertain")]
    return content_key(*(row.get(name) for name in _SAID), row["media_sha256"], *times, *words)


def _epoch_ms(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // _MILLISECOND


_MILLISECOND = timedelta(milliseconds=1)
