"""Motion, light and scene changes of the wearer's picture, against the minute before."""

from __future__ import annotations

import re
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from osmo.annotators.mentions import mentioned
from osmo.tasks.cues.extractor import Cue, Span
from osmo.tasks.cues.visual import create_extractor

WIDTH, HEIGHT = 128, 72
Pictures = list[npt.NDArray[np.uint8]]


def span(start_s: float, end_s: float, language: str | None = "en") -> Span:
    return Span("e", "r", start_s, end_s, language)


def values(cue: Cue) -> dict[str, float]:
    return {name: value for name, value, _ in cue.evidence}


def texture(seed: int) -> npt.NDArray[np.uint8]:
    random = np.random.default_rng(seed)
    layers = [cv2.GaussianBlur(random.normal(0, 1, (HEIGHT, 40 * WIDTH)), (0, 0), s) * s for s in (2, 5, 12)]
    return cv2.normalize(np.sum(layers, axis=0), None, 20, 230, cv2.NORM_MINMAX).astype(np.uint8)  # type: ignore[call-overload,no-any-return]


def pan(seconds: float, per_frame: int, *, seed: int = 1, light: float = 1.0) -> Pictures:
    """Ten pictures a second of a camera that moves to the right by so many pixels a picture."""
    scene = (texture(seed) * light).astype(np.uint8)
    return [scene[:, n * per_frame :][:, :WIDTH] for n in range(round(seconds * 10))]


def measured(studio: Any, pictures: Pictures, **row: object) -> Any:
    return studio.media(*studio.tracked("visual", studio.row("proxy", studio.video(pictures), **row)))


def test_a_camera_that_begins_to_move_moves_more_than_usual(studio: Any) -> None:
    [cue] = create_extractor().extract([span(12, 16)], measured(studio, pan(12, 0) + pan(4, 5)))
    found = values(cue)
    assert found["motion"] == pytest.approx(100 * 5 * 10 / WIDTH, abs=2)
    assert found["motion_change"] == pytest.approx(found["motion"], abs=1)
    assert found["motion_spread"] == 2.0
    assert (found["baseline"], found["cuts"], found["cuts_before"]) == (12.0, 0.0, 0.0)
    assert "more than usual" in str(cue.text) and "grey levels, as usual" in str(cue.text)
    assert cue.confidence == pytest.approx(0.5 + 0.5 * 12 / 60)


def test_what_was_as_restless_before_is_as_usual(studio: Any) -> None:
    restless = [picture for n, speed in enumerate((0, 6, 2, 4, 1, 5, 3)) for picture in pan(2, speed, seed=1 + n // 9)]
    [cue] = create_extractor().extract([span(14, 18)], measured(studio, restless + pan(4, 5)))
    assert values(cue)["motion_change"] > 5
    assert "picture's width a second, as usual" in str(cue.text)


@pytest.mark.parametrize(("light", "said"), [(0.4, "darker than usual"), (1.0, "grey levels, as usual")])
def test_light_is_compared(studio: Any, light: float, said: str) -> None:
    before, event = pan(12, 1), pan(4, 1, light=light)
    [cue] = create_extractor().extract([span(12, 16)], measured(studio, before + event))
    truth = np.mean(event) - np.mean(before)
    assert values(cue)["brightness_change"] == pytest.approx(truth, abs=4)
    assert said in str(cue.text)


def test_scene_changes_are_counted(studio: Any) -> None:
    scenes = [pan(3, 0, seed=seed, light=light) for seed, light in ((1, 1.0), (2, 0.3), (3, 1.0), (4, 0.3), (5, 1.0))]
    media = measured(studio, [picture for scene in scenes for picture in scene])
    [cue] = create_extractor().extract([span(8, 14)], media)
    assert (values(cue)["cuts"], values(cue)["cuts_before"]) == (2.0, 2.0)
    assert "changes of the whole scene at once: 2" in str(cue.text)


def test_black_pictures_are_said_and_left_out(studio: Any) -> None:
    black = [np.zeros((HEIGHT, WIDTH), np.uint8)] * 20
    lit = pan(12, 0)
    [cue] = create_extractor().extract([span(12, 16)], measured(studio, lit + black + lit[:20]))
    assert values(cue)["black"] == 50
    assert values(cue)["brightness_change"] == pytest.approx(0, abs=3)
    assert "black for 50% of the event" in str(cue.text)


def test_an_event_in_the_dark_has_nothing_but_that(studio: Any) -> None:
    media = measured(studio, pan(10, 1) + [np.zeros((HEIGHT, WIDTH), np.uint8)] * 40)
    [cue] = create_extractor().extract([span(11, 14)], media)
    assert values(cue)["black"] == 100
    assert not {"motion", "brightness"} & set(values(cue))


def test_at_the_recordings_start_there_is_no_baseline(studio: Any) -> None:
    [cue] = create_extractor().extract([span(5, 9, "zh")], measured(studio, pan(9, 1)))
    assert cue.text is not None and "此前的画面太少" in cue.text
    assert not [name for name in values(cue) if name.endswith("_change") or name == "baseline"]
    assert cue.confidence == 0.5


def test_what_comes_later_changes_nothing(studio: Any) -> None:
    seen = pan(12, 1) + pan(4, 5)
    laters = [pan(3, 0, seed=7), pan(3, 9, seed=8, light=0.2)]
    cues = [create_extractor().extract([span(12, 15)], measured(studio, seen + later))[0] for later in laters]
    assert cues[0] == cues[1]


def test_a_cue_does_not_depend_on_the_other_events_of_its_call(studio: Any) -> None:
    media = measured(studio, pan(10, 1) + pan(6, 4))
    spans = [span(10, 15), span(2.1, 4), span(12.3, 15.9), span(0, 3)]
    together = create_extractor().extract(spans, media)
    assert together == [create_extractor().extract([one], media)[0] for one in spans]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_number_said_is_evidence_and_no_emotion_is_named(studio: Any, language: str) -> None:
    media = measured(studio, pan(10, 0) + pan(3, 5, light=0.4) + pan(3, 0, seed=4))
    [cue] = create_extractor().extract([span(10, 16, language)], media)
    assert cue.text is not None
    shown = {f"{abs(value):g}" for value in values(cue).values()}
    assert {f"{float(number):g}" for number in re.findall(r"\d+(?:\.\d+)?", cue.text)} <= shown
    assert mentioned(cue.text) == frozenset()
    assert all(unit for _, _, unit in cue.evidence)


@pytest.mark.parametrize(
    ("captioned", "tracked", "times", "reason"),
    [
        (True, False, (0, 2), "recording has no video"),
        (False, False, (0, 2), "the recording's video has not been measured"),
        (False, True, (90, 92), "recording has no video within the event's times"),
    ],
    ids=["captioned-stand-in", "no-track", "beyond-the-end"],
)
def test_a_picture_that_is_not_there_is_absent(
    studio: Any, captioned: bool, tracked: bool, times: tuple[float, float], reason: str
) -> None:
    rows = [studio.row("proxy", studio.video(pan(3, 0)), captioned=captioned)]
    if tracked:
        rows = studio.tracked("visual", *rows)
    assert create_extractor().extract([span(*times)], studio.media(*rows)) == [Cue(None, reason, (), None)]
