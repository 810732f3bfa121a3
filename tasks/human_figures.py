"""The paper's two figures of the prescreen, set beside ours: what people keep of it, and whose label they share."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from osmo.schemas.vocabulary import vocabulary
from osmo.tasks.answers import clip_answers
from osmo.tasks.intervals import Share, share
from osmo.tasks.quality_report import PrescreenQuality

PAPER_KEPT, PAPER_OVERLAP = 0.88, 0.486
"""Of the paper's prescreen: clips that people kept, and overlap of its labels with theirs."""

KEPT, OVERLAP = "kept by people", "label shared with people"


@dataclass(frozen=True)
class HumanFigure:
    """One figure, counted here, beside the paper's.

    Attributes:
        figure: kept by people, or label shared with people.
        source: Whose labels: labels.csv, or annotations with what made them (person, simulated, replayed).
        counted: What was counted, and of what.
        ours: The share with its interval.
        paper: The paper's share.
    """

    figure: str
    source: str
    counted: str
    ours: Share
    paper: float


def figures_of_labels(quality: PrescreenQuality) -> list[HumanFigure]:
    """Both figures from human labels that came with recordings."""
    source = "labels.csv"
    return [
        HumanFigure(KEPT, source, "kept segments that people call other than neutral",
                    share(quality.kept_emotional, quality.kept), PAPER_KEPT),
        HumanFigure(OVERLAP, source, "kept segments with the human label",
                    share(quality.kept_equal, quality.kept), PAPER_OVERLAP),
    ]  # fmt: skip


def figures_of_events(
    candidates: pa.Table, publications: pa.Table, annotations: pa.Table, events: pa.Table
) -> list[HumanFigure]:
    """Both figures from our own annotations.

    The first is the share of published clips, of those that somebody answered for, that have an accepted event. The
    second is the share of events, of those that touch a kept segment and name an emotion which implies an Ekman label,
    whose Ekman labels hold that of a kept segment that they touch.

    Args:
        candidates: `CANDIDATES`.
        publications: `PUBLICATIONS`.
        annotations: `ANNOTATIONS`, current revisions.
        events: `EVENTS`.
    """
    answered = clip_answers(annotations)
    published = {str(clip) for clip in publications["clip_id"].to_pylist()} & answered.keys()
    marked = published & {str(clip) for clip in events["clip_id"].to_pylist()}
    made = sorted({source for clip in published for source in answered[clip].finished.values()})
    source = f"annotations ({', '.join(made)})" if made else "annotations"
    shared, compared = _overlap(candidates, events)
    return [
        HumanFigure(KEPT, source, "answered clips with an accepted event",
                    share(len(marked), len(published)), PAPER_KEPT),
        HumanFigure(OVERLAP, source, "events with the label of a kept segment that they touch",
                    share(shared, compared), PAPER_OVERLAP),
    ]  # fmt: skip


def _overlap(candidates: pa.Table, events: pa.Table) -> tuple[int, int]:
    """Events that share a label with a kept segment, and those that could."""
    kept = candidates.filter(candidates["kept"]) if candidates.num_rows else candidates
    columns = ("recording_id", "start_s", "end_s", "label")
    said: dict[str, list[tuple[float, float, str]]] = defaultdict(list)
    for recording, start_s, end_s, label in zip(*(kept[name].to_pylist() for name in columns), strict=True):
        said[recording].append((start_s, end_s, label))
    words = vocabulary()
    shared = compared = 0
    named = events.filter(pc.greater(pc.list_value_length(events["emotions"]), pa.scalar(0)))
    columns = ("recording_id", "start_s", "end_s", "emotions")
    for recording, start_s, end_s, emotions in zip(*(named[name].to_pylist() for name in columns), strict=True):
        touched = {label for first, last, label in said.get(recording, ()) if first < end_s and last > start_s}
        felt = {words.get(concept).ekman for concept in emotions} - {None}
        if touched and felt:
            compared += 1
            shared += bool(touched & felt)
    return shared, compared
