"""Chains that the composer writes: every sentence from given evidence, and nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osmo.annotators import registry
from osmo.annotators.llm.composer import create_writer, phrases
from osmo.annotators.mentions import mentioned
from osmo.annotators.writer import Bundle, CueGiven, Earlier, Said, Step
from osmo.schemas.vocabulary import vocabulary
from osmo.tasks.chain_check import check_chain

CUES = (
    CueGiven("visual", "The picture changes by 3.1 grey levels.", None),
    CueGiven("acoustic", None, "recording has no sound"),
    CueGiven("ocular", None, "recording has no eye video: not in recording.json"),
)


def bundle(**changes: object) -> Bundle:
    given: dict[str, object] = {
        "event_id": "e9", "language": "en", "emotions": ("joy/joy",), "own_words": (), "polarity": "positive",
        "intensity": 2, "cause": "A friend came back.", "annotation_ids": ("a1",), "cues": CUES,
        "dialogue": (Said("s1", "wearer", 'I am so angry, "really"!'), Said("s2", "other", "Why?")),
        "history": (Earlier("e1", ("sadness/sadness",), ("left out",), 32.4, 5.0),),
    }  # fmt: skip
    return Bundle(**{**given, **changes})  # type: ignore[arg-type]


def write(given: Bundle) -> tuple[Step, ...]:
    [chain] = create_writer().write([given])
    steps = chain.steps
    assert check_chain(given, steps) == []
    return steps


def test_a_chain_says_each_piece_of_evidence_and_cites_it() -> None:
    steps = write(bundle())
    assert [(step.sentences, step.cited) for step in steps] == [
        (("The picture changes by 3.1 grey levels.",), ("cue:visual",)),
        (("There is no acoustic cue: recording has no sound.",), ("cue:acoustic",)),
        (
            ("The wearer says: “I am so angry, 'really'!”", "Someone else says: “Why?”"),
            ("segment:s1", "segment:s2"),
        ),
        (("There is no ocular cue: recording has no eye video: not in recording.json.",), ("cue:ocular",)),
        (
            ("32 s before this event, the wearer felt: sadness; in the annotators' own words: “left out”.",),
            ("event:e1",),
        ),
        (
            (
                "The annotators say that the wearer feels: joy.",
                "The polarity is positive.",
                "The intensity is 2 on a scale from 1 to 3.",
                "The cause, as the annotators describe it: “A friend came back.”",
            ),
            ("annotation:a1",) * 4,
        ),
    ]


def test_a_mandarin_event_is_written_in_mandarin() -> None:
    steps = write(bundle(language="zh", dialogue=(), history=()))
    assert steps[1].sentences == ("没有声音线索（recording has no sound）。",)
    assert steps[2].sentences == ("事件期间及此前片刻没有文字记录。",)
    assert steps[2].cited == ("dialogue:none",)
    assert steps[4].cited == ("history:none",)
    assert steps[5].sentences[0] == f"标注者认为佩戴者感到：{vocabulary().get('joy/joy').zh}。"


@pytest.mark.parametrize("language", [None, "fr", "en"])
def test_any_other_language_is_written_in_english(language: str | None) -> None:
    assert write(bundle(language=language)) == write(bundle())


def test_what_several_annotators_say_cites_the_event() -> None:
    assert set(write(bundle(annotation_ids=("a1", "a2")))[5].cited) == {"event:e9"}


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("not_collected", "The intensity was not collected."),
        ("missing", "The annotators left the intensity out."),
        (None, "The intensity was not collected."),
    ],
)
def test_what_is_not_there_is_said_with_its_reason(reason: str | None, said: str) -> None:
    assert said in write(bundle(intensity=None, intensity_reason=reason))[5].sentences


def test_undecided_polarity_is_no_mixed_polarity() -> None:
    text = " ".join(write(bundle(polarity=None, polarity_reason="tie"))[5].sentences)
    assert "split" in text and "mixed" not in text


@pytest.mark.parametrize(
    ("gap_s", "said"),
    [(0.0, "Right before"), (32.4, "32 s"), (119, "119 s"), (600, "10 min"), (8000, "2 h"), (200_000, "2 d")],
)
def test_gaps_are_said_in_the_unit_that_fits(gap_s: float, said: str) -> None:
    [sentence] = write(bundle(history=(Earlier("e1", ("joy/joy",), (), gap_s, 5.0),)))[4].sentences
    assert sentence.startswith(said)


def test_a_cue_that_names_an_emotion_is_withheld() -> None:
    leaking = (CueGiven("visual", "The wearer looks angry.", None), *CUES[1:])
    [sentence] = write(bundle(cues=leaking))[0].sentences
    assert "angry" not in sentence and "not repeated" in sentence


def test_an_event_that_has_only_own_words_is_told_in_them() -> None:
    [first, *_] = write(bundle(emotions=(), own_words=("fed up with waiting",)))[5].sentences
    assert "“fed up with waiting”" in first
    [first, *_] = write(bundle(emotions=(), own_words=()))[5].sentences
    assert first == "The annotators share no name for what the wearer feels."


def test_phrases_name_no_emotion() -> None:
    for say in phrases().values():
        for value in say.model_dump().values():
            for text in value.values() if isinstance(value, dict) else [value]:
                assert mentioned(text) == frozenset(), text


def test_both_languages_have_the_same_phrases_with_the_same_slots() -> None:
    english, mandarin = (phrases()[language].model_dump() for language in ("en", "zh"))
    for name, phrase in english.items():
        if isinstance(phrase, dict):
            assert set(phrase) == set(mandarin[name]), name
            for key in phrase:
                assert slots(phrase[key]) == slots(mandarin[name][key]), (name, key)
        else:
            assert slots(phrase) == slots(mandarin[name]), name


def slots(phrase: str) -> list[str]:
    return sorted(re.findall(r"\{(\w+)\}", phrase))


def test_it_is_found_by_its_name() -> None:
    writer = registry.writer("composer")
    assert writer.name == "composer"
    assert vocabulary().version in writer.revision
    assert writer.prompt_sha is None


CONCEPTS = [concept for concept in vocabulary().concepts if concept.id != "neutral"]
WORDS = sorted({w for c in CONCEPTS for w in (c.en, c.zh, *c.aliases_en, *c.aliases_zh)})
PIECE = st.one_of(
    st.text(min_size=1, max_size=12),
    st.sampled_from(WORDS),
    st.sampled_from(['"', "“", "”", "「", "」", "’", "3.5", "12", "{x}"])
)  # fmt: skip
TEXT = st.lists(PIECE, min_size=1, max_size=5).map(" ".join).filter(str.strip)
IDS = st.lists(st.sampled_from([concept.id for concept in CONCEPTS]), max_size=3, unique=True).map(tuple)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
GAP = st.floats(0, 1e7)
SPEAKERS = ("wearer", "other", "unknown")


def cue(modality: str) -> st.SearchStrategy[CueGiven]:
    return st.one_of(
        TEXT.map(lambda text: CueGiven(modality, text, None)), TEXT.map(lambda text: CueGiven(modality, None, text))
    )


BUNDLES = st.builds(
    Bundle,
    event_id=st.just("e"),
    language=st.sampled_from(["en", "zh", None]),
    emotions=IDS,
    own_words=TEXTS,
    polarity=st.sampled_from(["negative", "neutral", "positive", "mixed", None]),
    intensity=st.sampled_from([1, 2, 3, None]),
    cause=st.one_of(st.none(), TEXT),
    annotation_ids=st.sampled_from([(), ("a",), ("a", "b")]),
    cues=st.tuples(cue("visual"), cue("acoustic"), cue("ocular")),
    dialogue=st.lists(st.builds(Said, st.just("s"), st.sampled_from(SPEAKERS), TEXT), max_size=1).map(tuple),
    history=st.lists(st.builds(Earlier, st.just("h"), IDS, TEXTS, GAP, GAP), max_size=1).map(tuple),
    polarity_reason=st.sampled_from(["not_collected", "missing", "tie", None]),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(BUNDLES)
def test_every_chain_passes_the_check(given: Bundle) -> None:
    [chain] = create_writer().write([given])
    steps = chain.steps
    assert check_chain(given, steps) == []
    assert [step.number for step in steps] == [1, 2, 3, 4, 5, 6]
