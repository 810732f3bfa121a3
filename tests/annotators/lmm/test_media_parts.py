"""Sound and pictures of a stretch: decodable, of the right moment, within a model's limits, or a reason."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from osmo.annotators.lmm.media_parts import MARGIN_S, NoMediaError, Pictures, picture_part, sound_part
from osmo.storage.media import Media

Record = Callable[..., Media]
SMALL = Pictures(fps=4.0, most=12)


def sound_of(media: Media, start_s: float, end_s: float, longest_s: float = 29.5) -> tuple[np.ndarray, float]:  # type: ignore[type-arg]
    part = sound_part(media, "r", start_s, end_s, longest_s=longest_s)
    with wave.open(io.BytesIO(part.content), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16_000)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert part.seconds == pytest.approx(len(samples) / 16_000)
    return samples, part.seconds


def pictures_of(media: Media, start_s: float, end_s: float, pictures: Pictures = SMALL) -> tuple[list[int], int, float]:
    """Grey of each picture, to the next ten; their height; the film's length."""
    part = picture_part(media, "r", start_s, end_s, pictures=pictures)
    with av.open(io.BytesIO(part.content), "r", format="mp4") as container:
        assert not container.streams.audio
        frames = list(container.decode(video=0))
        length_s = container.duration / av.time_base if container.duration else 0.0
    assert part.seconds == pytest.approx(length_s, abs=0.02)
    return [10 * round(float(f.to_ndarray(format="gray").mean()) / 10) for f in frames], frames[0].height, part.seconds


