from __future__ import annotations

import pytest

from osmo.tasks.answers import Answers, clip_answers


def answer(annotator: str, status: str | None, **more: object) -> dict[str, object]:
    return {"region_id": None, "annotator_id": annotator, "clip_status": status, **more}


CASES = {
    "both-kinds-finish": ([answer("a", "has_emotion"), answer("b", "no_emotion")], {"a", "b"}, set(), True),
    "unusable-is-not-finished": ([answer("a", "has_emotion"), answer("b", "unusable")], {"a"}, {"b"}, True),
    "most-call-it-unusable": ([answer("a", "unusable"), answer("b", "unusable"), answer("c", "no_emotion")],
                              {"c"}, {"a", "b"}, False),
    "skipped": ([answer("a", "has_emotion", skipped=True), answer("b", "no_emotion")], {"b"}, set(), True),
    "unanswered": ([answer("a", None), answer("b", "no_emotion")], {"b"}, set(), True),
    "the-latest-of-two": (
        [
            answer("a", "unusable", annotation_id="1", revision=2),
            answer("a", "has_emotion", annotation_id="2", revision=1),
        ],
        set(), {"a"}, False,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "finished", "unusable", "usable"), CASES.values(), ids=CASES)
def test_clip_answers(annotations, rows, finished, unusable, usable):
    found = clip_answers(annotations(*rows))["c1"]
    assert found == Answers(dict.fromkeys(finished, "person"), frozenset(unusable))
    assert found.usable is usable


def test_regions_are_no_answers(annotations):
    assert clip_answers(annotations({})) == {}
