"""Recordings of Aria that are damaged or odd: one clear line each, and the rest is used."""

from __future__ import annotations

import io
import itertools
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import PIL.Image
import pyarrow.compute as pc
import pytest
from vrs_writer import Camera, Microphones, VrsWriter

from osmo.schemas.config import MediaConfig
from osmo.schemas.tables import MEDIA, RECORDINGS
from osmo.storage.media import Media, MediaCache
from osmo.storage.objects import Objects
from osmo.tasks.media import MediaStage
from osmo.tasks.stage import Outcome, Problem

VIDEO, EYE, AUDIO = "214-1", "211-1", "231-1"
SECONDS, START_S = 4.0, 86.0
HZ, CHANNELS = 16_000, 3
TONE_HZ = 440.0

Sound = Iterator[tuple[float, npt.NDArray[np.generic]]]


def jpeg(grey: int, size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    PIL.Image.fromarray(np.full((size[1], size[0]), grey, np.uint8)).save(out, "JPEG")
    return out.getvalue()


def blocks(
    *,
    seconds: float = SECONDS,
    sizes: tuple[int, ...] = (1600,),
    kind: str = "int32",
    hz: int = HZ,
    wide: int = CHANNELS,
) -> Sound:
    """A tone at half of the full scale on the first channel, silence on the others; sizes of blocks take turns."""
    top = 1.0 if kind == "float32" else np.iinfo(kind).max
    at = 0
    for size in itertools.cycle(sizes):
        count = min(size, round(seconds * hz) - at)
        samples = np.zeros((count, wide))
        samples[:, 0] = 0.5 * top * np.sin(2 * np.pi * TONE_HZ * (at + np.arange(count)) / hz)
        yield START_S + at / hz, samples.astype(kind)
        at += count
        if at >= round(seconds * hz):
            return


def write(
    path: Path,
    *,
    streams: tuple[str, ...] = (VIDEO, EYE, AUDIO),
    microphones: Microphones | None = None,
    sound: Sound | None = None,
    video_s: Mapping[int, float] | None = None,
    moved_s: Mapping[int, float] | None = None,
    index: bool = True,
    picture: Callable[[bytes], bytes] = bytes,
) -> Path:
    """Four seconds: 10 pictures a second, a tone.

    Pictures are stamped otherwise by `video_s`; `moved_s` moves the stamps of blocks of sound, not those of records.
    """
    told = {VIDEO: Camera(96, 96), EYE: Camera(64, 32), AUDIO: microphones or Microphones(CHANNELS, HZ)}
    heard = list(enumerate(sound if sound is not None else blocks()))
    with VrsWriter(path, {stream: told[stream] for stream in streams}) as file:
        for n in range(round(SECONDS * 10)):
            at_s = START_S + n / 10
            if VIDEO in streams:
                file.picture(VIDEO, (video_s or {}).get(n, at_s), picture(jpeg(40 + n, (96, 96))))
            if EYE in streams:
                file.picture(EYE, at_s, jpeg(200 - n, (64, 32)))
            last = n == round(SECONDS * 10) - 1
            while AUDIO in streams and heard and (heard[0][1][0] < at_s + 0.1 or last):
                block, (block_s, samples) = heard.pop(0)
                file.sound(AUDIO, block_s + (moved_s or {}).get(block, 0.0), samples, record_s=block_s)
        file.finish(index=index)
    return path


@dataclass
class Bench:
    """A store's media cache, a folder for files in the making, and the media stage over one VRS file."""

    cache: MediaCache
    scratch: Path

    def run(self, path: Path, *, duration_s: float = SECONDS, wanted: tuple[str, ...] = (VIDEO, EYE, AUDIO)) -> Outcome:
        def listed(stream: str) -> list[dict[str, object]] | None:
            entry = {"uri": f"{path}#{stream}", "sha256": "x", "bytes": path.stat().st_size, "start_s": 0.0}
            return [{**entry, "duration_s": duration_s}] if stream in wanted else None

        rows = RECORDINGS.rows(
            [
                {
                    "recording_id": "r1", "dataset": "test", "duration_s": duration_s, "time_domain": "device",
                    "synthetic": True, "metadata": "{}", "source": "aea", "source_uri": str(path),
                    "recording_key": "k", "video": listed(VIDEO), "eye": listed(EYE), "audio": listed(AUDIO),
                }
            ]
        )  # fmt: skip
        stage = MediaStage(
            cache=self.cache,
            settings=MediaConfig(proxy_height=96),
            recordings=lambda _bucket: rows,
            scratch=self.scratch,
        )
        return stage.compute(stage.needs(0), Media(self.cache, MEDIA.empty()))

    def tone(self, outcome: Outcome, start_s: float, end_s: float) -> float:
        """How much of the tone is heard, 0.5 where it is whole."""
        heard = Media(self.cache, outcome.rows).audio("r1", start_s, end_s)
        assert heard is not None
        turn = np.exp(-2j * np.pi * TONE_HZ * np.arange(len(heard)) / 16_000)
        return float(2 * np.abs((heard * turn).mean()))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    (tmp_path / "scratch").mkdir()
    return Bench(MediaCache(Objects(str(tmp_path / "store"), create=True)), tmp_path / "scratch")


def kinds(outcome: Outcome) -> set[str]:
    return set(outcome.rows["kind"].to_pylist())


def only(outcome: Outcome) -> Problem:
    (problem,) = outcome.problems
    assert "\n" not in problem.what
    return problem


@pytest.mark.parametrize("index", [True, False], ids=["index", "no index"])
def test_a_whole_file_is_used_with_or_without_an_index(tmp_path: Path, bench: Bench, index: bool) -> None:
    outcome = bench.run(write(tmp_path / "a.vrs", index=index))
    assert not outcome.problems
    assert kinds(outcome) == {"audio", "microphones", "proxy", "eye"}
    rows = {row["kind"]: row for row in outcome.rows.to_pylist()}
    assert (rows["eye"]["width"], rows["eye"]["height"], rows["eye"]["fps"]) == (64, 32, pytest.approx(10, abs=0.01))
    assert (rows["microphones"]["fps"], rows["microphones"]["captioned"]) == (None, False)
    assert bench.tone(outcome, 0, SECONDS) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ("microphones", "sound"),
    [
        (Microphones(7, 48_000, "int32"), blocks(hz=48_000, wide=7, sizes=(4096,))),
        (Microphones(8, 16_000, "int16"), blocks(wide=8, kind="int16")),
        (Microphones(2, 16_000, "float32"), blocks(wide=2, kind="float32")),
        (Microphones(1, 44_100, "int16"), blocks(hz=44_100, wide=1, kind="int16", sizes=(1024,))),
        (Microphones(3, 16_000, "int32"), blocks(sizes=(1, 4096, 17, 0, 800))),
    ],
    ids=["seven of int32", "eight at 16 kHz", "two of float", "one at 44.1 kHz", "blocks of any size"],
)
def test_sound_of_any_shape_is_heard_at_its_level(
    tmp_path: Path, bench: Bench, microphones: Microphones, sound: Sound
) -> None:
    outcome = bench.run(write(tmp_path / "a.vrs", microphones=microphones, sound=sound))
    assert not outcome.problems
    assert ("microphones" in kinds(outcome)) == (microphones.channels > 2)
    assert [bench.tone(outcome, at, at + 1) for at in range(4)] == pytest.approx([0.5] * 4, abs=0.02)


