"""What a chain must not say: a table of chains in two languages, each bad one broken in one way."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from osmo.annotators.llm.chain_question import signs
from osmo.annotators.llm.composer import create_writer
from osmo.annotators.writer import STEP_NAMES, Bundle, CueGiven, Earlier, Said, Step
from osmo.tasks.chain_check import check_chain, check_revision

TABLE = tomllib.loads(Path(__file__).with_name("chains.toml").read_text("utf-8"))
CASES: list[dict[str, Any]] = TABLE["case"]
RULES = {
    "empty", "citation", "absence", "emotion", "quote", "speaker", "number", "modality", "made_up", "contradiction",
    "future", "language", "label",
}  # fmt: skip

ENGLISH = Bundle(
    event_id="e9",
    language="en",
    emotions=("joy/joy",),
    own_words=("over the moon",),
    polarity="positive",
    intensity=2,
    cause="A friend from Boston visits her on her birthday.",
    annotation_ids=("a1",),
    cues=(
        CueGiven(
            "visual",
            "A hand reaches for a cup on the kitchen table; the camera tilts down by 12.5% of the picture's width.",
            None,
        ),
        CueGiven(
            "acoustic",
            "The voice lies 24 dB below full scale, 6 dB louder than usual, where 2 dB is the usual spread; there is "
            "no pause between words.",
            None,
        ),
        CueGiven("ocular", "Blinks during the event: 5, 30 a minute; the gaze stays straight ahead.", None),
    ),
    dialogue=(
        Said("s1", "wearer", "You came all the way from Boston for my birthday!"),
        Said("s2", "other", "Of course. I would be so angry with myself otherwise."),
    ),
    history=(
        Earlier("e1", ("anger/annoyance",), (), 600.0, 3.0),
        Earlier("e2", ("sadness/sadness",), ("left out",), 32.0, 5.0),
    ),
)
MANDARIN = replace(
    ENGLISH,
    language="zh",
    own_words=("乐开了花",),
    cause="朋友专程从北京来给她过生日。",
    cues=(
        CueGiven("visual", "一只手伸向厨房桌上的杯子；镜头向下倾斜12.5%。", None),
        CueGiven("acoustic", "嗓音比满刻度低24分贝，比平时响6分贝，平时波动为2分贝；词间没有停顿。", None),
        CueGiven("ocular", "事件中眨眼5次，每分钟30次；目光一直朝前。", None),
    ),
    dialogue=(Said("s1", "wearer", "你居然从北京赶来给我过生日！"), Said("s2", "other", "当然，不来我会很生气的。")),
    history=(ENGLISH.history[0], replace(ENGLISH.history[1], own_words=("被冷落",))),
)
NO_EYES = CueGiven("ocular", None, "recording has no eye video, no eye camera")
NO_SOUND = CueGiven("acoustic", None, "recording has no sound")
NO_PICTURE = CueGiven("visual", None, "recording has no video")


def bundle_of(language: str, given: str) -> Bundle:
    full = ENGLISH if language == "en" else MANDARIN
    visual, acoustic, ocular = full.cues
    return {
        "full": full,
        "no_eyes": replace(full, cues=(visual, acoustic, NO_EYES)),
        "no_sound": replace(full, cues=(visual, NO_SOUND, ocular)),
        "bare": replace(full, cues=(NO_PICTURE, NO_SOUND, NO_EYES), dialogue=(), history=()),
    }[given]


def chain_of(case: dict[str, Any]) -> tuple[Bundle, list[Step]]:
    """The bundle of a case and its chain: the good one, or where less is given the composer's, but for its step."""
    bundle = bundle_of(case["language"], case.get("given", "full"))
    composed = create_writer().write([bundle])[0].steps
    known = signs(bundle)
    steps: list[Step] = []
    for number, name in enumerate(STEP_NAMES, 1):
        said = TABLE[case["language"]]["good"][name]
        if case.get("step") == name:
            said = case["say"]
        elif "given" in case:
            steps.append(composed[number - 1])
            continue
        steps.append(Step(number, tuple(text for text, _ in said), tuple(known.get(sign, sign) for _, sign in said)))
    return bundle, steps


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_each_chain_of_the_table_breaks_just_what_it_is_to_break(case: dict[str, Any]) -> None:
    bundle, steps = chain_of(case)
    found = check_chain(bundle, steps)
    number = STEP_NAMES.index(case["step"]) + 1 if "step" in case else None
    if "breaks" not in case:
        assert [str(one) for one in found] == []
    else:
        assert (case["breaks"], number) in {(one.rule, one.step) for one in found}, list(map(str, found))
        assert {one.step for one in found} == {number}, list(map(str, found))


def test_the_table_covers_every_rule_in_both_languages() -> None:
    assert len(CASES) >= 80 and len({case["id"] for case in CASES}) == len(CASES)
    assert {case.get("breaks") for case in CASES} == {None, *RULES}
    mandarin = {case.get("breaks") for case in CASES if case["language"] == "zh"}
    assert mandarin >= {None, *RULES} - {"empty"}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("given", ["full", "no_eyes", "no_sound", "bare"])
def test_the_composers_chain_passes(language: str, given: str) -> None:
    bundle = bundle_of(language, given)
    assert check_chain(bundle, create_writer().write([bundle])[0].steps) == []


@pytest.mark.parametrize("keep", [[0, 1, 2, 3, 4], [1, 2, 3, 4, 5, 0], [0, 0, 1, 2, 3, 4, 5], []])
def test_a_chain_has_six_steps_in_order(keep: list[int]) -> None:
    steps = create_writer().write([ENGLISH])[0].steps
    [found] = check_chain(ENGLISH, [steps[i] for i in keep])
    assert found.rule == "order" and "expected 1 to 6 in order" in str(found)


def test_history_must_lie_in_the_past() -> None:
    future = replace(ENGLISH, history=(replace(ENGLISH.history[0], gap_s=-2.0),))
    [found, *_] = check_chain(future, create_writer().write([future])[0].steps)
    assert str(found) == "future: step 5: event:e1 lies 2 s in the future"


def test_a_cue_that_names_an_emotion_need_not_be_repeated() -> None:
    leaking = replace(ENGLISH, cues=(CueGiven("visual", "The wearer looks angry at a cup.", None), *ENGLISH.cues[1:]))
    steps = list(create_writer().write([leaking])[0].steps)
    assert check_chain(leaking, steps) == []
    assert check_chain(leaking, [Step(1, ("The wearer looks at a cup.",), ("cue:visual",)), *steps[1:]]) == []


def test_the_revision_follows_the_lists() -> None:
    from osmo.tasks.chain_words import words_sha

    assert check_revision().endswith(words_sha())
