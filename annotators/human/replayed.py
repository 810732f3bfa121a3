"""The replayed annotator: enters the human labels that came with a dataset, as one account named as what it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from pydantic import JsonValue

from osmo.annotators.human.pseudonyms import REPLAYED
from osmo.annotators.human.session import AnnotatorSession, clip_result, region_results
from osmo.schemas.keys import make_id, milliseconds
from osmo.schemas.label_studio import POLARITIES
from osmo.schemas.vocabulary import EKMAN_LABELS, Vocabulary

EMAIL = f"replay@{REPLAYED}"

Row = Mapping[str, Any]


def replay(session: AnnotatorSession, project_id: int, clips: pa.Table, vocabulary: Vocabulary) -> int:
    """Enter the wearer's labels on every clip that this account has not answered yet.

    Nothing is added to what the labels say: a field that they do not have is left out, and is later null with the
    reason `not_collected`.

    Args:
        session: Logged in as `EMAIL`.
        project_id: Of the labelling project.
        clips: clip_id, task_id, start_s and end_s (seconds from the recording's start), labels (list of struct
            {start_s, end_s, emotion, sentiment, intensity, cause}, the wearer's, seconds from the recording's start;
            sentiment, intensity and cause may be null).
        vocabulary: Concepts.

    Returns:
        How many annotations were entered.
    """
    waiting = {task.id for task in session.unanswered(project_id)}
    entered = 0
    for clip in clips.to_pylist():
        if clip["task_id"] in waiting:
            session.annotate(clip["task_id"], replayed_result(clip, vocabulary), lead_time_s=0.0)
            entered += 1
    return entered


def replayed_result(clip: Row, vocabulary: Vocabulary) -> list[JsonValue]:
    """What the labels say of a clip: a region for the part of each that can be seen in it, neutral ones left out."""
    results: list[JsonValue] = []
    duration_s = clip["end_s"] - clip["start_s"]
    for label in clip["labels"] or []:
        start_s = max(label["start_s"], clip["start_s"]) - clip["start_s"]
        end_s = min(label["end_s"], clip["end_s"]) - clip["start_s"]
        if end_s <= start_s or label["emotion"] == "neutral":
            continue
        known = label["emotion"] in EKMAN_LABELS
        sentiment, intensity = label.get("sentiment"), label.get("intensity")
        results += region_results(
            make_id("replay", milliseconds(label["start_s"]), milliseconds(label["end_s"]), label["emotion"]),
            round(start_s, 3),
            round(end_s, 3),
            duration_s=duration_s,
            concepts=[vocabulary.from_ekman(label["emotion"])] if known else [],
            own_words=[] if known else [label["emotion"]],
            polarity=sentiment if sentiment in POLARITIES else None,
            intensity=int(intensity) if intensity in (1, 2, 3) else None,
            cause=label.get("cause") or None,
        )
    return [*results, clip_result("has_emotion" if results else "no_emotion")]
