"""What is not there yet and will be asked about, foretold by ratios of what is."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from osmo.schemas.config import OsmoConfig
from osmo.tasks.answers import clip_answers
from osmo.tasks.candidates import candidates
from osmo.tasks.clips import ACTIVE, clip_status
from osmo.tasks.pipeline import Pipeline
from osmo.tasks.spending import BALLOT, CODED, USAGE

SEGMENT_S, SEGMENT_CHARS, EVENT_S = 4.0, 40.0, 5.0
"""A segment's and an event's length in seconds, and a segment's characters, where none is known; assumed."""


@dataclass(frozen=True)
class Expected:
    """Units that a build has yet to make before they can be asked about.

    Attributes:
        segments: Of recordings that are not segmented.
        clips: Clips in all, those that are there among them.
        regions: Regions that annotators have yet to mark.
        events: Events of clips that nobody has answered for yet.
        uncued: Events that are there and whose cues are not, so that no chain is asked for yet.
    """

    segments: float
    clips: float
    regions: float
    events: float
    uncued: float = 0.0


def expected_of_hours(hours: float, config: OsmoConfig) -> Expected:
    """All that recordings of some hours will bring."""
    cost = config.cost
    return _downstream(hours * cost.segments_per_hour, hours * cost.segments_per_hour, 0, 0, 0, 0, config)


def expected(pipeline: Pipeline, *, segments: int, some_voted: bool) -> Expected:
    """What a store's build has yet to make.

    Args:
        pipeline: Its stages and views.
        segments: Segments that there are.
        some_voted: Whether any has all its votes; otherwise what follows from votes is not looked for.
    """
    views = pipeline.views
    coming = _unsegmented_hours(pipeline) * pipeline.config.cost.segments_per_hour
    complete = kept = clips = 0
    if some_voted:
        for bucket in views.buckets:
            voted = _voted(pipeline, bucket)
            complete += voted.num_rows
            kept += voted.num_rows - voted["dropped_reason"].drop_null().length()
            made = views.clips(bucket)
            if made.num_rows:
                clips += clip_status(made, voted)["status"].to_pylist().count(ACTIVE)
    answers = clip_answers(views.everywhere(views.annotations))
    done = sum(len(one.finished) + len(one.unusable) for one in answers.values())
    unvoted = coming + max(0, segments - complete)
    return _downstream(coming, unvoted, kept, clips, len(answers), done, pipeline.config)


def voter_rows(pipeline: Pipeline, voter: str, bucket: int) -> pa.Table:
    """What a voter's rows say and took: the ballot and the bill from one read, since it is parts that take long."""
    return pipeline.views.rows_of(f"prescreen:{voter}", bucket, ["input_key", *BALLOT, *USAGE], dictionary=CODED)


def _voted(pipeline: Pipeline, bucket: int) -> pa.Table:
    """`CANDIDATES` of a bucket."""
    prescreen = pipeline.config.prescreen
    votes = [voter_rows(pipeline, name, bucket).select(list(BALLOT)) for name in prescreen.voters]
    return candidates(
        pipeline.views.spoken(bucket),
        pa.concat_tables(votes).unify_dictionaries(),
        voters=prescreen.voters,
        quorum=prescreen.quorum,
        min_voters=prescreen.min_voters,
    )


def _downstream(
    segments: float, unvoted: float, kept: int, clips: int, answered: int, done: int, config: OsmoConfig
) -> Expected:
    cost = config.cost
    all_clips = (
        max(float(clips), kept * cost.clips_per_candidate) + unvoted * cost.kept_share * cost.clips_per_candidate
    )
    label = config.label
    each = label.simulated or (1 if label.replay else label.overlap)
    return Expected(
        segments=segments,
        clips=all_clips,
        regions=max(0.0, all_clips * each - done) * cost.regions_per_annotation,
        events=max(0.0, all_clips - answered) * cost.events_per_clip,
    )


def _unsegmented_hours(pipeline: Pipeline) -> float:
    """Length of the recordings that are not segmented yet; one of unknown length counts for nothing."""
    seconds = 0.0
    for bucket in pipeline.views.buckets:
        left = pipeline.todo("segment", bucket).rows
        if left.num_rows:
            recordings = pipeline.views.recordings(bucket)
            theirs = pc.is_in(recordings["recording_id"], value_set=left["recording_id"].combine_chunks())
            seconds += pc.sum(recordings.filter(theirs)["duration_s"]).as_py() or 0.0
    return seconds / 3600
