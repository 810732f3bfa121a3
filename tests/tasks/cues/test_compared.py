"""A number is said with what is usual, in the scale that people read."""

from __future__ import annotations

import math

import pytest

from osmo.tasks.cues.compared import Compared
from osmo.tasks.cues.description import Description


def said(here: list[float], before: list[float]) -> tuple[str | None, dict[str, float]]:
    description = Description("acoustic", "en")
    Compared("pitch", "Hz", 0.5, here, before, digits=0, shown=lambda st: 2 ** (st / 12), change_unit="semitones").say(
        description
    )
    if not description.said_anything:
        return None, {}
    cue = description.cue(confidence=1.0)
    return cue.text, {f"{name} {unit}": value for name, value, unit in cue.evidence}


OCTAVE_3 = 12 * math.log2(220)


@pytest.mark.parametrize(
    ("here", "before", "text"),
    [
        ([OCTAVE_3], [], "Its pitch is about 220 Hz."),
        ([OCTAVE_3], [OCTAVE_3] * 3, "Its pitch is about 220 Hz."),
        ([OCTAVE_3], [OCTAVE_3 - 0.9] * 4, "Its pitch is about 220 Hz, as usual."),
        (
            [OCTAVE_3],
            [OCTAVE_3 - 2] * 4,
            "Its pitch is about 220 Hz, 2.0 semitones higher than usual, where 0.5 is the usual spread.",
        ),
        (
            [OCTAVE_3],
            [OCTAVE_3 + 1, OCTAVE_3 + 3, OCTAVE_3 + 2, OCTAVE_3 + 2],
            "Its pitch is about 220 Hz, 2.0 semitones lower than usual, where 0.7 is the usual spread.",
        ),
        ([math.nan], [OCTAVE_3] * 4, None),
        ([], [OCTAVE_3] * 4, None),
    ],
    ids=["alone", "too-few-before", "as-usual", "higher", "lower", "unknown", "nothing"],
)
def test_what_is_said(here: list[float], before: list[float], text: str | None) -> None:
    assert said(here, before)[0] == text


def test_the_evidence_has_the_difference_even_where_it_is_as_usual() -> None:
    evidence = said([OCTAVE_3], [OCTAVE_3 - 0.9] * 4)[1]
    assert evidence == {"pitch Hz": 220.0, "pitch_change semitones": 0.9, "pitch_spread semitones": 0.5}
