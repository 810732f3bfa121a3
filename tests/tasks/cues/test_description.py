"""Words of cues: no number that was not measured, no emotion."""

from __future__ import annotations

import re

import pytest

from osmo.annotators.mentions import mentioned
from osmo.tasks.cues.description import Description, phrases

ALL = [
    pytest.param(text, id=f"{modality}-{language}-{name}")
    for modality, by_language in phrases().items()
    for language, by_name in by_language.items()
    for name, text in by_name.items()
]


@pytest.mark.parametrize("phrase", ALL)
def test_phrases_hold_no_number_and_name_no_emotion(phrase: str) -> None:
    assert not re.search(r"\d", phrase)
    assert mentioned(phrase) == frozenset()


def test_both_languages_have_the_same_phrases_with_the_same_measurements() -> None:
    for by_language in phrases().values():
        assert set(by_language["en"]) == set(by_language["zh"])
        for name, text in by_language["en"].items():
            slots = [sorted(re.findall(r"\{(\w+)\}", by_language[language][name])) for language in ("en", "zh")]
            assert slots[0] == slots[1], text


def test_a_number_is_said_as_it_is_recorded() -> None:
    said = Description("acoustic", "en")
    said.measure("level_change", -4.04, "dB", digits=1)
    said.measure("baseline", 60.0, "s", digits=1)
    said.say("quieter")
    cue = said.cue(confidence=1.0)
    assert cue.text == "This is 4.0 dB quieter than voiced sound in the 60.0 s before."
    assert cue.evidence == (("level_change", -4.0, "dB"), ("baseline", 60.0, "s"))


def test_a_number_that_was_not_measured_cannot_be_said() -> None:
    with pytest.raises(KeyError):
        Description("acoustic", "en").say("pitch")
