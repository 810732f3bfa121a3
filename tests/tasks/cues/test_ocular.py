"""What ocular cues say of events: measured numbers against the wearer's own minute before, and what is not told."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from osmo.annotators.mentions import mentioned
from osmo.storage.media import Media, write_track
from osmo.tasks.cues.extractor import Cue, Span
from osmo.tasks.cues.ocular import create_extractor
from osmo.tasks.eyes.columns import OCULAR_TRACK

SECONDS, EVENT_S = 80.0, 70.0
Course = Callable[..., Media]


def values(cue: Cue) -> dict[str, float]:
    return {name: value for name, value, _ in cue.evidence}


def cue_of(media: Media, language: str = "en", *, start_s: float = EVENT_S, end_s: float = SECONDS) -> Cue:
    [cue] = create_extractor().extract([Span("e", "r", start_s, end_s, language)], media)
    return cue


def blinking(times: np.ndarray, per_minute: float, *, shut_s: float = 0.2) -> np.ndarray:  # type: ignore[type-arg]
    """An aperture of 0.3 that shuts so often, evenly."""
    return np.where((times + 1) % (60 / per_minute) < shut_s, 0.02, 0.3)


@pytest.fixture
def course(studio: Any) -> Course:
    """Media of recording `r` with an eye video and a track of 80 s; columns are functions of time or constants."""

    def made(*, fps: float = 30.0, seconds: float = SECONDS, **columns: Any) -> Media:
        times = np.arange(round(seconds * fps)) / fps
        usual: dict[str, Any] = {
            "aperture": 0.3, "lid_confidence": 0.9, "axis_x_px": 150.0, "upper_y_px": 110.0, "lower_y_px": 182.0,
            "pupil_x_px": 150.0, "pupil_y_px": 145.0, "pupil_diameter_px": 30.0, "pupil_ratio": 0.8,
            "pupil_confidence": 0.9, "gaze_left_deg": 0.0, "gaze_up_deg": 0.0,
        }  # fmt: skip
        filled = {f"{side}_{name}": value for side in ("left", "right") for name, value in usual.items()}
        filled |= {"time_s": times, "repeated": False, "black": False, "one_eye": False}
        for name, value in columns.items():
            content = value(times) if callable(value) else value
            names = [name] if name in OCULAR_TRACK.names else [f"{side}_{name}" for side in ("left", "right")]
            filled |= dict.fromkeys(names, content)
        arrays = [
            pa.array(np.broadcast_to(filled.get(field.name, np.nan), times.size).copy(), from_pandas=True).cast(
                field.type
            )
            for field in OCULAR_TRACK
        ]
        path = studio.folder / "ocular_track.parquet"
        write_track(path, [pa.Table.from_arrays(arrays, schema=OCULAR_TRACK)], OCULAR_TRACK)
        video = studio.row("eye", studio.video([np.full((36, 64), 90, np.uint8)] * 2))
        media: Media = studio.media(video, studio.row("ocular_track", path))
        return media

    return made


def in_event(value: float, usual: float) -> Callable[[Any], Any]:
    return lambda times: np.where(times >= EVENT_S, value, usual)


def test_blinks_of_the_event_and_before_are_counted_per_minute(course: Course) -> None:
    quick = lambda times: np.where(times >= EVENT_S, blinking(times, 60), blinking(times, 12))  # noqa: E731
    cue = cue_of(course(aperture=quick))
    found = values(cue)
    assert found["AU45"] == pytest.approx(10, abs=1)
    assert found["AU45_rate"] == pytest.approx(60, abs=7)
    assert found["AU45_rate_before"] == pytest.approx(12, abs=1.5)
    assert "AU43" not in found
    assert cue.confidence == pytest.approx(0.9, abs=0.05)


def test_long_closures_and_winks_have_numbers_of_their_own(course: Course) -> None:
    shut = lambda times: np.where((times >= 72) & (times < 74), 0.02, 0.3)  # noqa: E731
    one = lambda times: np.where((times >= 75) & (times < 75.5), 0.02, shut(times))  # noqa: E731
    found = values(cue_of(course(left_aperture=one, right_aperture=shut)))
    assert (found["AU45"], found["AU46"]) == (0.0, 1.0)
    assert found["AU43"] == pytest.approx(15, abs=1)


@pytest.mark.parametrize(
    ("columns", "unit"),
    [
        ({"aperture": in_event(0.37, 0.3)}, "AU5"),
        ({"aperture": in_event(0.23, 0.3), "lower_y_px": in_event(176, 182)}, "AU6_7"),
        ({"gaze_left_deg": in_event(16, 0)}, "AU61"),
        ({"gaze_left_deg": in_event(-16, 0)}, "AU62"),
        ({"gaze_up_deg": in_event(16, 0)}, "AU63"),
        ({"gaze_up_deg": in_event(-16, 0)}, "AU64"),
    ],
)
def test_each_unit_is_told_by_its_own_number(course: Course, columns: dict[str, Any], unit: str) -> None:
    found = values(cue_of(course(**columns)))
    shares = {name: found.get(name, 0.0) for name in ("AU5", "AU6_7", "AU61", "AU62", "AU63", "AU64")}
    assert shares == {name: 100.0 if name == unit else 0.0 for name in shares}


def test_opening_and_pupil_are_held_against_the_usual(course: Course) -> None:
    cue = cue_of(course(aperture=in_event(0.24, 0.3), pupil_diameter_px=in_event(36, 30)))
    found = values(cue)
    assert (found["opening"], found["opening_change"]) == (80.0, -20.0)
    assert (found["pupil"], found["pupil_change"]) == (120.0, 20.0)
    assert "20.0 points less" in str(cue.text) and "light changes them too" in str(cue.text)


@pytest.mark.parametrize(
    ("fps", "said", "counted"),
    [
        (2.0, "neither blinks nor their length can be told", False),
        (10.0, "at least", True),
        (30.0, "Blinks during the event", True),
    ],
)
def test_what_the_frame_rate_cannot_show_is_said(course: Course, fps: float, said: str, counted: bool) -> None:
    cue = cue_of(course(fps=fps, aperture=lambda times: blinking(times, 20)))
    assert said in str(cue.text)
    assert ("at least" in str(cue.text)) == (fps == 10.0)
    assert ("AU45" in values(cue)) == counted
    assert values(cue)["fps"] == fps


def test_frames_that_only_repeat_do_not_raise_the_frame_rate(course: Course) -> None:
    cue = cue_of(course(fps=10.0, repeated=lambda times: np.arange(times.size) % 5 != 0))
    assert values(cue)["fps"] == 2.0
    assert "neither blinks" in str(cue.text)


def test_the_owners_gaze_is_named_and_the_pixels_compared_with_it(course: Course) -> None:
    swing = lambda times: 8 * np.sin(times)  # noqa: E731
    cue = cue_of(course(gaze_left_deg=swing, mps_left_deg=lambda times: 1.5 * swing(times) + 3, mps_up_deg=-9.0))
    found = values(cue)
    assert "gaze that came with the recording" in str(cue.text)
    assert found["gaze_correlation"] == 1.0
    assert found["gaze_difference"] == 0.0


def test_without_a_minute_before_nothing_is_usual(course: Course) -> None:
    cue = cue_of(course(), start_s=0, end_s=6)
    assert "too little before the event" in str(cue.text)
    assert "AU45_rate_before" not in values(cue) and "opening_change" not in values(cue)
    assert cue.confidence == pytest.approx(0.45, abs=0.01)


def test_one_eye_alone_is_said_to_be_one(course: Course) -> None:
    nothing = {f"right_{name}": np.nan for name in ("aperture", "lid_confidence", "pupil_confidence", "lower_y_px")}
    cue = cue_of(course(one_eye=True, gaze_left_deg=np.nan, gaze_up_deg=np.nan, **nothing))
    assert "one eye and do not say which" in str(cue.text)
    assert "direction of the gaze cannot be told" in str(cue.text)


@pytest.mark.parametrize(
    ("columns", "span", "reason"),
    [
        ({"lid_confidence": 0.1, "pupil_confidence": 0.1}, (70, 80), "neither lids nor pupil could be told"),
        ({"black": True}, (70, 80), "the eye camera shows nothing"),
        ({}, (90, 95), "no eye video within the event's times"),
    ],
)
def test_what_cannot_be_measured_is_absent_with_its_reason(
    course: Course, columns: dict[str, Any], span: tuple[float, float], reason: str
) -> None:
    cue = cue_of(course(**columns), start_s=span[0], end_s=span[1])
    assert cue.text is None
    assert reason in str(cue.absent_reason)


def test_without_an_eye_camera_or_its_track_the_cue_is_absent(studio: Any) -> None:
    assert cue_of(studio.media()) == Cue(None, "recording has no eye video", (), None)
    video = studio.media(studio.row("eye", studio.video([np.full((36, 64), 90, np.uint8)] * 2)))
    assert cue_of(video) == Cue(None, "the recording's eye video has not been measured", (), None)


RICH: dict[str, Any] = {
    "aperture": lambda times: np.where(times >= 76, 0.37, blinking(times, 20)),
    "pupil_diameter_px": in_event(35, 30),
    "gaze_left_deg": lambda times: 14 * np.sin(times),
    "mps_left_deg": lambda times: 15 * np.sin(times),
    "mps_up_deg": -9.0,
}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("fps", [2.0, 10.0, 30.0])
def test_every_number_is_evidence_no_emotion_is_named_and_brows_are_unobservable(
    course: Course, language: str, fps: float
) -> None:
    cue = cue_of(course(fps=fps, **RICH), language)
    text = str(cue.text)
    shown = {f"{abs(value):g}" for value in values(cue).values()}
    said = {f"{float(number):g}" for number in re.findall(r"\d+(?:\.\d+)?", text)}
    assert said and said <= shown
    assert not mentioned(text)
    assert ("眉毛不可观察" if language == "zh" else "brows are not observable") in text


def test_what_comes_after_an_event_changes_nothing(course: Course) -> None:
    later = lambda times: np.where(times >= 75, 0.05, blinking(times, 15))  # noqa: E731
    plain = lambda times: blinking(times, 15)  # noqa: E731
    assert cue_of(course(aperture=later), end_s=75) == cue_of(course(aperture=plain), end_s=75)


def test_spans_do_not_depend_on_each_other(course: Course) -> None:
    media = course(**RICH)
    spans = [Span(str(n), "r", 20.0 * n, 20.0 * n + 9, "en") for n in range(4)]
    together = create_extractor().extract(spans, media)
    assert together == [create_extractor().extract([span], media)[0] for span in spans]
