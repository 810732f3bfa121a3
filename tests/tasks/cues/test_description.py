"""Words of cues: no number that was not measured, no emotion."""

from __future__ import annotations

import re

import pytest

from osmo.annotators.mentions import mentioned
from osmo.tasks.cues.description import Description, phrases, phrases_sha

ALL = [
    pytest.param(text, id=f"{modality}-{language}-{name}")
    for modality, by_language in phrases().items()
    for language, by_name in by_language.items()
    for name, text in by_name.items()
]


@pytest.mark.parametrize("phrase", ALL)
def test_phrases_hold_no_number_and_name_no_emotion(phrase: str) -> None:
    assert not re.search(r"\d", re.sub(r"\{\w+\}", "", phrase))
    assert mentioned(phrase) == frozenset()


def test_both_languages_have_the_same_phrases_with_the_same_measurements() -> None:
    for by_language in phrases().values():
        assert set(by_language["en"]) == set(by_language["zh"])
        for name, text in by_language["en"].items():
            slots = [sorted(re.findall(r"\{(\w+)\}", by_language[language][name])) for language in ("en", "zh")]
            assert slots[0] == slots[1], text


def test_a_number_is_said_as_it_is_recorded() -> None:
    said = Description("acoustic", "en")
    said.measure("level", -30.04, "dBFS", digits=1)
    said.measure("speech", 60.0, "s", digits=1)
    said.say("wearer_speaks")
    said.say("level")
    cue = said.cue(confidence=1.0)
    assert cue.text == "The wearer speaks for 60.0 s of the event; the voice lies 30.0 dB below full scale."
    assert cue.evidence == (("level", -30.0, "dBFS"), ("speech", 60.0, "s"))


def test_the_phrases_of_one_modality_do_not_age_the_others() -> None:
    shas = [phrases_sha(modality) for modality in ("acoustic", "visual", "ocular", None)]
    assert len(set(shas)) == 4


def test_a_number_that_was_not_measured_cannot_be_said() -> None:
    with pytest.raises(KeyError):
        Description("acoustic", "en").say("pitch")