def test_the_sound_is_that_of_the_stretch(record: Record) -> None:
    samples, seconds = sound_of(record(film_s=None), 2.0, 3.0)
    assert seconds == 1.0
    strongest_hz = np.abs(np.fft.rfft(samples[: 16_000 // 10 * 10])).argmax()
    assert strongest_hz == 400, "the third second sounds at 400 Hz"


@pytest.mark.parametrize(
    ("start_s", "end_s", "longest_s", "expected_s"),
    [(0.0, 40.0, 29.5, 29.5), (0.013, 40.0, 29.5, 29.5), (5.0, 60.0, 29.5, 29.5), (38.0, 60.0, 29.5, 2.0),
     (-1.0, 1.0, 29.5, 1.0), (1.0, 31.0, 30.0, 30.0)],
    ids=["cut", "cut-off-the-grid", "beyond-the-end", "to-the-end", "before-the-start", "just-so-long"],
)  # fmt: skip
def test_the_sound_is_never_longer_than_the_model_takes(
    record: Record, start_s: float, end_s: float, longest_s: float, expected_s: float
) -> None:
    _, seconds = sound_of(record(sound_s=40.0, film_s=None), start_s, end_s, longest_s)
    assert seconds == pytest.approx(expected_s, abs=1e-3)
    assert seconds <= longest_s


@pytest.mark.parametrize(
    ("media", "stretch", "says"),
    [
        ({"sound_s": None}, (1.0, 2.0), "no_audio: the recording has no sound"),
        ({"silent": True}, (1.0, 2.0), "no_audio: the recording has no sound"),
        ({}, (9.0, 10.0), "no_audio: 0.00 s of sound"),
        ({}, (1.0, 1.05), "no_audio: 0.05 s of sound"),
    ],
    ids=["none", "stand-in", "outside", "too-short"],
)
def test_no_sound_has_a_reason(
    record: Record, media: dict[str, object], stretch: tuple[float, float], says: str
) -> None:
    with pytest.raises(NoMediaError) as none:
        sound_part(record(film_s=None, **media), "r", *stretch, longest_s=30.0)
    assert none.value.reason.startswith(says)


def test_the_pictures_are_those_of_the_stretch_and_its_margins(record: Record) -> None:
    greys, height, seconds = pictures_of(record(sound_s=None), 2.0, 3.0)
    assert greys == [40, *[60] * 4, 80], "0.25 s before and after the third second, four a second"
    assert height == 360
    assert seconds == pytest.approx(1.0 + 2 * MARGIN_S, abs=0.01)


@pytest.mark.parametrize(
    ("stretch", "pictures", "count"),
    [
        ((0.0, 60.0), Pictures(fps=4.0, most=12), 12),
        ((0.0, 60.0), Pictures(fps=100.0, most=500), 120),
        ((0.0, 60.0), Pictures(fps=4.0, most=400, longest_s=2.0), 8),
        ((5.9, 6.0), Pictures(fps=2.0, most=12), 1),
        ((0.0, 0.1), Pictures(fps=2.0, most=12), 1),
        ((3.0, 4.0), Pictures(fps=3.0, most=12), 4),
    ],
    ids=["most", "no-more-than-there-are", "longest", "last-moment", "shorter-than-a-step", "odd-rate"],
)
def test_there_are_no_more_pictures_than_asked_for(
    record: Record, stretch: tuple[float, float], pictures: Pictures, count: int
) -> None:
    greys, _, seconds = pictures_of(record(sound_s=None), *stretch, pictures)
    assert len(greys) == count
    assert seconds <= pictures.longest_s + 0.01


def test_equal_stretches_are_equal_bytes(record: Record) -> None:
    media = record()
    assert picture_part(media, "r", 1.0, 2.0, pictures=SMALL) == picture_part(media, "r", 1.0, 2.0, pictures=SMALL)
    assert sound_part(media, "r", 1, 2, longest_s=9.0) == sound_part(media, "r", 1, 2, longest_s=9.0)


@pytest.mark.parametrize(
    ("media", "stretch", "says"),
    [
        ({"film_s": None}, (1.0, 2.0), "no_video: the recording has no pictures"),
        ({"captioned": True}, (1.0, 2.0), "no_video: its pictures were made up from captions"),
        ({}, (9.0, 10.0), "no_video: the recording has no pictures there"),
    ],
    ids=["none", "captioned", "outside"],
)
def test_no_pictures_have_a_reason(
    record: Record, media: dict[str, object], stretch: tuple[float, float], says: str
) -> None:
    with pytest.raises(NoMediaError) as none:
        picture_part(record(sound_s=None, **media), "r", *stretch, pictures=SMALL)
    assert none.value.reason == says


@pytest.mark.parametrize(
    "content", [b"", b"no media at all", b"RIFF\x00\x00\x00\x00WAVE"], ids=["empty", "text", "head"]
)
def test_media_that_cannot_be_decoded_have_a_reason(record: Record, tmp_path: Path, content: bytes) -> None:
    broken = {"sound": tmp_path / "broken.wav", "film": tmp_path / "broken.mp4"}
    for path in broken.values():
        path.write_bytes(content)
    media = record(**broken)
    with pytest.raises(NoMediaError, match=r"^no_audio: its sound cannot be decoded \("):
        sound_part(media, "r", 1.0, 2.0, longest_s=30.0)
    with pytest.raises(NoMediaError, match=r"^no_video: its pictures cannot be decoded \("):
        picture_part(media, "r", 1.0, 2.0, pictures=SMALL)


def test_a_film_that_breaks_off_gives_what_it_has_or_a_reason(record: Record, tmp_path: Path) -> None:
    whole = record(sound_s=None)
    path = whole.path("r", "proxy")
    assert path is not None
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    broken = tmp_path / "zeros.mp4"
    broken.write_bytes(content)
    with pytest.raises(NoMediaError, match=r"^no_video: "):
        picture_part(record(film=broken, sound_s=None), "r", 4.0, 5.0, pictures=SMALL)


def test_a_file_that_is_gone_is_no_fault_of_the_recording(record: Record) -> None:
    media = record()
    for kind in ("audio", "proxy"):
        path = media.path("r", kind)
        assert path is not None
        path.unlink()
    with pytest.raises(FileNotFoundError):
        sound_part(media, "r", 1.0, 2.0, longest_s=30.0)
    with pytest.raises(FileNotFoundError):
        picture_part(media, "r", 1.0, 2.0, pictures=SMALL)
