"""The judge's stage: one verdict for each annotation region that the rules let through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from osmo.annotators.answer import Unanswered
from osmo.annotators.judge import Judge, Statement, Verdict
from osmo.annotators.voter import Turn
from osmo.schemas.keys import fingerprint
from osmo.schemas.table import Table
from osmo.schemas.tables import VERDICTS
from osmo.storage.media import Media
from osmo.tasks.acceptance import with_errors
from osmo.tasks.qa.rule import is_region, truth
from osmo.tasks.stage import Outcome
from osmo.tasks.unanswered import open_problem, pause, usage_columns

VERSION = 1

ByBucket = Callable[[int], pa.Table]

_IDENTITY = ("annotation_id", "region_id", "revision", "content_key", "clip_id", "recording_id")
_SAID = (
    "polarity", "polarity_reason", "intensity", "intensity_reason", "cause", "cause_reason",
)  # fmt: skip
_READ = (*_IDENTITY, "start_s", "end_s", "emotions", "own_words", *_SAID)


class JudgeStage:
    """Scores regions with one judge.

    A region with an error finding is not scored: the rules run first and cannot be outvoted. A unit is one content
    key, so regions that say the same are scored once.
    """

    def __init__(
        self,
        judge: Judge,
        *,
        annotations: ByBucket,
        findings: ByBucket,
        clips: ByBucket,
        segments: ByBucket,
        flush_rows: int = 256,
    ) -> None:
        """Bind the stage.

        Args:
            judge: Who scores.
            annotations: Current `ANNOTATIONS` rows of a bucket.
            findings: `FINDINGS` of a bucket.
            clips: `CLIPS` of a bucket.
            segments: `SEGMENTS` of a bucket: what is said during a region.
            flush_rows: Regions after which a part is written.
        """
        self._judge = judge
        self._annotations = annotations
        self._findings = findings
        self._clips = clips
        self._segments = segments
        self._flush_rows = flush_rows

    @property
    def name(self) -> str:
        """judge:<judge>."""
        return f"judge:{self._judge.name}"

    @property
    def writes(self) -> Table:
        """`VERDICTS`."""
        return VERDICTS

    @property
    def fingerprint(self) -> str:
        """Of the judge, its revision and its prompt."""
        return fingerprint(self.name, VERSION, {"revision": self._judge.revision, "prompt_sha": self._judge.prompt_sha})

    @property
    def flush_rows(self) -> int:
        """Regions after which a part is written."""
        return self._flush_rows

    def needs(self, bucket: int) -> pa.Table:
        """Regions without an error finding, the first of each content key; `bucket` tells `compute` where to look."""
        annotations = self._annotations(bucket)
        scored = is_region(annotations) & ~with_errors(annotations, self._findings(bucket))
        scored &= ~truth(annotations["deleted"]) & ~truth(annotations["skipped"])
        rows = annotations.select(list(_READ)).take(np.flatnonzero(scored))
        rows = rows.sort_by([(name, "ascending") for name in ("content_key", "annotation_id", "region_id")])
        keys = np.asarray(rows["content_key"].to_numpy(zero_copy_only=False), dtype=object)
        first = np.ones(len(keys), dtype=np.bool_)
        first[1:] = keys[1:] != keys[:-1]
        rows = rows.filter(pa.array(first))
        rows = rows.append_column("input_key", rows["content_key"])
        return rows.append_column("bucket", pa.repeat(pa.scalar(bucket, pa.int32()), rows.num_rows))

    def compute(self, rows: pa.Table, media: Media) -> Outcome:
        """One verdict per region."""
        listed = rows.to_pylist()
        buckets = sorted({row["bucket"] for row in listed})
        spans = {clip_id: span for bucket in buckets for clip_id, span in _clip_spans(self._clips(bucket)).items()}
        said = {
            recording_id: turns
            for bucket in buckets
            for recording_id, turns in _speech(self._segments(bucket), rows["recording_id"]).items()
        }
        statements = [_statement(row, spans[row["clip_id"]], said.get(row["recording_id"], ())) for row in listed]
        verdicts = self._judge.judge(statements)
        assert len(verdicts) == len(listed), f"judge {self._judge.name} gave {len(verdicts)} for {len(listed)}"
        asked = list(zip(listed, verdicts, strict=True))
        name = self._judge.name
        return Outcome(
            VERDICTS.rows(self._row(row, verdict) for row, verdict in asked if isinstance(verdict, Verdict)),
            [row["input_key"] for row, verdict in asked if isinstance(verdict, Verdict)],
            [
                open_problem(none, name, recording_id=row["recording_id"], key=row["input_key"], what=_place(row))
                for row, none in asked
                if isinstance(none, Unanswered)
            ],
            attempts=sum(one.usage.attempts if isinstance(one, Verdict) else one.attempts for one in verdicts),
            pause=pause(verdicts, name),
        )

    def _row(self, row: Mapping[str, Any], verdict: Verdict) -> dict[str, object]:
        return {
            **{name: row[name] for name in _IDENTITY},
            "judge": self._judge.name,
            "judge_revision": self._judge.revision,
            "prompt_sha": self._judge.prompt_sha,
            "score": verdict.score,
            "abstain_reason": verdict.abstain_reason,
            "rationale": verdict.rationale,
            "raw_text": verdict.raw_text,
            **usage_columns(verdict.usage),
        }


def _place(row: Mapping[str, Any]) -> str:
    return f"annotation {row['annotation_id']}, region {row['region_id']}"


Speech = tuple[float, float, Turn, str | None]
"""Start and end on the recording's clock in seconds, the turn, its language."""


def _statement(row: Mapping[str, Any], clip: tuple[float, float], speech: Sequence[Speech]) -> Statement:
    clip_start_s, clip_end_s = clip
    start_s, end_s = clip_start_s + row["start_s"], clip_start_s + row["end_s"]
    return Statement(
        duration_s=end_s - start_s,
        clip_duration_s=clip_end_s - clip_start_s,
        emotions=tuple(row["emotions"] or ()),
        own_words=tuple(row["own_words"] or ()),
        language=_language(speech),
        dialogue=tuple(turn for begins, ends, turn, _ in speech if begins < end_s and ends > start_s),
        **{name: row[name] for name in _SAID},
    )


def _language(speech: Sequence[Speech]) -> str | None:
    """The most frequent language of the recording's segments, of equals the first by name; null: none is known."""
    counts = Counter(language for *_, language in speech if language is not None)
    return min(counts, key=lambda language: (-counts[language], language)) if counts else None


def _clip_spans(clips: pa.Table) -> dict[str, tuple[float, float]]:
    columns = (clips[name].to_pylist() for name in ("clip_id", "start_s", "end_s"))
    return {clip_id: (start_s, end_s) for clip_id, start_s, end_s in zip(*columns, strict=True)}


def _speech(segments: pa.Table, recordings: pa.ChunkedArray[Any]) -> dict[str, list[Speech]]:
    """What is said in some recordings, by start."""
    theirs = pc.and_(
        pc.is_in(segments["recording_id"], value_set=recordings.combine_chunks()), segments["segment_id"].is_valid()
    )
    rows = segments.filter(theirs).sort_by([("start_s", "ascending"), ("segment_id", "ascending")])
    names = ("recording_id", "start_s", "end_s", "speaker", "text", "language")
    found: dict[str, list[Speech]] = {}
    for recording_id, start_s, end_s, speaker, text, language in zip(
        *(rows[name].to_pylist() for name in names), strict=True
    ):
        found.setdefault(recording_id, []).append((start_s, end_s, Turn(speaker or "unknown", text or ""), language))
    return found
