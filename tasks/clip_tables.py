"""What later stages see of clips: to be cut, to be shown to people, to be replayed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

Row = Mapping[str, Any]

_LINE = pa.struct([("speaker", pa.string()), ("text", pa.string()), ("start_s", pa.float64()), ("end_s", pa.float64())])
_SHOWN_COLUMNS: dict[str, pa.DataType] = {
    "clip_id": pa.string(),
    "recording_id": pa.string(),
    "media_uri": pa.string(),
    "media_sha256": pa.string(),
    "dialogue": pa.list_(_LINE),
    "fps": pa.float64(),
    "language": pa.string(),
}
_SHOWN = pa.schema(_SHOWN_COLUMNS)
_LABEL = pa.struct(
    [
        ("start_s", pa.float64()),
        ("end_s", pa.float64()),
        ("emotion", pa.string()),
        ("sentiment", pa.string()),
        ("intensity", pa.int8()),
        ("cause", pa.string()),
    ]
)
_REPLAYED_COLUMNS: dict[str, pa.DataType] = {
    "clip_id": pa.string(),
    "task_id": pa.int64(),
    "start_s": pa.float64(),
    "end_s": pa.float64(),
    "labels": pa.list_(_LABEL),
}
_REPLAYED = pa.schema(_REPLAYED_COLUMNS)


def clips_to_cut(clips: pa.Table, media: pa.Table) -> pa.Table:
    """Clips whose recording has a proxy.

    Args:
        clips: `CLIPS` rows.
        media: `MEDIA` rows of recordings.

    Returns:
        clip_id, recording_id, start_s, end_s (seconds of the recording) and proxy_sha256, in order of the clips.
    """
    proxies = media.filter(pc.equal(media["kind"], pa.scalar("proxy")))
    sha = dict(zip(proxies["recording_id"].to_pylist(), proxies["sha256"].to_pylist(), strict=True))
    chosen = clips.select(["clip_id", "recording_id", "start_s", "end_s"])
    chosen = chosen.append_column(
        "proxy_sha256", pa.array([sha.get(owner) for owner in chosen["recording_id"].to_pylist()], pa.string())
    )
    return chosen.filter(pc.is_valid(chosen["proxy_sha256"]))


def clips_to_show(clips: pa.Table, media: pa.Table, segments: pa.Table, recordings: pa.Table) -> pa.Table:
    """Clips that have media, with what people see beside it: the dialogue, and nothing that a model said.

    Args:
        clips: `CLIPS` rows.
        media: `MEDIA` rows of clips.
        segments: `SEGMENTS` rows that are segments.
        recordings: `RECORDINGS` rows.

    Returns:
        clip_id, recording_id, media_uri (in the cache), media_sha256, dialogue (seconds from the clip's start, in
        order), fps, language. The wearer is called so; others by the transcript's names.
    """
    cut = {row["clip_id"]: row for row in media.to_pylist() if row["kind"] == "clip"}
    languages = dict(zip(recordings["recording_id"].to_pylist(), recordings["language"].to_pylist(), strict=True))
    spoken = _by_recording(segments)
    rows: list[dict[str, object]] = []
    for clip in clips.to_pylist():
        found = cut.get(clip["clip_id"])
        if found is None:
            continue
        rows.append(
            {
                "clip_id": clip["clip_id"],
                "recording_id": clip["recording_id"],
                "media_uri": found["uri"],
                "media_sha256": found["sha256"],
                "dialogue": [_line(row, clip) for row in spoken[clip["recording_id"]] if _overlaps(row, clip)],
                "fps": found["fps"],
                "language": languages.get(clip["recording_id"]),
            }
        )
    return pa.Table.from_pylist(rows, schema=_SHOWN)


def clips_to_replay(clips: pa.Table, publications: pa.Table, labels: pa.Table) -> pa.Table:
    """Published clips of recordings that came with human labels, and the wearer's labels in them.

    Args:
        clips: `CLIPS` rows.
        publications: `PUBLICATIONS` rows of the project.
        labels: `LABELS` rows.

    Returns:
        clip_id, task_id, start_s, end_s and labels (seconds from the recording's start), in order of the clips.
    """
    tasks = dict(zip(publications["clip_id"].to_pylist(), publications["task_id"].to_pylist(), strict=True))
    labelled = set(labels["recording_id"].to_pylist())
    wearers = _by_recording(labels.filter(labels["wearer"]))
    names = [field.name for field in _LABEL]
    rows = [
        {
            "clip_id": clip["clip_id"],
            "task_id": tasks[clip["clip_id"]],
            "start_s": clip["start_s"],
            "end_s": clip["end_s"],
            "labels": [
                {name: row[name] for name in names} for row in wearers[clip["recording_id"]] if _overlaps(row, clip)
            ],
        }
        for clip in clips.to_pylist()
        if clip["clip_id"] in tasks and clip["recording_id"] in labelled
    ]
    return pa.Table.from_pylist(rows, schema=_REPLAYED)


def _by_recording(rows: pa.Table) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows.to_pylist():
        found[row["recording_id"]].append(row)
    for listed in found.values():
        listed.sort(key=lambda row: (row["start_s"], row["end_s"]))
    return found


def _overlaps(row: Row, clip: Row) -> bool:
    return bool(row["start_s"] < clip["end_s"] and row["end_s"] > clip["start_s"])


def _line(segment: Row, clip: Row) -> dict[str, object]:
    speaker = "wearer" if segment["speaker"] == "wearer" else segment["speaker_name"] or segment["speaker"]
    return {
        "speaker": speaker,
        "text": segment["text"],
        "start_s": round(max(0.0, segment["start_s"] - clip["start_s"]), 3),
        "end_s": round(min(clip["end_s"], segment["end_s"]) - clip["start_s"], 3),
    }
