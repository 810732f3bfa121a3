from __future__ import annotations

import itertools

import pytest

from osmo.tasks.consolidation import Mark, consolidate, majority_polarity, shared_emotions


def mark(who: str = "a", start_ms: int = 1000, end_ms: int = 4000, **said: object) -> Mark:
    fields: dict[str, object] = {
        "annotation_id": who,
        "start_ms": start_ms,
        "end_ms": end_ms,
        "emotions": ("anger/anger",),
        "own_words": (),
        "polarity": "negative",
        "polarity_reason": None,
        "intensity": 2,
        "intensity_reason": None,
        "cause": "the bus left",
        "cause_reason": None,
        "source": "person",
        **said,
    }
    return Mark(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([(1000, 4000)], (1000, 4000)),
        ([(1000, 4000), (2000, 5000)], (1500, 4500)),
        ([(1000, 4000), (1200, 9000), (3000, 4500)], (1200, 4500)),
        ([(1000, 4000), (1001, 4003)], (1000, 4002)),
    ],
    ids=["one", "middle-of-two", "median-of-three", "half-a-millisecond-to-the-even"],
)
def test_times_are_medians(spans, expected):
    found = consolidate([mark(str(i), *span) for i, span in enumerate(spans)])
    assert (found.start_ms, found.end_ms) == expected


ANGER, RAGE, JOY = "anger/anger", "anger/rage", "joy/joy"


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ([(ANGER,)], (ANGER,)),
        ([(ANGER,), (JOY,)], (ANGER, JOY)),
        ([(ANGER,), (ANGER, JOY), (JOY,)], (ANGER, JOY)),
        ([(ANGER,), (ANGER,), (JOY,)], (ANGER,)),
        ([(ANGER,), (RAGE,), (JOY,)], (ANGER,)),
        ([(RAGE,), ("anger/annoyance",), (JOY,)], (ANGER,)),
        ([(ANGER,), (JOY,), ("sadness/grief",)], ()),
        ([(), (), (ANGER,)], ()),
        ([()], ()),
        ([("no/such",), (RAGE,), (ANGER,), (JOY,)], (ANGER,)),
    ],
    ids=["one", "half-of-two", "two-of-three-each", "two-of-three", "family-of-two", "family-is-its-middle-level",
         "nothing-shared", "own-words-count-among-annotators", "own-words-only",
         "an-unknown-concept-has-no-family"],
)  # fmt: skip
def test_shared_emotions(named, expected):
    assert shared_emotions(named) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["negative"], ("negative", None)),
        (["negative", "positive"], (None, "tie")),
        (["negative", "negative", "positive"], ("negative", None)),
        (["negative", None], ("negative", None)),
        (["mixed", "mixed", "positive"], ("mixed", None)),
        (["negative", "positive", "mixed"], (None, "tie")),
        ([None, None], (None, "missing")),
    ],
    ids=["one", "tie-is-never-mixed", "majority", "null-does-not-vote", "mixed-by-majority", "three-ways", "missing"],
)
def test_majority_polarity(given, expected):
    marks = [mark(str(i), polarity=polarity) for i, polarity in enumerate(given)]
    assert majority_polarity(marks) == expected


def test_a_tie_of_polarity_goes_to_adjudication():
    assert consolidate([mark("a"), mark("b", polarity="positive")]).needs_adjudication
    assert not consolidate([mark("a"), mark("b")]).needs_adjudication


@pytest.mark.parametrize(
    ("levels", "expected"),
    [([1], 1), ([1, 3], 1), ([1, 2, 3], 2), ([3, 3, 1, 2], 2), ([None, 3], 3)],
    ids=["one", "lower-of-two", "middle", "lower-of-four", "null-passed-over"],
)
def test_intensity_is_the_lower_median(levels, expected):
    assert consolidate([mark(str(i), intensity=level) for i, level in enumerate(levels)]).intensity == expected


NEVER = {"cause": None, "cause_reason": "not_collected", "intensity": None, "intensity_reason": "not_collected"}
LEFT_OUT = {"cause": None, "cause_reason": "missing", "intensity": None, "intensity_reason": "missing"}


@pytest.mark.parametrize(
    ("said", "reason"),
    [([NEVER, NEVER], "not_collected"), ([NEVER, LEFT_OUT], "missing")],
    ids=["no-source-had-it", "one-source-had-it"],
)
def test_a_field_that_nobody_gave_says_why(said, reason):
    found = consolidate([mark(str(i), **fields) for i, fields in enumerate(said)])
    assert (found.cause, found.cause_reason, found.intensity, found.intensity_reason) == (None, reason, None, reason)


def test_the_longest_cause_counts_and_all_are_kept():
    found = consolidate([mark("a", cause="short"), mark("b", cause="the longer one"), mark("c", cause="a longer one!")])
    assert found.cause == "the longer one"
    assert found.causes == ("a longer one!", "short", "the longer one")
    tie = consolidate([mark("a", cause="bbb"), mark("b", cause="aaa")])
    assert tie.cause == "aaa"


def test_the_distribution_of_all_answers_is_kept():
    found = consolidate([mark("a", emotions=(ANGER, RAGE)), mark("b", emotions=(ANGER,)), mark("c", emotions=(JOY,))])
    assert found.label_distribution == ((ANGER, 2), (RAGE, 1), (JOY, 1))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([("saudade",)], False),
        ([("saudade",), ("Saudade",)], False),
        ([("saudade",), ("longing",), ("hunger",)], True),
    ],
    ids=["one-person", "same-word", "no-word-shared"],
)
def test_own_words_can_be_shared_too(words, expected):
    found = consolidate([mark(str(i), emotions=(), own_words=own) for i, own in enumerate(words)])
    assert found.emotions == ()
    assert found.needs_adjudication is expected


def test_order_changes_nothing():
    marks = [
        mark("a", 1000, 4000, emotions=(ANGER,), polarity="negative", intensity=1, cause="aaa"),
        mark("b", 1100, 4400, emotions=(RAGE,), polarity="positive", intensity=3, cause="bbb", own_words=("x",)),
        mark("c", 900, 4300, emotions=(JOY,), polarity=None, intensity=None, cause="ccc", own_words=("w",)),
    ]
    assert len({consolidate(order) for order in itertools.permutations(marks)}) == 1
