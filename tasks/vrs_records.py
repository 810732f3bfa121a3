"""What single records of a VRS file hold: pictures and blocks of sound, as messages of the reading process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

LONGEST_S = 1e8
"""Stamps beyond three years on a device's clock are damage."""

_NS = 1e-9
_SOUND_TYPES = ("int8", "int16", "int32", "float32")
_DEPTHS = {"grey8": 1, "rgb8": 3, "bgr8": 3}
_FEWEST_STAMPS = 8

Message = tuple[Mapping[str, object], bytes]


class UnknownFormatError(ValueError):
    """Pixels or samples in a format that nobody here understands."""


def pictures(record: Any) -> Iterator[Message]:
    """Pictures of a record with its time: encoded, or raw with their shape."""
    for n in range(record.n_image_blocks):
        block, spec = np.asarray(record.image_blocks[n]), record.image_specs[n]
        said: dict[str, object] = {"t": plausible(float(record.timestamp))}
        kind = str(spec.image_format)
        if kind not in ("jpg", "png", "raw"):
            raise UnknownFormatError(f"its pictures are of the format {kind}, which cannot be read here")
        if kind == "raw":
            pixels = _pixels(block, spec)
            yield {**said, "shape": pixels.shape}, pixels.tobytes()
        else:
            yield said, block.tobytes()


def _pixels(block: npt.NDArray[Any], spec: Any) -> npt.NDArray[np.uint8]:
    kind = str(spec.pixel_format)
    if kind not in _DEPTHS:
        raise UnknownFormatError(f"its pixels are of the format {kind}, which cannot be read here")
    width, height, depth = int(spec.width), int(spec.height), _DEPTHS[kind]
    data = np.ascontiguousarray(block).view(np.uint8).reshape(-1)
    stride = int(spec.stride) or width * depth
    lines = data[: stride * height].reshape(height, stride)[:, : width * depth]
    pixels = lines.reshape(height, width, depth)
    return pixels[:, :, 0] if depth == 1 else pixels[:, :, ::-1] if kind == "bgr8" else pixels


def sound(record: Any) -> Iterator[Message]:
    """Blocks of sound of a record with the times of their first samples, their type and shape."""
    at_s = block_start_s(record)
    for n in range(record.n_audio_blocks):
        samples = samples_of(record, n)
        yield {"t": at_s, "dtype": samples.dtype.name, "shape": samples.shape}, samples.tobytes()
        at_s += len(samples) / int(record.audio_specs[n].sample_rate)


def samples_of(record: Any, n: int) -> npt.NDArray[Any]:
    """Samples of a block, of shape (N, C)."""
    block = np.asarray(record.audio_blocks[n])
    if not block.size:
        return np.zeros((0, int(record.audio_specs[n].channel_count)), np.int16)
    if block.ndim != 2 or block.dtype.name not in _SOUND_TYPES:
        raise UnknownFormatError(f"its sound is {block.dtype.name} of shape {block.shape}, not samples by channels")
    if n:
        return block
    data = np.ascontiguousarray(block).tobytes()
    surplus = stamps_in(data, _stamps(record))
    row = block.itemsize * block.shape[1]
    whole = surplus + (len(data) - surplus) // row * row
    return np.frombuffer(data[surplus:whole], block.dtype).reshape(-1, block.shape[1])


def stamps_in(data: bytes, stamps: npt.NDArray[np.int64]) -> int:
    """Bytes at a block's head that are not sound but its time stamps.

    A record that understates how many stamps it has (the sample put together from parts does) makes the library read
    the others as sound: a click in each block. They are known by going on where the list ends, at its own pace.
    """
    if len(stamps) < _FEWEST_STAMPS:
        return 0
    pace = (int(stamps[-1]) - int(stamps[0])) / (len(stamps) - 1)
    following = np.frombuffer(data[: len(data) // 8 * 8], np.int64)
    steps = np.diff(np.concatenate([stamps[-1:], following]).astype(np.float64))
    goes_on = np.abs(steps - pace) <= pace / 2
    count = len(goes_on) if goes_on.all() else int(goes_on.argmin())
    return count * 8 if count >= _FEWEST_STAMPS else 0


def _stamps(record: Any) -> npt.NDArray[np.int64]:
    for block in record.metadata_blocks:
        stamps = block.get("capture_timestamps_ns")
        if stamps is not None:
            return np.asarray(stamps, np.int64)
    return np.empty(0, np.int64)


def block_start_s(record: Any) -> float:
    """When a block's first sample was taken; the record's own stamp may be that of its last."""
    stamps = _stamps(record)
    return plausible(int(stamps[0]) * _NS if len(stamps) and stamps[0] > 0 else float(record.timestamp))


def plausible(at_s: float) -> float:
    """The time, if a device can have it.

    Raises:
        ValueError: It is before zero, or years after.
    """
    if not 0 <= at_s < LONGEST_S:
        raise ValueError(f"a time stamp of {at_s} s")
    return at_s
