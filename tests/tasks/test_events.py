from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from osmo.annotators.registry import judge
from osmo.schemas.config import QualityConfig
from osmo.schemas.keys import make_id
from osmo.schemas.tables import CLIPS, EVENTS, MEDIA, RECORDINGS, REVIEWS, SEGMENTS, VERDICTS
from osmo.schemas.vocabulary import vocabulary
from osmo.storage.media import Media, MediaCache
from osmo.storage.objects import Objects
from osmo.tasks.events import events
from osmo.tasks.qa.findings import findings
from osmo.tasks.qa.verdicts import JudgeStage

SETTINGS = QualityConfig()
ANGER, JOY = "anger/anger", "joy/joy"


def recording(recording_id="r1", subject="s", started_at=datetime(2026, 11, 1, 1, tzinfo=UTC)):
    return {
        "recording_id": recording_id,
        "dataset": "d",
        "subject_id": subject,
        "language": "en",
        "started_at": started_at,
        "duration_s": 100.0,
        "time_domain": "utc",
        "synthetic": False,
        "metadata": "{}",
        "source": "folder",
        "source_uri": "/",
        "recording_key": "k",
    }


def verdicts_of(annotations: pa.Table) -> pa.Table:
    names = ("annotation_id", "region_id", "revision", "content_key", "clip_id", "recording_id")
    rows = [row for row in annotations.to_pylist() if row["region_id"] is not None]
    return VERDICTS.rows(
        {**{n: row[n] for n in names}, "judge": "rubric", "judge_revision": "1", "score": 9} for row in rows
    )


def clip(annotator: str, status: str = "has_emotion", **more: object) -> dict[str, object]:
    return {"region_id": None, "annotator_id": annotator, "clip_status": status, **more}


def region(annotator: str, start_s: float, end_s: float, **more: object) -> dict[str, object]:
    said = {"emotions": [ANGER], "start_s": start_s, "end_s": end_s}
    return {"annotator_id": annotator, **said, **more}


@pytest.fixture
def consolidated(annotations, clips):
    def run(*rows, recordings=None, reviews=(), spans=(("c1", 60.0, 90.0),)):
        said, windows = annotations(*rows), clips(*spans)
        owners = RECORDINGS.rows(recordings or [recording()])
        found = findings(said, windows, SETTINGS)
        reviewed = REVIEWS.rows(reviews)
        return events(said, found, verdicts_of(said), reviewed, windows, owners, settings=SETTINGS)

    return run


def test_three_people_make_one_event_by_hand(consolidated):
    found = consolidated(
        clip("a"), region("a", 1.0, 4.0, intensity=1, cause="the bus left her"),
        clip("b"), region("b", 1.2, 4.4, intensity=3, cause="the bus left without her", emotions=[ANGER, JOY],
                          polarity="mixed"),
        clip("c"), region("c", 2.0, 5.0, intensity=2, own_words=["cross"], emotions=["anger/rage"]),
    )  # fmt: skip
    [event] = found.to_pylist()
    assert found.schema == EVENTS.schema
    expected = {
        "event_id": make_id("event", "c1", 61200, 64400),
        "subject_id": "s",
        "recording_id": "r1",
        "clip_id": "c1",
        "dataset": "d",
        "language": "en",
        "start_s": 61.2,
        "end_s": 64.4,
        "t_s": 61.2,
        "emotions": [ANGER],
        "own_words": ["cross"],
        "label_distribution": [
            {"concept": ANGER, "annotators": 2},
            {"concept": "anger/rage", "annotators": 1},
            {"concept": JOY, "annotators": 1},
        ],
        "polarity": "negative",
        "polarity_reason": None,
        "intensity": 2,
        "intensity_reason": None,
        "cause": "the bus left without her",
        "cause_reason": None,
        "causes": ["the bus left her", "the bus left without her", "the bus left without her"],
        "annotators": 3,
        "finished": 3,
        "agreement": 1.0,
        "agreement_reason": None,
        "needs_adjudication": False,
        "sources": ["person"],
        "annotation_ids": ["a-c1", "b-c1", "c-c1"],
    }
    assert {name: value for name, value in event.items() if name != "event_key"} == expected


