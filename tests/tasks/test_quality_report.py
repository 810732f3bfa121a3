from __future__ import annotations

import pyarrow as pa
import pytest

from osmo.schemas.tables import SEGMENTS
from osmo.tasks.quality_report import VoterQuality, prescreen_quality


def segments(*rows: tuple[str, float, float, str]) -> pa.Table:
    names = ("segment_id", "start_s", "end_s", "speaker")
    return SEGMENTS.rows({"recording_id": "r", **dict(zip(names, row, strict=True))} for row in rows)


def labels(*rows: tuple[float, float, str, str]) -> pa.Table:
    names = ("start_s", "end_s", "speaker", "emotion")
    types = {"recording_id": pa.string(), "start_s": pa.float64(), "end_s": pa.float64()}
    types |= {"speaker": pa.string(), "emotion": pa.string()}
    return pa.Table.from_pylist(
        [{"recording_id": "r", **dict(zip(names, row, strict=True))} for row in rows], schema=pa.schema(types)
    )


def votes(*rows: tuple[str, str | None, str | None, str | None, bool]) -> pa.Table:
    names = ("segment_id", "label_a", "label_b", "label", "kept")
    types = [pa.string()] * 4 + [pa.bool_()]
    return pa.Table.from_pylist(
        [dict(zip(names, row, strict=True)) for row in rows],
        schema=pa.schema(list(zip(names, types, strict=True))),
    )


def test_quality_by_hand():
    found = prescreen_quality(
        segments(
            ("s1", 0.0, 1.0, "wearer"),
            ("s2", 1.0, 2.0, "wearer"),
            ("s3", 2.0, 3.0, "wearer"),
            ("s4", 3.0, 4.0, "wearer"),
            ("other", 4.0, 5.0, "other"),
            ("unlabelled", 5.0, 6.0, "wearer"),
            ("two", 6.0, 7.0, "wearer"),
        ),
        votes(
            ("s1", "joy", "joy", "joy", True),
            ("s2", "joy", None, "joy", True),
            ("s3", "neutral", None, None, False),
            ("s4", None, None, None, False),
            ("other", "joy", "joy", "joy", True),
        ),
        labels(
            (0.0, 1.0, "Ann", "Joy"),
            (1.0004, 2.0, "Ann", "neutral"),
            (2.0, 3.0, "Ann", "neutral"),
            (3.0, 4.0, "Ann", "anger"),
            (4.0, 5.0, "Bob", "joy"),
            (6.0, 7.0, "Ann", "joy"),
            (6.0, 7.0, "Bob", "fear"),
        ),
    )
    assert (found.compared, found.ambiguous, found.kept) == (4, 1, 2)
    assert (found.emotional_share, found.commonest_share) == (0.5, 0.5)
    assert (found.kept_precision, found.kept_agreement) == (0.5, 0.5)
    assert (found.kept_emotional, found.kept_equal) == (1, 1)
    assert found.voters == (VoterQuality("a", 3, 0.75, pytest.approx(2 / 3)), VoterQuality("b", 1, 0.25, 1.0))


def test_without_human_labels_nothing_is_claimed():
    found = prescreen_quality(segments(("s1", 0.0, 1.0, "wearer")), votes(("s1", "joy", None, "joy", True)), labels())
    assert (found.compared, found.kept, found.emotional_share, found.kept_precision) == (0, 0, None, None)
    assert found.voters[0] == VoterQuality("a", 0, None, None)
