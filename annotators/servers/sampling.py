"""Sound and pictures of prepared items as arrays."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

RATE_HZ = 16_000


class NothingDecodedError(ValueError):
    """A file of which nothing can be decoded."""


def pictures(path: Path, count: int) -> list[npt.NDArray[np.uint8]]:
    """Pictures of a film at the middles of `count` equal parts, RGB, [height, width, 3].

    A film of fewer pictures gives some twice, so that there are always `count`.

    Raises:
        NothingDecodedError: It has none.
    """
    try:
        with av.open(str(path), format="mp4") as container:
            total = sum(1 for _ in container.decode(video=0))
        if total == 0:
            raise NothingDecodedError("the film has no pictures")
        wanted = [int((part + 0.5) * total / count) for part in range(count)]
        found: dict[int, npt.NDArray[np.uint8]] = {}
        with av.open(str(path), format="mp4") as container:
            for number, frame in enumerate(container.decode(video=0)):
                if number in wanted:
                    found[number] = frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
    except av.FFmpegError as error:
        raise NothingDecodedError(f"the film cannot be decoded: {error.strerror}") from error
    return [found[number] for number in wanted]


def sound(path: Path) -> npt.NDArray[np.float32]:
    """Sound as one channel at 16 kHz, −1 to 1.

    Raises:
        NothingDecodedError: It has none.
    """
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
    parts: list[npt.NDArray[np.float32]] = []
    try:
        with av.open(str(path), format="wav") as container:
            for frame in container.decode(audio=0):
                parts += [one.to_ndarray()[0] for one in resampler.resample(frame)]
            parts += [one.to_ndarray()[0] for one in resampler.resample(None)]
    except av.FFmpegError as error:
        raise NothingDecodedError(f"the sound cannot be decoded: {error.strerror}") from error
    if not parts:
        raise NothingDecodedError("there is no sound")
    return np.concatenate(parts).astype(np.float32, copy=False)
