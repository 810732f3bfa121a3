from __future__ import annotations

import pyarrow as pa
import pytest

from osmo.annotators import registry
from osmo.annotators.judge import Statement, Verdict
from osmo.schemas.config import QualityConfig
from osmo.schemas.tables import MEDIA, SEGMENTS, VERDICTS
from osmo.storage.media import Media, MediaCache
from osmo.storage.objects import Objects
from osmo.tasks.qa.findings import findings
from osmo.tasks.qa.verdicts import JudgeStage


class Recorder:
    """A judge that keeps what it was shown."""

    name = "recorder"
    prompt_sha: str | None = "abc"

    def __init__(self, revision: str = "1") -> None:
        self.revision = revision
        self.seen: list[Statement] = []

    def judge(self, statements):
        self.seen.extend(statements)
        return [Verdict(None, "no opinion", None, "?") for _ in statements]


def segment(start_s: float, end_s: float, text: str, language: str | None = "en", recording_id: str = "r1"):
    return {
        "recording_id": recording_id,
        "segment_id": f"{start_s}",
        "start_s": start_s,
        "end_s": end_s,
        "text": text,
        "speaker": "wearer",
        "language": language,
    }


@pytest.fixture
def stage(clips):
    def bind(said: pa.Table, judge=None, segments=()):
        windows = clips(("c1", 60.0, 90.0))
        return JudgeStage(
            judge or registry.judge("rubric"),
            annotations=lambda _: said,
            findings=lambda _: findings(said, windows, QualityConfig()),
            clips=lambda _: windows,
            segments=lambda _: SEGMENTS.rows([{"recording_id": "r0"}, *segments]),
        )

    return bind


@pytest.fixture
def media(tmp_path):
    return Media(MediaCache(Objects(str(tmp_path), create=True)), MEDIA.empty())


def test_regions_without_an_error_are_needed_and_no_others(annotations, stage):
    said = annotations(
        {"region_id": None},
        {"region_id": "good"},
        {"region_id": "short", "start_s": 10.0, "end_s": 10.5},
        {"region_id": "warned", "start_s": 12.0, "end_s": 14.0, "polarity": "neutral"},
        {"region_id": "gone", "start_s": 20.0, "end_s": 24.0, "deleted": True},
    )
    needed = stage(said).needs(0)
    assert sorted(needed["region_id"].to_pylist()) == ["good", "warned"]
    assert needed["input_key"].to_pylist() == needed["content_key"].to_pylist()
    assert needed["recording_id"].to_pylist() == ["r1", "r1"]


def test_equal_content_is_needed_once(annotations, stage):
    said = annotations({"region_id": "x", "content_key": "k"}, {"annotator_id": "b", "content_key": "k"})
    assert stage(said).needs(0).num_rows == 1


def test_a_verdict_per_region_with_its_identity(annotations, stage, media):
    said = annotations({"region_id": None}, {"region_id": "x", "emotions": ["anger/anger"]})
    rubric = stage(said)
    needed = rubric.needs(0)
    outcome = rubric.compute(needed, media)
    [row] = VERDICTS.check(outcome.rows, body=True).to_pylist()
    identity = ("annotation_id", "region_id", "revision", "content_key", "clip_id", "recording_id")
    assert {name: row[name] for name in identity} == {name: said.to_pylist()[1][name] for name in identity}
    assert (row["judge"], row["score"], row["abstain_reason"]) == ("rubric", 10, None)
    assert list(outcome.input_keys) == needed["input_key"].to_pylist()
    assert not outcome.problems


def test_the_judge_sees_the_region_its_clip_and_what_was_said_meanwhile(annotations, stage, media):
    judge = Recorder()
    spoken = [
        segment(58.0, 61.0, "ends as it starts"),
        segment(61.5, 63.0, "meanwhile"),
        segment(63.9, 70.0, "begins before its end", "zh"),
        segment(64.0, 66.0, "begins as it ends"),
        segment(61.5, 63.0, "elsewhere", recording_id="r2"),
    ]
    said = annotations({"region_id": "x"})
    bound = stage(said, judge, spoken)
    outcome = bound.compute(bound.needs(0), media)
    [seen] = judge.seen
    assert [turn.text for turn in seen.dialogue] == ["meanwhile", "begins before its end"]
    assert (seen.duration_s, seen.clip_duration_s, seen.language) == (3.0, 30.0, "en")
    assert seen.cause == "the bus left without her"
    assert outcome.rows["abstain_reason"].to_pylist() == ["no opinion"]
    assert outcome.rows["raw_text"].to_pylist() == ["?"]


def test_the_fingerprint_is_of_judge_revision_and_prompt(annotations, stage):
    said = annotations()
    one = stage(said, Recorder("1"))
    assert one.name == "judge:recorder"
    assert one.fingerprint == stage(said, Recorder("1")).fingerprint
    assert one.fingerprint != stage(said, Recorder("2")).fingerprint
    assert one.writes is VERDICTS
    assert one.needs(0).num_rows == 0
