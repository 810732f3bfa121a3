"""The track of the first-person video: known shifts, known cuts, known light."""

from __future__ import annotations

import itertools
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from osmo.tasks.cues.extractor import MediaUndecodableError
from osmo.tasks.tracks.visual import BLOCK_ROWS, create_tracker

HEIGHT, WIDTH = 180, 320
Picture = npt.NDArray[np.uint8]


def texture(seed: int, height: int = HEIGHT, width: int = 4 * WIDTH) -> Picture:
    random = np.random.default_rng(seed)
    layers = [cv2.GaussianBlur(random.normal(0, 1, (height, width)), (0, 0), s) * s for s in (3, 8, 20)]
    return cv2.normalize(np.sum(layers, axis=0), None, 20, 230, cv2.NORM_MINMAX).astype(np.uint8)  # type: ignore[call-overload,no-any-return]


def pan(seed: int, per_frame: int, count: int) -> list[Picture]:
    """A camera that moves to the right by so many pixels a frame."""
    scene = texture(seed)
    return [scene[:, n * per_frame : n * per_frame + WIDTH] for n in range(count)]


@pytest.mark.parametrize("per_frame", [0, 1, 4, 12])
def test_a_camera_that_turns_is_measured_in_percent_of_the_width_per_second(place: Any, per_frame: int) -> None:
    """At 10 frames a second and 320 pixels: within 2 % of the width per second, and 5 % of the speed."""
    track = place.track(create_tracker(), place.proxy(pan(1, per_frame, 40))).to_pydict()
    true = 100 * per_frame * 10 / WIDTH
    assert track["camera_right"][0] is None
    assert track["camera_right"][1:] == pytest.approx([true] * 19, abs=max(2.0, 0.05 * true))
    assert max(map(abs, track["camera_down"][1:])) < 2.0
    assert np.median(track["residual"][1:]) < 2.0
    assert not any(track["cut"])


def test_it_samples_five_times_a_second_on_the_recordings_clock(place: Any) -> None:
    row = {**place.proxy(pan(1, 2, 20)), "start_s": 7.0}
    assert place.track(create_tracker(), row)["time_s"].to_pylist() == pytest.approx([7 + n / 5 for n in range(10)])


def test_a_slower_video_has_fewer_samples_and_the_same_speed(place: Any) -> None:
    track = place.track(create_tracker(), place.proxy(pan(1, 8, 12), fps=2)).to_pydict()
    assert len(track["time_s"]) == 12
    assert track["camera_right"][1:] == pytest.approx([100 * 8 * 2 / WIDTH] * 11, abs=2.0)


def test_light_is_measured_in_grey_levels(place: Any) -> None:
    halves = np.full((HEIGHT, WIDTH), 60, np.uint8)
    halves[:, WIDTH // 2 :] = 160
    track = place.track(create_tracker(), place.proxy([halves] * 20 + [halves // 2] * 20)).to_pydict()
    assert track["brightness"][:10] == pytest.approx([110] * 10, abs=2)
    assert track["contrast"][:10] == pytest.approx([50] * 10, abs=2)
    assert track["brightness"][10:] == pytest.approx([55] * 10, abs=2)


def test_scene_changes_are_found_where_they_are_and_a_turning_camera_is_none(place: Any) -> None:
    """Four scenes, in two of which the camera turns fast."""
    scenes = [pan(seed, per_frame, 30) for seed, per_frame in ((1, 0), (2, 16), (3, 2), (4, 20))]
    pictures = [cv2.convertScaleAbs(p, alpha=a) for s, a in zip(scenes, (1, 0.5, 1, 0.4), strict=True) for p in s]
    track = place.track(create_tracker(), place.proxy(pictures)).to_pydict()
    cuts = [time_s for time_s, cut in zip(track["time_s"], track["cut"], strict=True) if cut]
    assert cuts == pytest.approx([3.0, 6.0, 9.0])
    at_cut = [right for right, cut in zip(track["camera_right"], track["cut"], strict=True) if cut]
    assert at_cut == [None] * 3


def test_black_pictures_are_marked_and_have_no_motion(place: Any) -> None:
    black = [np.zeros((HEIGHT, WIDTH), np.uint8)] * 20
    track = place.track(create_tracker(), place.proxy(pan(1, 4, 20) + black + pan(1, 4, 20))).to_pydict()
    assert track["black"] == [False] * 10 + [True] * 10 + [False] * 10
    assert track["camera_right"][10:21] == [None] * 11
    dim = np.clip(texture(3)[:, :WIDTH] // 10, 0, 30).astype(np.uint8)
    assert not any(place.track(create_tracker(), place.proxy([dim] * 10))["black"].to_pylist())


def test_borders_of_blocks_leave_no_trace(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [*pan(1, 3, 25), *(p // 3 for p in pan(2, 9, 25)), *pan(3, 1, 25)]
    row = place.proxy(pictures)
    whole = place.track(create_tracker(), row)
    assert whole["cut"].to_pylist().count(True) == 2 and whole["cut"].num_chunks == 1
    for rows in (1, 12, 13, 14):
        monkeypatch.setattr("osmo.tasks.tracks.visual.BLOCK_ROWS", rows)
        assert place.track(create_tracker(), row).combine_chunks().equals(whole.combine_chunks())
    assert BLOCK_ROWS > 14


def test_it_runs_twice_to_the_same_numbers(place: Any) -> None:
    row = place.proxy(list(itertools.chain(pan(1, 5, 20), pan(2, 1, 20))))
    assert place.track(create_tracker(), row).equals(place.track(create_tracker(), row))


@pytest.mark.parametrize("content", [b"", b"not a video" * 99], ids=["empty", "text"])
def test_a_file_that_is_no_video_is_named(place: Any, content: bytes) -> None:
    broken = place.folder / "broken.mp4"
    broken.write_bytes(content)
    row = place.row("proxy", broken)
    with pytest.raises(MediaUndecodableError, match=str(row["sha256"])):
        place.track(create_tracker(), row)


def test_sound_without_picture_is_no_video(place: Any) -> None:
    sound = place.sound(np.zeros(1_600))
    with pytest.raises(MediaUndecodableError, match="no video stream"):
        place.track(create_tracker(), {**sound, "kind": "proxy"})
