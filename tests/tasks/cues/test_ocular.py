"""Plain pixel measures of the eye camera, against the wearer's earlier frames."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from osmo.tasks.cues.extractor import Cue, Span
from osmo.tasks.cues.ocular import create_extractor


def values(cue: Cue) -> dict[str, float]:
    return {name: value for name, value, _ in cue.evidence}


def eye(closed: bool) -> Any:
    """A bright picture with a dark disc a quarter of its area, or with a lid over it."""
    picture = np.full((36, 64), 200, np.uint8)
    if not closed:
        picture[9:27, 16:48] = 20
    return picture


@pytest.fixture
def blinking(studio: Any) -> Any:
    """Five seconds of an open eye, then five in which it closes for 0.3 s in every second."""
    frames = [eye(closed=second >= 5 and tenth < 3) for second in range(10) for tenth in range(10)]
    return studio.media(studio.row("eye", studio.video(frames)))


def test_closing_lids_show_as_jumps_and_as_fewer_dark_pixels(blinking: Any) -> None:
    [cue] = create_extractor().extract([Span("e", "r", 5, 10, "en")], blinking)
    measured = values(cue)
    assert measured["dark_before"] == pytest.approx(25, abs=2)
    assert measured["dark"] == pytest.approx(25 * 0.7, abs=2)
    assert measured["jumps"] == pytest.approx(100 * 9 / 49, abs=0.1)
    assert measured["jumps_before"] == 0.0


@pytest.mark.parametrize(("language", "said"), [("en", "brows are not observable"), ("zh", "眉毛不可观察")])
def test_it_says_what_it_cannot_see_and_names_no_action_unit(blinking: Any, language: str, said: str) -> None:
    [cue] = create_extractor().extract([Span("e", "r", 5, 10, language)], blinking)
    assert cue.text is not None and said in cue.text
    assert not re.search(r"\bAU\s?\d", cue.text)


def test_without_an_eye_camera_the_cue_is_absent(studio: Any) -> None:
    assert create_extractor().extract([Span("e", "r", 0, 2, "en")], studio.media()) == [
        Cue(None, "recording has no eye video", (), None)
    ]


def test_a_jump_is_measured_by_what_is_usual_for_the_wearer(studio: Any) -> None:
    """The same flicker counts after a steady picture and not after one that always flickers."""
    steady, flicker = [np.full((36, 64), 100, np.uint8)] * 50, [np.full((36, 64), 100 + 8 * (k % 2)) for k in range(50)]
    flickering = [frame.astype(np.uint8) for frame in flicker]
    jumps = []
    for name, before in (("steady.mp4", steady), ("flickering.mp4", flickering)):
        media = studio.media(studio.row("eye", studio.video(before + flickering, name=name)))
        [cue] = create_extractor().extract([Span("e", "r", 5, 10, "en")], media)
        jumps.append(values(cue)["jumps"])
    assert jumps == [100.0, 0.0]