def test_a_stream_that_is_not_there_is_said_and_the_others_are_used(tmp_path: Path, bench: Bench) -> None:
    outcome = bench.run(write(tmp_path / "a.vrs", streams=(VIDEO, AUDIO)))
    assert kinds(outcome) == {"audio", "microphones", "proxy"}
    problem = only(outcome)
    assert problem.warning
    assert "no video in stream 211-1" in problem.what
    assert problem.where.endswith("a.vrs#211-1")


def test_pictures_without_sound_get_a_silent_proxy(tmp_path: Path, bench: Bench) -> None:
    outcome = bench.run(write(tmp_path / "a.vrs", streams=(VIDEO, EYE)), wanted=(VIDEO, EYE))
    assert kinds(outcome) == {"proxy", "eye"}
    assert outcome.rows.filter(pc.equal(outcome.rows["kind"], "proxy"))["silent"].to_pylist() == [True]
    assert not outcome.problems


def test_sound_goes_on_under_black_where_the_pictures_have_ended(tmp_path: Path, bench: Bench) -> None:
    outcome = bench.run(write(tmp_path / "a.vrs", sound=blocks(seconds=9)), duration_s=9.0)
    assert not outcome.problems
    assert bench.tone(outcome, 6, 9) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ("moved_s", "lost_s"),
    [
        ({10: 2.0}, 0.1),
        ({10: -0.5}, 0.1),
        ({n: -0.5 for n in range(20, 40)}, 0.5),
        ({0: 1e9, 39: 1e9}, 0.2),
    ],
    ids=["one jumps ahead", "one falls back", "set back for good", "beyond all years"],
)
def test_sound_of_a_clock_that_runs_backwards_costs_what_overlaps(
    tmp_path: Path, bench: Bench, moved_s: Mapping[int, float], lost_s: float
) -> None:
    outcome = bench.run(write(tmp_path / "a.vrs", moved_s=moved_s))
    assert kinds(outcome) == {"audio", "microphones", "proxy", "eye"}
    problem = only(outcome)
    assert problem.warning
    assert "backwards" in problem.what or "damaged records were left out" in problem.what
    assert bench.tone(outcome, 0.1, 0.9) == pytest.approx(0.5, abs=0.02)
    assert bench.tone(outcome, 0, SECONDS) > 0.5 * (1 - 1.5 * lost_s / SECONDS) - 0.02


