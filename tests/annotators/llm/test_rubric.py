from __future__ import annotations

from dataclasses import replace

import pytest

from osmo.annotators import registry
from osmo.annotators.judge import Statement
from osmo.annotators.llm.rubric import CAP
from osmo.annotators.voter import Turn

JOY, ANGER = "joy/joy", "anger/anger"

GOOD = Statement(
    duration_s=4.0,
    clip_duration_s=30.0,
    emotions=(ANGER,),
    own_words=(),
    polarity="negative",
    polarity_reason=None,
    intensity=2,
    intensity_reason=None,
    cause="the driver saw her running and closed the door anyway",
    cause_reason=None,
    language="en",
    dialogue=(Turn("wearer", "He closed the door in my face!"),),
)
MANDARIN = replace(
    GOOD, language="zh", cause="司机看见她跑过来还是把车门关上了", dialogue=(Turn("wearer", "他把车门关了！"),)
)
REPLAYED = replace(
    GOOD, cause=None, cause_reason="not_collected", intensity=None, intensity_reason="not_collected", dialogue=()
)


def score(statement: Statement) -> int:
    [verdict] = registry.judge("rubric").judge([statement])
    assert verdict.score is not None
    assert verdict.rationale is not None
    assert verdict.rationale.startswith("rubric: ")
    return verdict.score


@pytest.mark.parametrize("statement", [GOOD, MANDARIN, REPLAYED], ids=["english", "mandarin", "replayed"])
def test_a_complete_and_specific_annotation_scores_ten(statement):
    assert score(statement) == 10


@pytest.mark.parametrize(
    "change",
    [
        {"dialogue": (Turn("wearer", "Something else entirely."),)},
        {"emotions": (ANGER, "sadness/grief", JOY), "polarity": "mixed"},
        {"cause": "they closed the door"},
        {"emotions": (), "own_words": ("cross",)},
        {"language": None},
    ],
    ids=["cause-beside-the-dialogue", "three-emotions", "four-words", "own-words-only", "language-unknown"],
)
def test_what_is_good_enough_scores_eight_or_more(change):
    assert score(replace(GOOD, **change)) >= 8


@pytest.mark.parametrize(
    "change",
    [
        {"cause": None, "cause_reason": "missing"},
        {"cause": "  "},
        {"polarity": "positive"},
        {"emotions": (JOY,)},
        {"emotions": (), "own_words": ()},
    ],
    ids=["no-cause", "blank-cause", "contradiction", "contradiction-the-other-way", "no-emotion"],
)
def test_what_alone_makes_it_unfit_is_capped(change):
    assert score(replace(GOOD, **change)) <= CAP < 8


def test_several_lapses_add_up_below_eight():
    poor = replace(GOOD, cause="bad thing happened", intensity=None, intensity_reason="missing", duration_s=29.0)
    assert score(poor) < 8


def test_a_field_that_was_never_collected_costs_nothing_and_is_said_to_be_passed_over():
    [verdict] = registry.judge("rubric").judge([REPLAYED])
    assert verdict.rationale is not None
    assert "does not apply: intensity, cause, specific, language, dialogue" in verdict.rationale


def test_a_contradiction_is_one_for_replayed_labels_too():
    assert score(replace(REPLAYED, polarity="positive")) <= CAP


def test_the_rationale_lists_criteria_and_points():
    [verdict] = registry.judge("rubric").judge([replace(GOOD, intensity=None, intensity_reason="missing")])
    assert verdict.rationale is not None
    assert "emotion 2/2" in verdict.rationale
    assert "intensity 0/1" in verdict.rationale


def test_the_judge_is_named_as_what_it_is_and_answers_alike():
    one, other = registry.judge("rubric"), registry.judge("rubric")
    assert (one.name, one.prompt_sha) == ("rubric", None)
    assert one.revision == other.revision
    assert one.judge([GOOD, MANDARIN]) == other.judge([GOOD, MANDARIN])


def test_a_concept_that_the_vocabulary_lacks_has_no_polarity():
    assert score(replace(GOOD, emotions=("no/such",))) == 10