@pytest.mark.parametrize(
    ("rows", "count", "agreement"),
    [
        ([clip("a"), region("a", 1, 4), clip("b", "no_emotion")], 0, None),
        ([clip("a"), region("a", 1, 4), clip("b"), region("b", 1, 4), clip("c", "no_emotion")], 1, 2 / 3),
        ([clip("a"), region("a", 1, 4)], 1, None),
        ([clip("a"), region("a", 1, 4), clip("b", "unusable")], 1, None),
        ([clip("a"), region("a", 1, 4), clip("b", "unusable"), clip("c", "unusable")], 0, None),
        ([clip("a"), region("a", 1, 4), clip("b", "no_emotion", skipped=True)], 1, None),
        ([clip("a"), region("a", 1, 4), clip("b"), region("b", 10, 14)], 0, None),
        ([clip("a"), region("a", 1, 4), clip("b", None), region("b", 1, 4)], 1, None),
    ],
    ids=["half-is-no-majority", "two-of-three", "one-of-one", "unusable-did-not-finish", "most-call-it-unusable",
         "skipped-did-not-finish", "apart", "who-did-not-finish-does-not-count"],
)  # fmt: skip
def test_a_majority_of_those_who_finished(consolidated, rows, count, agreement):
    found = consolidated(*rows)
    assert found.num_rows == count
    if agreement is not None:
        assert found["agreement"].to_pylist() == [pytest.approx(agreement)]


def test_one_replayed_annotator_is_a_majority_of_one_without_agreement(consolidated):
    missing = {name: None for name in ("cause", "intensity")}
    reasons = {f"{name}_reason": "not_collected" for name in missing}
    replayed = {"source": "replayed", **missing, **reasons}
    [event] = consolidated(clip("a", source="replayed"), region("a", 1, 4, **replayed)).to_pylist()
    assert (event["annotators"], event["finished"]) == (1, 1)
    assert (event["agreement"], event["agreement_reason"]) == (None, "replayed")
    assert (event["cause"], event["cause_reason"]) == (None, "not_collected")
    assert (event["intensity"], event["intensity_reason"]) == (None, "not_collected")
    assert event["sources"] == ["replayed"]


def test_simulated_people_yield_no_agreement(consolidated):
    rows = [row for who in "ab" for row in (clip(who, source="simulated"), region(who, 1, 4, source="simulated"))]
    assert consolidated(*rows)["agreement_reason"].to_pylist() == ["simulated"]
    assert consolidated(clip("a"), region("a", 1, 4))["agreement_reason"].to_pylist() == ["single_annotator"]


def test_a_region_with_an_error_is_out(consolidated):
    found = consolidated(clip("a"), region("a", 1, 4), region("a", 10, 10.5), region("a", 12, 14, polarity="positive"))
    assert found["start_s"].to_pylist() == [61.0]


def test_a_rejecting_review_is_out(consolidated, annotations):
    rows = (clip("a"), region("a", 1, 4))
    said = annotations(*rows).to_pylist()[1]
    names = ("annotation_id", "region_id", "revision", "content_key", "clip_id", "recording_id")
    review = {**{n: said[n] for n in names}, "reviewer_id": "r", "category": False}
    review["reviewed_at"] = datetime(2026, 11, 1, tzinfo=UTC)
    assert consolidated(*rows).num_rows == 1
    assert consolidated(*rows, reviews=[review]).num_rows == 0


def test_two_episodes_of_one_clip_are_two_events(consolidated):
    found = consolidated(
        clip("a"), region("a", 1, 4), region("a", 10, 14), clip("b"), region("b", 1.5, 4), region("b", 9, 13)
    )
    assert list(zip(found["start_s"].to_pylist(), found["end_s"].to_pylist(), strict=True)) == [
        (61.25, 64.0),
        (69.5, 73.5),
    ]
    assert len(set(found["event_id"].to_pylist())) == 2


def test_a_region_of_one_frame_too_many_ends_with_its_clip(consolidated):
    assert consolidated(clip("a"), region("a", 27, 30.08))["end_s"].to_pylist() == [90.0]


def test_order_and_the_subjects_clock(consolidated):
    first, second = datetime(2026, 11, 1, 1, tzinfo=UTC), datetime(2026, 11, 1, 2, tzinfo=UTC)
    found = consolidated(
        clip("a"), region("a", 5, 8), region("a", 1, 4),
        recordings=[recording(started_at=second), recording("r0", started_at=first)],
    )  # fmt: skip
    assert found["start_s"].to_pylist() == [61.0, 65.0]
    assert found["t_s"].to_pylist() == [3661.0, 3665.0]


