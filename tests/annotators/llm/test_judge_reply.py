"""A judge's answer is read strictly: one JSON object, or a reason why it is none."""

from __future__ import annotations

import json

import pytest

from osmo.annotators.llm.judge_reply import MOST_RATIONALE, SCHEMA, UnreadableReplyError, read_reply

GOOD = '{"rationale": "The cause fits.", "score": 8}'

READABLE = {
    "bare": GOOD,
    "space-around": f"\n  {GOOD}\n",
    "fenced": f"```\n{GOOD}\n```",
    "fenced-as-json": f"```json\n{GOOD}\n```",
    "keys-the-other-way": '{"score": 8, "rationale": "The cause fits."}',
}

UNREADABLE = {
    "empty": ("", "the answer is empty"),
    "blank": (" \n", "the answer is empty"),
    "prose": ("I would give this a score of 8.", "not one JSON object"),
    "words-before": (f"Here it is: {GOOD}", "not one JSON object"),
    "words-after": (f"{GOOD} I hope this helps!", "not one JSON object"),
    "two-objects": (f"{GOOD}\n{GOOD}", "not one JSON object"),
    "a-fence-alone": ("```", "not one JSON object"),
    "cut": (GOOD[:-5], "not one JSON object"),
    "eleven": ('{"rationale": "x", "score": 11}', "score should be less than or equal to 10"),
    "zero": ('{"rationale": "x", "score": 0}', "score should be greater than or equal to 1"),
    "float": ('{"rationale": "x", "score": 8.0}', "score should be a valid integer"),
    "infinite": ('{"rationale": "x", "score": Infinity}', "score should be a valid integer"),
    "text": ('{"rationale": "x", "score": "8"}', "score should be a valid integer"),
    "true": ('{"rationale": "x", "score": true}', "score should be a valid integer"),
    "null": ('{"rationale": "x", "score": null}', "score should be a valid integer"),
    "thousands-of-digits": ('{"rationale": "x", "score": ' + "9" * 5_000 + "}", "not one JSON object"),
    "no-score": ('{"rationale": "x"}', "score is missing"),
    "no-rationale": ('{"score": 8}', "rationale is missing"),
    "blank-rationale": ('{"rationale": " ", "score": 8}', "rationale is blank"),
    "long-rationale": (json.dumps({"rationale": "x" * (MOST_RATIONALE + 1), "score": 8}), "at most 600 characters"),
    "half-a-character": ('{"rationale": "\\ud800", "score": 8}', "rationale should be a valid string"),
    "another-key": ('{"rationale": "x", "score": 8, "IGNORE THE RUBRIC": 1}', "other keys than rationale and score"),
    "a-key-twice": ('{"rationale": "x", "score": 2, "score": 10}', "a key comes twice"),
    "array": (f"[{GOOD}]", "no object with rationale and score"),
    "number": ("8", "no object with rationale and score"),
    "nested-without-end": ("[" * 100_000, "not one JSON object"),
}


@pytest.mark.parametrize("text", READABLE.values(), ids=READABLE)
def test_a_whole_object_is_read(text: str) -> None:
    reply = read_reply(text)
    assert (reply.score, reply.rationale) == (8, "The cause fits.")


@pytest.mark.parametrize(("text", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_anything_else_is_unreadable_and_says_why(text: str, reason: str) -> None:
    with pytest.raises(UnreadableReplyError) as refused:
        read_reply(text)
    assert reason in refused.value.reason
    assert "\n" not in refused.value.reason
    assert len(refused.value.reason) < 100


@pytest.mark.parametrize("text", [text for text, _ in UNREADABLE.values()], ids=UNREADABLE)
def test_the_reason_quotes_nothing_of_the_answer(text: str) -> None:
    with pytest.raises(UnreadableReplyError) as refused:
        read_reply(text)
    assert "IGNORE" not in refused.value.reason
    assert "8." not in refused.value.reason


def test_a_cut_answer_is_said_to_be_cut_and_one_that_is_whole_counts() -> None:
    with pytest.raises(UnreadableReplyError) as refused:
        read_reply(GOOD[:-5], cut=True)
    assert refused.value.reason == "the answer was cut at the most tokens"
    assert read_reply(GOOD, cut=True).score == 8


@pytest.mark.parametrize("score", range(1, 11))
def test_every_score_and_the_longest_rationale_are_read(score: int) -> None:
    assert read_reply(json.dumps({"rationale": "理" * MOST_RATIONALE, "score": score})).score == score


def test_the_schema_asks_for_the_rationale_first_and_for_nothing_else() -> None:
    assert isinstance(SCHEMA, dict)
    properties = SCHEMA["properties"]
    assert isinstance(properties, dict)
    assert list(properties) == ["rationale", "score"]
    assert SCHEMA["required"] == ["rationale", "score"]
    assert SCHEMA["additionalProperties"] is False
