"""Accepted regions of several people become events on each wearer's timeline."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa

from osmo.schemas.config import QualityConfig
from osmo.schemas.keys import content_key, make_id, milliseconds
from osmo.schemas.tables import EVENTS
from osmo.tasks.acceptance import accepted_regions
from osmo.tasks.answers import NO_ANSWERS, Answers, clip_answers
from osmo.tasks.consolidation import Consensus, Mark, consolidate
from osmo.tasks.matching import Region, link
from osmo.tasks.timeline import Place, places

_PLAIN = (
    "annotation_id", "polarity", "polarity_reason", "intensity", "intensity_reason", "cause", "cause_reason", "source",
)  # fmt: skip


class Clip(NamedTuple):
    """A clip: its id and recording, its times on the recording's clock."""

    clip_id: str
    recording_id: str
    start_ms: int
    end_ms: int


def events(
    annotations: pa.Table,
    findings: pa.Table,
    verdicts: pa.Table,
    reviews: pa.Table,
    clips: pa.Table,
    recordings: pa.Table,
    *,
    settings: QualityConfig,
) -> pa.Table:
    """The events of all clips.

    Accepted regions of those who finished a clip are linked (`matching.link`); a group becomes an event where a
    majority of those who finished the clip are in it. A clip that a majority calls unusable has no events.

    Args:
        annotations: `ANNOTATIONS` body, current revisions.
        findings: `FINDINGS` of these annotations.
        verdicts: `VERDICTS` body of the active judge.
        reviews: `REVIEWS` body.
        clips: `CLIPS`.
        recordings: `RECORDINGS`, one row per recording.
        settings: `accept_score` and `match_iou`.

    Returns:
        `EVENTS` by subject (unknown ones last), recording, start, end, event_id.
    """
    regions = accepted_regions(annotations, findings, verdicts, reviews, accept_score=settings.accept_score)
    marks = _marks_by_clip(regions)
    answers, where = clip_answers(annotations), places(recordings)
    rows = [
        row
        for clip in _clips(clips)
        if clip.clip_id in marks and clip.recording_id in where
        for row in _clip_events(
            clip, marks[clip.clip_id], answers.get(clip.clip_id, NO_ANSWERS), where[clip.recording_id], settings
        )
    ]
    return EVENTS.rows(rows).sort_by(
        [(name, "ascending") for name in ("subject_id", "recording_id", "start_s", "end_s", "event_id")]
    )


def _clip_events(
    clip: Clip, marks: Mapping[Region, Mark], answers: Answers, place: Place, settings: QualityConfig
) -> Iterator[dict[str, object]]:
    if not answers.usable:
        return
    counted = [region for region in marks if region.annotator_id in answers.finished]
    repeats: Counter[tuple[int, int]] = Counter()
    for group in link(counted, threshold=settings.match_iou):
        if 2 * len(group) <= len(answers.finished):
            continue
        said = consolidate([marks[region] for region in group])
        start_ms, end_ms = (
            min(max(clip.start_ms + ms, clip.start_ms), clip.end_ms) for ms in (said.start_ms, said.end_ms)
        )
        ordinal = repeats[start_ms, end_ms]
        repeats[start_ms, end_ms] += 1
        named = ("event", clip.clip_id, start_ms, end_ms, *((ordinal,) if ordinal else ()))
        yield _row(
            make_id(*named),
            clip,
            place,
            (start_ms, end_ms),
            said,
            len(group),
            answers,
            {marks[r].source for r in group},
        )


def _row(
    event_id: str,
    clip: Clip,
    place: Place,
    span_ms: tuple[int, int],
    said: Consensus,
    annotators: int,
    answers: Answers,
    sources: set[str],
) -> dict[str, object]:
    agreement, reason = _agreement(annotators, answers)
    start_ms, end_ms = span_ms
    return {
        "event_id": event_id,
        "subject_id": place.subject_id,
        "recording_id": clip.recording_id,
        "clip_id": clip.clip_id,
        "dataset": place.dataset,
        "language": place.language,
        "start_s": start_ms / 1000,
        "end_s": end_ms / 1000,
        "t_s": None if place.offset_s is None else (milliseconds(place.offset_s) + start_ms) / 1000,
        "emotions": said.emotions,
        "own_words": said.own_words,
        "label_distribution": [{"concept": name, "annotators": count} for name, count in said.label_distribution],
        "polarity": said.polarity,
        "polarity_reason": said.polarity_reason,
        "intensity": said.intensity,
        "intensity_reason": said.intensity_reason,
        "cause": said.cause,
        "cause_reason": said.cause_reason,
        "causes": said.causes,
        "annotators": annotators,
        "finished": len(answers.finished),
        "agreement": agreement,
        "agreement_reason": reason,
        "needs_adjudication": said.needs_adjudication,
        "sources": sorted(sources),
        "annotation_ids": said.annotation_ids,
        "event_key": _event_key(event_id, place, span_ms, said),
    }


def _agreement(annotators: int, answers: Answers) -> tuple[float | None, str | None]:
    """Share of those who finished the clip; null where one of them is no person, or where there is only one."""
    for source in ("simulated", "replayed"):
        if source in answers.finished.values():
            return None, source
    if len(answers.finished) == 1:
        return None, "single_annotator"
    return annotators / len(answers.finished), None


def _event_key(event_id: str, place: Place, span_ms: tuple[int, int], said: Consensus) -> str:
    """Of what the cues and the chain are made from; counts and agreement change nothing in them."""
    lists: list[str | int] = []
    for names in (said.emotions, said.own_words, said.annotation_ids):
        lists.extend((len(names), *names))
    return content_key(
        event_id, *span_ms, place.subject_id, place.language, said.polarity, said.intensity, said.cause, *lists
    )


def _marks_by_clip(regions: pa.Table) -> dict[str, dict[Region, Mark]]:
    """What each accepted region says, by clip."""
    found: dict[str, dict[Region, Mark]] = defaultdict(dict)
    for row in regions.to_pylist():
        start_ms, end_ms = milliseconds(row["start_s"]), milliseconds(row["end_s"])
        region = Region(start_ms, end_ms, row["annotator_id"], f"{row['annotation_id']}\x1f{row['region_id']}")
        said = {name: row[name] for name in _PLAIN}
        found[row["clip_id"]][region] = Mark(
            start_ms=start_ms,
            end_ms=end_ms,
            emotions=tuple(row["emotions"] or ()),
            own_words=tuple(row["own_words"] or ()),
            **said,
        )
    return found


def _clips(clips: pa.Table) -> Sequence[Clip]:
    columns = [clips[name].to_pylist() for name in ("clip_id", "recording_id", "start_s", "end_s")]
    return [
        Clip(clip_id, recording_id, milliseconds(start_s), milliseconds(end_s))
        for clip_id, recording_id, start_s, end_s in zip(*columns, strict=True)
    ]
