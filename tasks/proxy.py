"""MP4 files that browsers play and seek: constant frame rate, H.264 + AAC, equal streams, index at the front."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.video.frame import PictureType

from osmo.tasks.sound import silence, sound
from osmo.tasks.source_file import SourceFile, Tally

SOUND_HZ = 48_000
SILENCE_HZ = 16_000
_SOUND_BITS_PER_S = 64_000
_MP4 = {"movflags": "+faststart", "fflags": "+bitexact"}

Samples = Iterator[npt.NDArray[np.int16]]


@dataclass(frozen=True)
class Shape:
    """What an MP4 holds.

    Attributes:
        width: Pixels, even.
        height: Pixels, even.
        fps: Constant frame rate in Hz.
        count: Pictures.
        sound_hz: Sample rate of the sound; null: no sound track.
    """

    width: int
    height: int
    fps: Fraction
    count: int
    sound_hz: int | None

    @property
    def duration_s(self) -> float:
        """Length of every stream, in seconds."""
        return float(self.count / self.fps)

    @property
    def samples(self) -> int:
        """Length of the sound track."""
        return round(self.count / self.fps * (self.sound_hz or 0))

    @classmethod
    def of(cls, size: tuple[int, int], fps: float, duration_s: float, sound_hz: int | None) -> Shape:
        """The shape of a recording of `duration_s` seconds; at least one picture."""
        rate = as_rate(fps)
        return cls(size[0], size[1], rate, max(1, round(duration_s * rate)), sound_hz)


def as_rate(fps: float) -> Fraction:
    """A frame rate in Hz as the fraction that a container can state (29.97 is 30000/1001)."""
    return Fraction(fps).limit_denominator(1001)


def encode(out: Path, shape: Shape, pictures: Iterator[av.VideoFrame], samples: Samples | None, *, crf: int) -> None:
    """Write an MP4 with a closed group of pictures for each whole second.

    The bytes depend on the input, the settings and the libraries alone: one thread, no dates, no B-pictures. Without
    B-pictures decoding order is presentation order, so the first picture is at 0 without an edit list and a cut at a
    whole second is a copy of packets.

    Args:
        out: The file.
        shape: What it shall hold.
        pictures: `shape.count` yuv420p pictures of its size; the same object may come several times in a row.
        samples: `shape.samples` samples in pieces; null where the shape has no sound.
        crf: x264's constant rate factor, 0–51.
    """
    with av.open(str(out), "w", format="mp4", options=_MP4) as container:
        video = container.add_stream("libx264", rate=shape.fps, options=_x264(crf))
        video.width, video.height, video.pix_fmt = shape.width, shape.height, "yuv420p"
        video.codec_context.gop_size = max(1, -(-shape.fps.numerator // shape.fps.denominator))
        video.codec_context.time_base = 1 / shape.fps
        track = _Sound(container, shape, samples) if samples is not None else None
        for n, picture in enumerate(pictures):
            picture.pts, picture.time_base, picture.duration = n, 1 / shape.fps, 1
            whole_second = n == 0 or n // shape.fps > (n - 1) // shape.fps
            picture.pict_type = PictureType.I if whole_second else PictureType.NONE
            container.mux(video.encode(picture))
            if track is not None:
                track.fill_to((n + 1) / shape.fps)
        container.mux(video.encode(None))
        if track is not None:
            track.close()


def cut(proxy: Path, out: Path, *, start_s: float, end_s: float, silent: bool) -> Shape:
    """Cut a stretch out of a proxy, its times from 0.

    The pictures are copied; the sound is encoded again, because AAC packets do not begin at whole seconds and browsers
    differ in how they skip the surplus.

    Args:
        proxy: A file that `encode` wrote.
        out: The cut.
        start_s: Start; taken back to the key picture at or before it, which for whole seconds is the start itself.
        end_s: End, seconds from the proxy's start; taken back to the proxy's end.
        silent: Whether the proxy's sound is a stand-in.

    Returns:
        What the cut holds.

    Raises:
        EmptyCutError: The proxy has no picture there.
    """
    with av.open(str(proxy)) as source:
        stream = source.streams.video[0]
        rate = stream.average_rate
        assert rate is not None and stream.time_base is not None
        source.seek(round(start_s / stream.time_base), stream=stream)
        packets = [p for p in _until(source, stream, end_s, 1 / rate) if p.size]
        # Beyond its end a file seeks to its last key picture.
        if not packets or (packets[-1].pts or 0) * stream.time_base + 1 / rate <= start_s:
            raise EmptyCutError(proxy, start_s, end_s)
        first_s = float((packets[0].pts or 0) * stream.time_base)
        hz = source.streams.audio[0].rate if source.streams.audio else None
        shape = Shape(stream.width, stream.height, rate, len(packets), hz)
        samples = None
        if hz is not None:
            samples = silence(shape.samples, rate_hz=hz) if silent else _sound_of(proxy, first_s, shape, hz)
        with av.open(str(out), "w", format="mp4", options=_MP4) as container:
            copy = container.add_stream_from_template(stream)
            track = _Sound(container, shape, samples) if samples is not None else None
            shift = packets[0].pts or 0
            for n, packet in enumerate(packets):
                packet.stream = copy
                packet.pts = packet.dts = (packet.pts or 0) - shift
                container.mux(packet)
                if track is not None:
                    track.fill_to((n + 1) / rate)
            if track is not None:
                track.close()
    return shape


class EmptyCutError(ValueError):
    """A clip that lies outside its proxy."""

    def __init__(self, proxy: Path, start_s: float, end_s: float) -> None:
        super().__init__(f"{proxy} has no picture from {start_s} to {end_s} s. Make the clips again after ingest.")


def _until(
    source: av.container.InputContainer, stream: av.VideoStream, end_s: float, picture_s: Fraction
) -> Iterator[av.Packet[av.VideoStream]]:
    assert stream.time_base is not None
    for packet in source.demux(stream):
        if packet.pts is not None and packet.pts * stream.time_base > end_s - picture_s / 2:
            return
        yield packet


def _sound_of(proxy: Path, start_s: float, shape: Shape, rate_hz: int) -> Samples:
    # One second earlier: the decoder needs packets before the first one that counts.
    files = [SourceFile(proxy, -start_s)]
    left = shape.samples
    for piece in sound(files, rate_hz=rate_hz, samples=shape.samples, tally=Tally(), seek_s=start_s - 1):
        yield piece
        left -= len(piece)
        if left == 0:
            return  # `sound` would read the proxy to its end


def _x264(crf: int) -> dict[str, str]:
    return {
        "preset": "veryfast", "crf": str(crf), "threads": "1", "bf": "0", "forced-idr": "1", "sc_threshold": "0",
        "x264-params": "open-gop=0:scenecut=0",
    }  # fmt: skip


class _Sound:
    """The sound track of an MP4, fed alongside the pictures so that little waits in memory."""

    def __init__(self, container: av.container.OutputContainer, shape: Shape, samples: Samples) -> None:
        self._container, self._samples = container, samples
        self._rate = shape.sound_hz or SILENCE_HZ
        self._stream = container.add_stream("aac", rate=self._rate, layout="mono")
        self._stream.codec_context.bit_rate = _SOUND_BITS_PER_S
        self._position = 0

    def fill_to(self, time_s: Fraction) -> None:
        while self._position < time_s * self._rate:
            piece = next(self._samples, None)
            if piece is None:
                return
            self._write(piece)

    def close(self) -> None:
        for piece in self._samples:
            self._write(piece)
        self._container.mux(self._stream.encode(None))

    def _write(self, piece: npt.NDArray[np.int16]) -> None:
        scaled = (piece.astype(np.float32) / 32768.0)[np.newaxis]
        frame = av.AudioFrame.from_ndarray(scaled, format="fltp", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = self._rate, Fraction(1, self._rate), self._position
        self._position += len(piece)
        self._container.mux(self._stream.encode(frame))
