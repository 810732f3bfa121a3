"""Motion, brightness and cuts of the wearer's picture, against the minute before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from osmo.tasks.cues.extractor import Cue, Span
from osmo.tasks.cues.visual import create_extractor


def span(start_s: float, end_s: float, language: str | None = "en") -> Span:
    return Span("e", "r", start_s, end_s, language)


def values(cue: Cue) -> dict[str, float]:
    return {name: value for name, value, _ in cue.evidence}


@pytest.fixture
def flashing(studio: Any) -> Any:
    """Five quiet seconds, then five in which the picture flips between dark and bright every half second."""
    quiet = [np.full((36, 64), 60, np.uint8)] * 50
    flips = [np.full((36, 64), 60 if (k // 5) % 2 else 180, np.uint8) for k in range(50)]
    return studio.media(studio.row("proxy", studio.video(quiet + flips)))


def test_a_flashing_picture_changes_more_than_before(flashing: Any) -> None:
    [cue] = create_extractor().extract([span(5, 10)], flashing)
    measured = values(cue)
    assert measured["motion"] > 30 > 2 > measured["motion_before"]
    assert measured["brightness"] == pytest.approx(60 + 120 * 3 / 5, abs=3)  # 3 of 5 samples fall on bright frames
    assert measured["brightness_before"] == pytest.approx(60, abs=3)
    assert (measured["cuts"], measured["cuts_before"], measured["baseline"]) == (9.0, 0.0, 5.0)
    assert cue.confidence == 1.0
    assert cue.text is not None and "changes at once: 9;" in cue.text


def test_at_the_recordings_start_there_is_no_baseline(flashing: Any) -> None:
    [cue] = create_extractor().extract([span(0, 4, "zh")], flashing)
    assert cue.text is not None and "此前没有可比较的画面" in cue.text
    assert "baseline" not in values(cue)
    assert cue.confidence == 0.5


def test_a_cue_does_not_depend_on_the_other_events_of_its_call(flashing: Any) -> None:
    spans = [span(5, 10), span(2.1, 4), span(7.3, 9.9), span(0, 3)]
    together = create_extractor().extract(spans, flashing)
    assert together == [create_extractor().extract([one], flashing)[0] for one in spans]


@pytest.mark.parametrize(
    ("captioned", "times", "reason"),
    [
        (True, (0, 2), "recording has no video"),
        (False, (90, 92), "recording has no video within the event's times"),
    ],
    ids=["captioned-stand-in", "beyond-the-end"],
)
def test_a_picture_that_is_not_there_is_absent(
    studio: Any, captioned: bool, times: tuple[float, float], reason: str
) -> None:
    video = studio.video([np.full((36, 64), 60, np.uint8)] * 30)
    media = studio.media(studio.row("proxy", video, captioned=captioned))
    assert create_extractor().extract([span(*times)], media) == [Cue(None, reason, (), None)]
