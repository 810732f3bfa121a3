"""Sound of a recording: its files on one clock, mono, gaps filled with silence, streamed in bounded memory."""

from __future__ import annotations

import wave
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.audio.resampler import AudioResampler

from osmo.tasks.decode import file_frames
from osmo.tasks.source_file import SourceFile, Tally

FEWEST_MICROPHONES = 3
"""Channels from which they are microphones at different places: the first one is heard, since the sum of several
cancels at some pitches. Fewer are mono or stereo, and are mixed."""
_JUMP_S = 0.05  # time stamps that are farther from what the samples add up to are a gap; less is jitter


def sound(
    files: Sequence[SourceFile], *, rate_hz: int, samples: int, tally: Tally, seek_s: float = 0.0
) -> Iterator[npt.NDArray[np.int16]]:
    """Mono sound of a recording, gaps filled with silence.

    Args:
        files: In order of time; where two overlap, the earlier one counts.
        rate_hz: Of the result.
        samples: Length of the result, whatever the files hold.
        tally: Takes what was decoded and lost.
        seek_s: Seconds into each file before which nothing is needed.

    Returns:
        Pieces of shape (N,), `samples` in all.

    Raises:
        MediaUnreadableError: At the end, if too little could be decoded.
    """
    position = 0
    for file in files:
        offset = round(file.start_s * rate_hz)
        for start, found in _file_sound(file, rate_hz, seek_s, tally):
            at = offset + start
            if at > position:
                yield from silence(min(at, samples) - position, rate_hz=rate_hz)
                position = min(at, samples)
            piece = found[position - at :][: samples - position]
            if len(piece):
                yield piece
                position += len(piece)
    tally.require("sound", files)
    yield from silence(samples - position, rate_hz=rate_hz)


def silence(samples: int, *, rate_hz: int) -> Iterator[npt.NDArray[np.int16]]:
    """Pieces of at most a second of silence, `samples` in all."""
    for start in range(0, samples, rate_hz):
        yield np.zeros(min(rate_hz, samples - start), np.int16)


def write_wav(out: Path, pieces: Iterator[npt.NDArray[np.int16]], *, rate_hz: int) -> None:
    """Write mono sound as a 16-bit WAV file."""
    with wave.open(str(out), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        for piece in pieces:
            file.writeframes(piece.astype("<i2", copy=False).tobytes())


def _file_sound(
    file: SourceFile, rate_hz: int, seek_s: float, tally: Tally
) -> Iterator[tuple[int, npt.NDArray[np.int16]]]:
    """Resampled pieces with the sample, from the file's start, at which each begins."""
    resampler: AudioResampler | None = None
    at, run_s, run_samples, kind = 0, 0.0, 0, ("", "", 0)
    for time_s, frame in file_frames(file, "audio", seek_s, tally):
        assert isinstance(frame, av.AudioFrame)
        frame = _heard(frame)
        this = (frame.format.name, frame.layout.name, frame.sample_rate)
        if resampler is None or this != kind or abs(time_s - run_s - run_samples / frame.sample_rate) > _JUMP_S:
            for rest in resampler.resample(None) if resampler else ():
                yield at, rest.to_ndarray()[0]
                at += rest.samples
            resampler, kind = AudioResampler(format="s16", layout="mono", rate=rate_hz), this
            at, run_s, run_samples = round(time_s * rate_hz), time_s, 0
        run_samples += frame.samples
        for out in resampler.resample(frame):
            yield at, out.to_ndarray()[0]
            at += out.samples
    for rest in resampler.resample(None) if resampler else ():
        yield at, rest.to_ndarray()[0]
        at += rest.samples


def _heard(frame: av.AudioFrame) -> av.AudioFrame:
    channels = frame.layout.nb_channels
    if channels < FEWEST_MICROPHONES:
        return frame
    samples = frame.to_ndarray()
    first = samples[:1] if frame.format.is_planar else samples[:, ::channels]
    mono = av.AudioFrame.from_ndarray(first.copy(), format=frame.format.name, layout="mono")
    mono.sample_rate, mono.pts, mono.time_base = frame.sample_rate, frame.pts, frame.time_base
    return mono
