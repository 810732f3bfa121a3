"""Motion between pictures that were moved by a known shift."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from osmo.tasks.tracks.scene import WIDTH, MotionMeter, small_height

HEIGHT = 90
Grey = npt.NDArray[np.uint8]


def texture(height: int, width: int, seed: int = 0) -> Grey:
    """Blobs of many sizes."""
    random = np.random.default_rng(seed)
    layers = [cv2.GaussianBlur(random.normal(0, 1, (height, width)), (0, 0), s) * s for s in (3, 8, 20)]
    return cv2.normalize(np.sum(layers, axis=0), None, 20, 230, cv2.NORM_MINMAX).astype(np.uint8)  # type: ignore[call-overload,no-any-return]


SCENE = texture(1_000, 1_800)


def seen(right: float, down: float, noise: float = 2.0, seed: int = 0) -> Grey:
    """What a camera of 640 × 360 pixels that stands at a place sees, made small; places are in small pixels."""
    moved = cv2.warpAffine(SCENE, np.array([[1.0, 0.0, -500 - 4 * right], [0.0, 1.0, -300 - 4 * down]]), (640, 360))
    noisy = moved + np.random.default_rng(seed).normal(0, noise, moved.shape)
    return cv2.resize(np.clip(noisy, 0, 255).astype(np.uint8), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


@pytest.mark.parametrize("right", [-60, -24, -8, -2, -0.5, 0, 0.25, 1, 5, 16, 40, 60])
@pytest.mark.parametrize("down", [0, 6.5])
def test_a_shift_is_found_within_a_fifth_of_a_pixel(right: float, down: float) -> None:
    """Up to three eighths of the width from one sample to the next; nothing moves against it."""
    motion = MotionMeter(HEIGHT).between(seen(0, 0), seen(right, down, seed=1))
    assert motion is not None
    assert (motion.right, motion.down) == (pytest.approx(right, abs=0.2), pytest.approx(down, abs=0.2))
    assert motion.residual < 0.25


@pytest.mark.parametrize("camera", [0.0, 12.0])
def test_what_moves_against_the_picture_is_the_residual(camera: float) -> None:
    """Three fifths of the picture move with the camera; the rest moves 4 pixels more."""
    before, after, other = seen(0, 0), seen(camera, 0, seed=1), seen(camera + 4, 0, seed=1)
    after[:, : WIDTH * 2 // 5] = other[:, : WIDTH * 2 // 5]
    motion = MotionMeter(HEIGHT).between(before, after)
    still = MotionMeter(HEIGHT).between(before, seen(camera, 0, seed=1))
    assert motion is not None and still is not None
    assert motion.right == pytest.approx(camera, abs=0.5)
    assert motion.residual > 2 * still.residual


def test_a_picture_without_anything_in_it_has_no_motion() -> None:
    flat = np.full((HEIGHT, WIDTH), 90, np.uint8)
    assert MotionMeter(HEIGHT).between(flat, seen(0, 0)) is None
    assert MotionMeter(HEIGHT).between(seen(0, 0), flat) is None


def test_two_scenes_do_not_pass_for_a_shift_that_leaves_nothing_in_common() -> None:
    other = texture(HEIGHT, WIDTH, seed=9)
    motion = MotionMeter(HEIGHT).between(seen(0, 0), other)
    assert motion is not None and abs(motion.right) < WIDTH and abs(motion.down) < HEIGHT


@pytest.mark.parametrize(
    ("size", "height"), [((640, 360), 90), ((480, 480), 160), ((360, 640), 284), ((640, 2), 32), ((2, 640), 320)]
)
def test_the_small_picture_keeps_its_shape(size: tuple[int, int], height: int) -> None:
    assert small_height(*size) == height
