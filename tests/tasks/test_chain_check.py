"""What a chain must not say."""

from __future__ import annotations

import pytest

from osmo.annotators.llm.composer import create_writer
from osmo.annotators.writer import Bundle, CueGiven, Earlier, Said, Step
from osmo.tasks.chain_check import check_chain

BUNDLE = Bundle(
    event_id="e9",
    language="en",
    emotions=("joy/joy",),
    own_words=(),
    polarity="positive",
    intensity=2,
    cause="A friend came back after 3 years.",
    annotation_ids=("a1",),
    cues=(
        CueGiven("visual", "Motion is 3.1 grey levels.", None),
        CueGiven("acoustic", "The voice is 4 dB louder.", None),
        CueGiven("ocular", None, "no eye camera"),
    ),
    dialogue=(Said("s1", "wearer", "I am so angry!"),),
    history=(Earlier("e1", ("sadness/sadness",), (), 32.0, 5.0),),
)
GOOD = create_writer().write([BUNDLE])[0].steps


def with_step(number: int, *sentences: tuple[str, str]) -> list[Step]:
    changed = Step(number, tuple(text for text, _ in sentences), tuple(ref for _, ref in sentences))
    return [changed if step.number == number else step for step in GOOD]


def test_the_composers_chain_passes() -> None:
    assert check_chain(BUNDLE, GOOD) == []


@pytest.mark.parametrize(
    ("steps", "violation"),
    [
        (with_step(1, ("Motion is low.", "")), "cites nothing"),
        (with_step(1, ("  ", "cue:visual")), "empty sentence"),
        (with_step(1), "says nothing"),
        (with_step(1, ("A red car.", "cue:olfactory")), "cites cue:olfactory, which was not given"),
        (with_step(1, ("It is 4 dB louder.", "cue:acoustic")), "not given for this step"),
        (with_step(3, ("Someone talks.", "segment:s7")), "cites segment:s7"),
        (with_step(5, ("Long ago.", "event:e7")), "cites event:e7"),
        (with_step(3, ("Nothing was said.", "dialogue:none")), "cites dialogue:none"),
        (with_step(4, ("The pupils widen.", "cue:ocular")), "its reason is not said: no eye camera"),
        (
            with_step(4, ("No cue: no eye camera.", "cue:ocular"), ("The pupils widen.", "cue:ocular")),
            "described in 2 sentences",
        ),
        (with_step(1, ("The wearer is angry.", "cue:visual")), "names anger/"),
        (with_step(1, ("The wearer looks “angry”.", "cue:visual")), "names anger/"),
        (with_step(2, ("佩戴者很愤怒。", "cue:acoustic")), "names anger/"),
        (with_step(3, ("The wearer is angry and talks.", "segment:s1")), "names anger/"),
        (with_step(3, ("The wearer says: “I am so furious!”", "segment:s1")), "is not what segment:s1 says"),
        (with_step(5, ("The wearer felt anger.", "event:e1")), "names anger/"),
        (with_step(6, ("The wearer feels disgust.", "annotation:a1")), "names disgust/"),
        (with_step(1, ("Motion is 3.2 grey levels.", "cue:visual")), "says 3.2, which cue:visual does not"),
        (with_step(2, ("The voice is 40 dB louder.", "cue:acoustic")), "says 40"),
        (with_step(5, ("33 s before, the wearer felt sadness.", "event:e1")), "says 33"),
        (with_step(6, ("The intensity is 7.", "annotation:a1")), "says 7"),
        (list(GOOD[:5]), "expected 1 to 6 in order"),
        ([*GOOD[1:], GOOD[0]], "expected 1 to 6 in order"),
    ],
)
def test_a_violation_is_found(steps: list[Step], violation: str) -> None:
    problems = [str(one) for one in check_chain(BUNDLE, steps)]
    assert any(violation in problem for problem in problems), problems


@pytest.mark.parametrize(
    "steps",
    [
        with_step(1, ("There is motion of 3.1 grey levels.", "cue:visual"), ("It is not much.", "cue:visual")),
        with_step(3, ("The wearer says “so angry”.", "segment:s1")),
        with_step(3, ("佩戴者说：「I am so angry!」", "segment:s1")),
        with_step(5, ("1 min earlier there was sadness for 5 s.", "event:e1")),
        with_step(6, ("After 3 years, joy.", "event:e9"), ("The voice is 4 dB louder.", "cue:acoustic")),
    ],
    ids=["two-sentences", "part-of-a-quote", "other-quotation-marks", "gap-in-minutes", "inference-from-cues"],
)
def test_what_the_evidence_says_may_be_said(steps: list[Step]) -> None:
    assert check_chain(BUNDLE, steps) == []


def test_history_must_lie_in_the_past() -> None:
    future = Bundle(**{**vars(BUNDLE), "history": (Earlier("e1", ("sadness/sadness",), (), -2.0, 5.0),)})
    [found, *_] = check_chain(future, create_writer().write([future])[0].steps)
    assert "event:e1 lies 2 s in the future" in str(found)