@pytest.mark.parametrize("owner", [{"subject": None}, {"started_at": None}], ids=["no-subject", "no-clock"])
def test_without_subject_or_clock_there_is_no_time_on_the_timeline(consolidated, owner):
    found = consolidated(clip("a"), region("a", 1, 4), recordings=[recording(**owner)])
    assert found["t_s"].to_pylist() == [None]


def test_the_key_changes_with_what_later_stages_read_and_with_nothing_else(consolidated):
    def key(*rows, **more):
        [found] = consolidated(*rows, **more)["event_key"].to_pylist()
        return found

    base = key(clip("a"), region("a", 1, 4))
    assert key(clip("a"), region("a", 1, 4)) == base
    assert key(clip("a"), region("a", 1, 4), clip("b", "unusable")) == base
    assert key(clip("a"), region("a", 1, 4), recordings=[recording(started_at=None)]) == base
    for changed in ({"cause": "quite another reason"}, {"intensity": 3}, {"own_words": ["cross"]}):
        assert key(clip("a"), region("a", 1, 4, **changed)) != base


def test_order_of_rows_changes_nothing(consolidated):
    rows = [row for who in "cab" for row in (clip(who), {**region(who, 1, 4), "region_id": f"x{who}"})]
    assert consolidated(*rows).equals(consolidated(*reversed(rows)))


def test_no_annotations_are_no_events(consolidated):
    assert consolidated().equals(EVENTS.empty())


def test_replayed_labels_of_a_real_corpus(corpora, annotations):
    """The wearers' emotions of meld_dev, each recording one clip: 343 regions, of which 30 are shorter than 1 s."""
    rows, windows, owners = [], [], []
    for place in sorted((corpora / "meld_dev").glob("meld-dev-*")):
        facts = json.loads((place / "recording.json").read_text())
        name, clip_id = facts["recording_id"], f"clip-{facts['recording_id']}"
        owners.append({**recording(name, facts["subject_id"], datetime.fromisoformat(facts["started_at"]))})
        windows.append({"clip_id": clip_id, "recording_id": name, "start_s": 0.0, "end_s": facts["duration_s"]})
        here = {"clip_id": clip_id, "recording_id": name, "annotator_id": "replay", "source": "replayed"}
        rows.append({**here, "region_id": None})
        with (place / "labels.csv").open(newline="") as file:
            for label in csv.DictReader(file):
                if label["speaker"] == facts["subject_id"] and label["emotion"] != "neutral":
                    rows.append({**here, **_replayed(label), "region_id": f"x{len(rows)}"})
    said, clips = annotations(*rows), CLIPS.rows({**w, "segment_ids": [], "labels": []} for w in windows)
    found = findings(said, clips, SETTINGS)
    stage = JudgeStage(
        judge("rubric"),
        annotations=lambda _: said,
        findings=lambda _: found,
        clips=lambda _: clips,
        segments=lambda _: SEGMENTS.empty(),
    )
    verdicts = stage.compute(stage.needs(0), Media(MediaCache(Objects(str(corpora))), MEDIA.empty())).rows
    made = events(said, found, verdicts, REVIEWS.empty(), clips, RECORDINGS.rows(owners), settings=SETTINGS)
    counts = Counter(found["rule"].to_pylist())
    assert counts["too_short"] == 30
    assert set(verdicts["score"].to_pylist()) == {10}
    assert made.num_rows == verdicts.num_rows == 343 - len(set(found["region_id"].to_pylist()) - {None})
    assert made["subject_id"].null_count == made["t_s"].null_count == 0
    assert set(made["agreement_reason"].to_pylist()) == {"replayed"}
    assert set(made["cause_reason"].to_pylist()) == {"not_collected"}


def _replayed(label: dict[str, str]) -> dict[str, object]:
    never = dict.fromkeys(("intensity", "cause"))
    return {
        "start_s": float(label["start_s"]),
        "end_s": float(label["end_s"]),
        "emotions": [vocabulary().from_ekman(label["emotion"])],
        "polarity": label["sentiment"],
        **never,
        **{f"{name}_reason": "not_collected" for name in never},
    }
