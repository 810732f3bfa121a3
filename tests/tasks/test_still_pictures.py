"""Single pictures: decoded as other decoders do, turned upright, and refused where they are damaged."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import PIL.Image
import pytest

from osmo.tasks.pictures import _fitted
from osmo.tasks.still_pictures import StillPictures

Pixels = npt.NDArray[np.uint8]


def scene(height: int = 64, width: int = 96) -> Pixels:
    """Red to the right, green downwards, and a bright mark in the upper left corner."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[..., 0] = np.linspace(0, 200, width)
    picture[..., 1] = np.linspace(0, 200, height)[:, np.newaxis]
    picture[:16, :16] = 255
    return picture


def encoded(pixels: Pixels, kind: str, **options: int) -> bytes:
    out = io.BytesIO()
    PIL.Image.fromarray(pixels).save(out, kind, **options)
    return out.getvalue()


def rgb(data: bytes | Pixels, quarters: int = 0) -> npt.NDArray[np.float64]:
    frame = StillPictures(quarters=quarters).upright(data)
    assert frame is not None
    return np.asarray(frame.to_ndarray(format="rgb24"), np.float64)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
@pytest.mark.parametrize("kind", ["raw", "PNG", "JPEG 4:2:0", "JPEG 4:4:4", "JPEG of odd size"])
def test_pictures_are_turned_clockwise(kind: str, quarters: int) -> None:
    pixels = scene(63, 95) if "odd" in kind else scene()
    subsampling = 0 if "4:4:4" in kind else 2
    data = (
        encoded(pixels, "JPEG", quality=95, subsampling=subsampling)
        if kind.startswith("JPEG")
        else encoded(pixels, "PNG")
        if kind == "PNG"
        else pixels
    )
    expected = np.rot90(pixels, -quarters).astype(np.float64)
    assert rgb(data, quarters).shape == expected.shape
    assert np.abs(rgb(data, quarters) - expected).mean() < 4


@pytest.mark.parametrize("kind", ["raw", "PNG", "JPEG"])
def test_grey_levels_come_through_whole(kind: str) -> None:
    """JPEG uses values from 0 to 255, proxies those from 16 to 235; a reader must find the levels that were there."""
    grey = np.repeat(np.arange(0, 256, 4, dtype=np.uint8)[np.newaxis], 64, axis=0)
    data = grey if kind == "raw" else encoded(grey, kind, **({"quality": 95} if kind == "JPEG" else {}))
    frame = StillPictures(quarters=0).upright(data)
    assert frame is not None
    shown = _fitted(frame, (64, 64)).to_ndarray()[:64].astype(np.float64)
    assert np.abs(shown - (16 + grey.astype(np.float64) * 219 / 255)).max() < 2


def test_colours_of_a_jpeg_are_those_of_its_pixels_in_a_proxy() -> None:
    frame = StillPictures(quarters=1).upright(encoded(scene(), "JPEG", quality=98))
    plain = StillPictures(quarters=1).upright(scene())
    assert frame is not None
    assert plain is not None
    size = (32, 48)
    through, direct = (_fitted(one, size).to_ndarray().astype(np.float64) for one in (frame, plain))
    assert np.abs(through - direct).mean() < 1.5


def damaged(data: bytes, how: str) -> bytes:
    middle = len(data) // 2
    size = data.index(b"\xff\xc0") + 5
    return {
        "cut": data[:middle],
        "overwritten": data[:middle] + bytes(200) + data[middle + 200 :],
        "too large": data[:size] + b"\xff\xff\xff\xff" + data[size + 4 :],
        "text": b"no picture",
        "empty": b"",
        "only its mark": b"\xff\xd8",
    }[how]


@pytest.mark.parametrize("how", ["cut", "overwritten", "too large", "text", "empty", "only its mark"])
def test_a_damaged_picture_is_none_and_the_next_one_is_decoded(how: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8)
    whole = encoded(noise, "JPEG", quality=90)
    still = StillPictures(quarters=0)
    assert still.upright(damaged(whole, how)) is None
    assert still.upright(whole) is not None
