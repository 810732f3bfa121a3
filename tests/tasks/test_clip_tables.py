"""What later stages see of clips."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest

from osmo.schemas.tables import MEDIA, PUBLICATIONS, RECORDINGS, SEGMENTS
from osmo.tasks.clip_tables import clips_to_cut, clips_to_replay, clips_to_show
from osmo.tasks.human_labels import LABELS

Build = Callable[..., pa.Table]


def rows(schema: pa.Schema, *given: dict[str, object]) -> pa.Table:
    """A table of the schema's columns; what is not given is null."""
    names = [*dict.fromkeys(name for row in given for name in row)]
    return pa.Table.from_pylist([dict(row) for row in given], schema=pa.schema([schema.field(name) for name in names]))


def media(kind: str, **said: object) -> pa.Table:
    row = {"recording_id": "r1", "kind": kind, "clip_id": None, "sha256": "sha", "uri": "media/x", "fps": 10.0, **said}
    return rows(MEDIA.schema, row)


def segment(start_s: float, end_s: float, text: str, speaker: str, name: str | None) -> dict[str, object]:
    return {"recording_id": "r1", "segment_id": text, "start_s": start_s, "end_s": end_s, "text": text,
            "speaker": speaker, "speaker_name": name}  # fmt: skip


def label(start_s: float, end_s: float, emotion: str, *, wearer: bool = True, of: str = "r1") -> dict[str, object]:
    return {"recording_id": of, "start_s": start_s, "end_s": end_s, "speaker": "Ann", "emotion": emotion,
            "sentiment": None, "intensity": 2, "cause": None, "wearer": wearer}  # fmt: skip


def test_a_clip_is_cut_from_its_recordings_proxy(clips: Build) -> None:
    listed = clips(("c1", 0.0, 10.0), ("c2", 20.0, 30.0))
    cut = clips_to_cut(listed, media("proxy"))
    assert cut["proxy_sha256"].to_pylist() == ["sha", "sha"]
    assert clips_to_cut(listed, media("proxy", recording_id="other")).num_rows == 0
    assert clips_to_cut(listed, media("audio")).num_rows == 0


def test_people_see_the_dialogue_by_the_clips_own_clock(clips: Build) -> None:
    listed = clips(("c1", 10.0, 20.0), ("c2", 40.0, 50.0))
    said = rows(
        SEGMENTS.schema,
        segment(19, 22, "late", "other", "Ben"),
        segment(8, 11, "early", "wearer", "Ann"),
        segment(20, 21, "after", "unknown", None),
        segment(12, 13, "who", "unknown", None),
    )
    languages = rows(RECORDINGS.schema, {"recording_id": "r1", "language": "en"})
    [row] = clips_to_show(listed, media("clip", clip_id="c1"), said, languages).to_pylist()
    assert (row["clip_id"], row["media_uri"], row["media_sha256"], row["language"]) == ("c1", "media/x", "sha", "en")
    assert [tuple(line.values()) for line in row["dialogue"]] == [
        ("wearer", "early", 0.0, 1.0), ("unknown", "who", 2.0, 3.0), ("Ben", "late", 9.0, 10.0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([label(1, 2, "joy"), label(12, 13, "fear")], ["joy"]),
        ([label(9.5, 12, "joy")], ["joy"]),
        ([label(10, 12, "joy")], []),
        ([label(1, 2, "joy", wearer=False)], []),
        ([label(1, 2, "joy", of="other")], None),
    ],
    ids=["inside", "across the end", "touching", "another speaker", "no labels of this recording"],
)
def test_a_published_clip_is_replayed_with_the_wearers_labels(
    clips: Build, labels: list[dict[str, object]], expected: list[str] | None
) -> None:
    shown = rows(PUBLICATIONS.schema, {"clip_id": "c1", "task_id": 7})
    found = clips_to_replay(clips(("c1", 0.0, 10.0), ("c2", 20.0, 30.0)), shown, pa.Table.from_pylist(labels, LABELS))
    assert [[one["emotion"] for one in row["labels"]] for row in found.to_pylist()] == (
        [] if expected is None else [expected]
    )
    assert found["task_id"].to_pylist() == ([] if expected is None else [7])
