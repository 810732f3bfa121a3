"""Sound of several microphones, block by block, with all its channels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import av
import numpy as np
import numpy.typing as npt

from osmo.tasks.decode import file_frames, opened
from osmo.tasks.in_order import in_order
from osmo.tasks.sound import FEWEST_MICROPHONES
from osmo.tasks.source_file import MediaUnreadableError, SourceFile, Tally
from osmo.tasks.vrs_frames import vrs_blocks, vrs_channels

Blocks = Iterator[tuple[float, npt.NDArray[np.float32]]]


def several_microphones(files: Sequence[SourceFile], duration_s: float) -> tuple[int, Blocks | None]:
    """The sample rate, and blocks of all channels of a recording.

    Args:
        files: In order of time; only those that are like the first readable one count.
        duration_s: Length of the recording: what is stamped after it is left out.

    Returns:
        Rate in Hz, and blocks of shape (N, C), -1 to 1, with their seconds on the recording's clock; null: the
        recording has fewer than `FEWEST_MICROPHONES` channels.
    """
    shapes = {}
    for file in files:
        try:
            shapes[file] = vrs_channels(file) if file.stream else _channels(file)
        except MediaUnreadableError:
            continue  # the pass for the mono sound says what is wrong with it
    if not shapes:
        return 0, None
    shape = next(iter(shapes.values()))
    alike = [file for file, other in shapes.items() if other == shape]
    channels, rate_hz = shape
    if channels < FEWEST_MICROPHONES or rate_hz <= 0:
        return rate_hz, None
    return rate_hz, _blocks(alike, duration_s, rate_hz)


def _blocks(files: Sequence[SourceFile], duration_s: float, rate_hz: int) -> Blocks:
    for file in files:
        read = vrs_blocks(file) if file.stream else _decoded(file)
        try:
            for time_s, samples in in_order(read, lambda samples: len(samples) / rate_hz):
                if -1 < file.start_s + time_s < duration_s and len(samples):
                    yield file.start_s + time_s, np.nan_to_num(samples)
        except MediaUnreadableError:
            continue  # it broke off; the pass for the mono sound says so


def _channels(file: SourceFile) -> tuple[int, int]:
    with opened(file, "audio") as container:
        stream = container.streams.audio[0]
        return stream.channels, stream.rate or 0


def _decoded(file: SourceFile) -> Blocks:
    resampler = av.AudioResampler(format="flt")
    for time_s, frame in file_frames(file, "audio", 0.0, Tally()):
        assert isinstance(frame, av.AudioFrame)
        for out in resampler.resample(frame):
            yield time_s, out.to_ndarray().reshape(-1, frame.layout.nb_channels).astype(np.float32, copy=False)
