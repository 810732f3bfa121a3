from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osmo.schemas.tables import ANNOTATIONS
from osmo.tasks.qa.rule import spans
from osmo.tasks.qa.rules.overlap import overlapping

CASES = {
    "apart": ([(1.0, 3.0), (4.0, 6.0)], []),
    "touching": ([(1.0, 3.0), (3.0, 6.0)], []),
    "overlapping": ([(1.0, 3.0), (2.5, 6.0)], [0, 1]),
    "inside": ([(1.0, 9.0), (2.0, 3.0)], [0, 1]),
    "long-first-over-later-ones": ([(1.0, 9.0), (2.0, 3.0), (4.0, 5.0), (10.0, 12.0)], [0, 1, 2]),
    "equal": ([(1.0, 3.0), (1.0, 3.0)], [0, 1]),
    "order-of-rows-plays-no-part": ([(2.5, 6.0), (8.0, 9.0), (1.0, 3.0)], [0, 2]),
    "zero-length-overlaps-nothing": ([(1.0, 3.0), (2.0, 2.0)], []),
    "absurd-times": ([(0.0, 1e12), (1e8, 2e8), (-1e12, -5e11)], [0, 1]),
}


@pytest.mark.parametrize(("times", "flagged"), CASES.values(), ids=CASES)
def test_overlap(annotations, check, times, flagged):
    said = annotations(*({"region_id": f"{i}", "start_s": a, "end_s": b} for i, (a, b) in enumerate(times)))
    assert check("overlap", said) == [(str(place), "error") for place in flagged]


def test_two_people_may_overlap_and_so_may_two_clips(annotations, check):
    said = annotations({}, {"annotator_id": "b"}, {"clip_id": "c2"}, {"region_id": None})
    assert check("overlap", said) == []


def test_two_annotations_of_one_person_count_together(annotations, check):
    said = annotations({"region_id": "x", "annotation_id": "1"}, {"region_id": "y", "annotation_id": "2"})
    assert check("overlap", said) == [("x", "error"), ("y", "error")]


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from("cd"), st.integers(0, 20), st.integers(-1, 6)), max_size=12
    )
)
def test_overlapping_equals_a_comparison_of_all_pairs(drawn):
    rows = [
        {"clip_id": clip, "annotator_id": who, "start_s": float(start), "end_s": float(start + length)}
        for clip, who, start, length in drawn
    ]
    table = ANNOTATIONS.empty().schema
    columns = {name: [row[name] for row in rows] for name in ("clip_id", "annotator_id", "start_s", "end_s")}
    columns["region_id"] = [str(place) for place in range(len(rows))]
    import pyarrow as pa

    said = pa.table({name: pa.array(values, table.field(name).type) for name, values in columns.items()})

    def clash(a, b):
        return (
            (a["clip_id"], a["annotator_id"]) == (b["clip_id"], b["annotator_id"])
            and a["start_s"] < b["end_s"]
            and b["start_s"] < a["end_s"]
            and a["start_s"] < a["end_s"]
            and b["start_s"] < b["end_s"]
        )

    expected = [i for i, a in enumerate(rows) if any(clash(a, b) for j, b in enumerate(rows) if i != j)]
    found, partners = overlapping(said, spans(said))
    assert found.tolist() == expected
    assert all(clash(rows[i], rows[j]) and i != j for i, j in zip(found, partners, strict=True))
    assert np.all(np.diff(found) > 0)