def test_sound_whose_own_stamps_are_not_set_is_placed_by_those_of_its_records(tmp_path: Path, bench: Bench) -> None:
    outcome = bench.run(write(tmp_path / "a.vrs", moved_s={n: -START_S - 60 for n in range(100)}))
    assert not outcome.problems
    assert bench.tone(outcome, 0, SECONDS) == pytest.approx(0.5, abs=0.01)


def test_records_of_a_clock_that_runs_backwards_are_placed_by_their_stamps(tmp_path: Path, bench: Bench) -> None:
    """A file is sorted by the stamps of its records: one that fell back by a second lies on top of another."""
    sound = ((at_s - 1.0 if n == 20 else at_s, samples) for n, (at_s, samples) in enumerate(blocks()))
    outcome = bench.run(write(tmp_path / "a.vrs", sound=sound))
    assert "its clock runs backwards" in only(outcome).what
    assert bench.tone(outcome, 0, 2) == pytest.approx(0.5, abs=0.02)


def test_pictures_of_a_clock_that_runs_backwards_are_used(tmp_path: Path, bench: Bench) -> None:
    outcome = bench.run(write(tmp_path / "a.vrs", video_s={10: START_S + 0.2, 20: START_S + 1000}))
    assert kinds(outcome) == {"audio", "microphones", "proxy", "eye"}


@pytest.mark.parametrize("index", [True, False], ids=["index", "no index"])
@pytest.mark.parametrize("share", [0.02, 0.31, 0.9, 0.9999])
def test_a_file_cut_anywhere_is_used_as_far_as_it_goes(tmp_path: Path, bench: Bench, share: float, index: bool) -> None:
    whole = write(tmp_path / "a.vrs", index=index).read_bytes()
    path = tmp_path / "b.vrs"
    path.write_bytes(whole[: int(share * len(whole))])
    outcome = bench.run(path)
    problem = only(outcome)
    if problem.warning:
        assert "cut short" in problem.what or "index is damaged" in problem.what
        assert bench.tone(outcome, 0, 0.5) == pytest.approx(0.5, abs=0.05)
    else:
        assert problem.permanent
        assert outcome.rows.num_rows == 0
        assert share < 0.1


def test_damaged_pictures_are_counted_and_left_out(tmp_path: Path, bench: Bench) -> None:
    turn = itertools.count()
    path = write(tmp_path / "a.vrs", picture=lambda data: data[:300] if next(turn) % 4 == 1 else data)
    outcome = bench.run(path)
    assert kinds(outcome) == {"audio", "microphones", "proxy", "eye"}
    assert "10 pictures cannot be decoded" in only(outcome).what


@pytest.mark.parametrize(
    "content",
    [b"no recording", b"VisionRe" + bytes(72), b"\x00" * 5000, struct.pack("<8sQII", b"VisionRe", 1, 2**31, 0)],
    ids=["text", "a bare head", "zeros", "a head with lies"],
)
def test_what_is_no_recording_is_one_permanent_problem(tmp_path: Path, bench: Bench, content: bytes) -> None:
    path = tmp_path / "a.vrs"
    path.write_bytes(content)
    outcome = bench.run(path)
    assert only(outcome).permanent
    assert outcome.rows.num_rows == 0


def test_a_file_that_changes_while_it_is_read_leaves_nothing(tmp_path: Path, bench: Bench) -> None:
    path = write(tmp_path / "a.vrs")

    def touch() -> None:
        """Change the file once its sound was decoded, before its pictures are."""
        while not any(bench.scratch.rglob("audio.wav")) and watched.is_set():
            pass
        path.write_bytes(path.read_bytes()[:-1] + b"!")

    watched = threading.Event()
    watched.set()
    other = threading.Thread(target=touch)
    other.start()
    outcome = bench.run(path)
    watched.clear()
    other.join()
    problem = only(outcome)
    assert not problem.permanent
    assert not problem.warning
    assert "changed while it was read" in problem.what
    assert outcome.rows.num_rows == 0
    assert not [file for file in (tmp_path / "store").rglob("*") if file.is_file()]
