"""Sound and pictures of a stretch of a recording, as small files that go with a question."""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.error import FFmpegError
from av.video.frame import PictureType

from osmo.storage.media import Media, MediaDamagedError
from osmo.storage.objects import ObjectMissingError, StoreUnreachableError

RATE_HZ = 16_000
LEAST_SOUND_S = 0.1
"""Sound shorter than this is none: encoders of speech need some frames."""

MARGIN_S = 0.25
"""Pictures this long before and after a stretch go with it: a movement begins before the word."""

ENCODER = {"codec": "libx264", "crf": "26", "preset": "veryfast"}

CACHE_ERRORS = (FileNotFoundError, ObjectMissingError, MediaDamagedError, StoreUnreachableError)
"""Media that the store has and cannot give now: no fault of the recording."""


class NoMediaError(ValueError):
    """A stretch that has no sound, or no pictures, that a model could be given."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class Pictures:
    """How many pictures of a stretch a model gets.

    Attributes:
        fps: Most pictures a second.
        most: Most pictures of one stretch; a long one gets fewer a second.
        height: Most lines of a picture; its width follows.
        longest_s: Longest stretch; what is longer is cut at its end.
    """

    fps: float
    most: int
    height: int = 360
    longest_s: float = 30.0


@dataclass(frozen=True)
class Part:
    """One file that goes with a question: its bytes, and its length in seconds."""

    content: bytes
    seconds: float


def sound_part(media: Media, recording_id: str, start_s: float, end_s: float, *, longest_s: float) -> Part:
    """The sound of a stretch as WAV, mono, 16 kHz, 16 bits, at most its first `longest_s` seconds.

    Raises:
        NoMediaError: There is none, or it cannot be decoded.
        FileNotFoundError: The cached file is gone. So for all of `CACHE_ERRORS`.
    """
    if not media.has(recording_id, "audio"):
        raise NoMediaError("no_audio: the recording has no sound")
    start_s = max(0.0, start_s)
    try:
        # Rounded down to whole samples, so that a model's limit is never passed by one.
        sound = media.audio(recording_id, start_s, min(end_s, start_s + longest_s))
    except (wave.Error, EOFError) as error:
        raise NoMediaError(f"no_audio: its sound cannot be decoded ({error})") from error
    assert sound is not None, "the handle said that there is sound"
    sound = sound[: int(longest_s * RATE_HZ)]
    if len(sound) < LEAST_SOUND_S * RATE_HZ:
        raise NoMediaError(f"no_audio: {len(sound) / RATE_HZ:.2f} s of sound, at least {LEAST_SOUND_S} s are needed")
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((sound * 32768.0).clip(-32768, 32767).astype("<i2").tobytes())
    return Part(made.getvalue(), len(sound) / RATE_HZ)


def picture_part(media: Media, recording_id: str, start_s: float, end_s: float, *, pictures: Pictures) -> Part:
    """The pictures of a stretch and its margins as a small MP4 without sound, of constant frame rate.

    Equal proxies give equal bytes.

    Raises:
        NoMediaError: There are none, they were made up from captions, or they cannot be decoded.
        FileNotFoundError: The cached file is gone. So for all of `CACHE_ERRORS`.
    """
    why_not = no_pictures(media, recording_id)
    if why_not is not None:
        raise NoMediaError(why_not)
    path = media.path(recording_id, "proxy")
    assert path is not None, "the handle said that there are pictures"
    first_s = max(0.0, start_s - MARGIN_S)
    last_s = min(end_s + MARGIN_S, first_s + pictures.longest_s)
    try:
        frames, rate = _sampled(path, first_s, last_s, pictures)
        if not frames:
            raise NoMediaError("no_video: the recording has no pictures there")
        return Part(_encoded(frames, rate), len(frames) / float(rate))
    except FileNotFoundError:
        raise
    except FFmpegError as error:
        raise NoMediaError(f"no_video: its pictures cannot be decoded ({error.strerror})") from error


def no_pictures(media: Media, recording_id: str) -> str | None:
    """Why a recording shows nothing; null: it does."""
    if media.row(recording_id, "proxy") is None:
        return "no_video: the recording has no pictures"
    return None if media.has(recording_id, "proxy") else "no_video: its pictures were made up from captions"


def no_sound(media: Media, recording_id: str) -> str | None:
    """Why a recording sounds of nothing; null: it does."""
    return None if media.has(recording_id, "audio") else "no_audio: the recording has no sound"


def _sampled(path: Path, first_s: float, last_s: float, pictures: Pictures) -> tuple[list[av.VideoFrame], Fraction]:
    """Small frames of a stretch, the first at or after each step, and how many a second they are."""
    with av.open(str(path)) as container:
        if not container.streams.video:
            raise NoMediaError("no_video: its proxy has no picture stream")
        stream = container.streams.video[0]
        assert stream.time_base is not None
        ends_s = last_s if stream.duration is None else float(stream.duration * stream.time_base)
        length_s = max(min(last_s, ends_s) - first_s, 1e-3)
        most_a_second = min(pictures.fps, pictures.most / length_s, float(stream.average_rate or pictures.fps))
        rate = Fraction(most_a_second).limit_denominator(1000)
        container.seek(int(first_s / stream.time_base), stream=stream)
        found: list[av.VideoFrame] = []
        for frame in container.decode(stream):
            time_s = float(frame.time or 0.0)
            if time_s >= last_s or len(found) >= max(1, int(length_s * rate)):
                break
            if time_s >= first_s + len(found) / float(rate) - 1e-6:
                found.append(_small(frame, pictures.height))
        return found, rate


def _small(frame: av.VideoFrame, height: int) -> av.VideoFrame:
    """The frame at most so many lines high, both sides even."""
    scale = min(1.0, height / frame.height)
    width, height = (max(2, round(side * scale / 2) * 2) for side in (frame.width, frame.height))
    return frame.reformat(width=width, height=height, format="yuv420p")


def _encoded(frames: list[av.VideoFrame], rate: Fraction) -> bytes:
    made = io.BytesIO()
    with av.open(made, "w", format="mp4", options={"fflags": "+bitexact"}) as container:
        options = {"crf": ENCODER["crf"], "preset": ENCODER["preset"], "threads": "1", "bf": "0"}
        stream = container.add_stream(ENCODER["codec"], rate=rate, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = frames[0].width, frames[0].height, "yuv420p"
        stream.codec_context.time_base = 1 / rate
        for number, frame in enumerate(frames):
            frame.pts, frame.time_base, frame.pict_type = number, 1 / rate, PictureType.NONE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return made.getvalue()
