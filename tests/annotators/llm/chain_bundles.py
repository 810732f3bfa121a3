"""Bundles of one event in two languages, and answers of models about them."""

from __future__ import annotations

import json
from dataclasses import replace

from osmo.annotators.llm.chain_question import signs
from osmo.annotators.llm.composer import create_writer
from osmo.annotators.writer import STEP_NAMES, Bundle, CueGiven, Earlier, Said

ENGLISH = Bundle(
    event_id="0123456789abcdef0123",
    language="en",
    emotions=("joy/joy", "dyad/love"),
    own_words=("over the moon",),
    polarity="positive",
    intensity=2,
    cause="A friend came back after 3 years.",
    annotation_ids=("a1",),
    cues=(
        CueGiven("visual", "A hand reaches for a cup.", None),
        CueGiven("acoustic", "The voice is 6 dB louder than usual.", None),
        CueGiven("ocular", None, "no eye camera"),
    ),
    dialogue=(Said("s1", "wearer", "You came!"), Said("s2", "other", "I did."), Said("s3", "unknown", "Tea?")),
    history=(
        Earlier("e1", ("anger/annoyance",), (), 600.0, 3.0),
        Earlier("e2", ("sadness/sadness",), ("left out",), 32.4, 5.0),
    ),
)
MANDARIN = replace(
    ENGLISH,
    language="zh",
    own_words=("乐开了花",),
    cause="朋友三年后回来了。",
    dialogue=(Said("s1", "wearer", "你来了！"),),
)
BARE = replace(
    ENGLISH,
    own_words=(),
    polarity=None,
    polarity_reason="tie",
    intensity=None,
    intensity_reason="missing",
    cause=None,
    cause_reason="not_collected",
    annotation_ids=("a1", "a2"),
    dialogue=(),
    history=(),
)


def answer_of(bundle: Bundle) -> dict[str, list[dict[str, str]]]:
    """What a model answers that says what the composer says."""
    sign_of = {ref: sign for sign, ref in signs(bundle).items()}
    [chain] = create_writer().write([bundle])
    return {
        name: [{"text": text, "cites": sign_of[ref]} for text, ref in zip(step.sentences, step.cited, strict=True)]
        for name, step in zip(STEP_NAMES, chain.steps, strict=True)
    }


def answer_text(bundle: Bundle, **changes: object) -> str:
    """The answer as a model writes it, with some steps replaced."""
    return json.dumps({**answer_of(bundle), **changes}, ensure_ascii=False)
