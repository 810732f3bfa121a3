"""The media stages over real files: what is cached, what is said of it, and what bad input leaves."""

from __future__ import annotations

import hashlib
import os
import threading
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from vrs_writer import Camera, VrsWriter

from osmo.schemas.config import MediaConfig
from osmo.schemas.tables import MEDIA, RECORDINGS
from osmo.storage.media import Media, MediaCache
from osmo.storage.objects import Objects
from osmo.tasks.media import ClipMediaStage, MediaStage
from osmo.tasks.proxy import Shape, encode
from osmo.tasks.stage import Outcome

SETTINGS = MediaConfig(proxy_height=120)
TRANSCRIPT = "start_s,end_s,speaker,text\n1.0,2.5,Mira,Where is the blue cup?\n3.0,4.0,Tom,It broke.\n"
MADE = {"captioned": False, "silent": False}


def pictures_of(shape: Shape) -> Iterator[av.VideoFrame]:
    noise = np.random.default_rng(0)
    for _ in range(shape.count):
        grey = np.clip(180 + noise.integers(-20, 20, (shape.height, shape.width, 3)), 0, 255).astype(np.uint8)
        yield av.VideoFrame.from_ndarray(grey, format="rgb24").reformat(format="yuv420p")


def video(path: Path, seconds: float, *, with_sound: bool = True, size: tuple[int, int] = (160, 120)) -> Path:
    shape = Shape.of(size, 10, seconds, 16_000 if with_sound else None)
    tone = (np.sin(np.arange(shape.samples) / 9) * 9000).astype(np.int16)
    encode(path, shape, pictures_of(shape), iter([tone]) if with_sound else None, crf=20)
    return path


def wav(path: Path, seconds: float) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes((np.sin(np.arange(round(seconds * 16_000)) / 9) * 9000).astype("<i2").tobytes())
    return path


def text(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def entry(file: Path, start_s: float = 0.0, duration_s: float | None = None) -> dict[str, object]:
    data = file.read_bytes() if file.is_file() else b""
    sha256 = hashlib.sha256(data).hexdigest()
    return {"uri": str(file), "sha256": sha256, "bytes": len(data), "start_s": start_s, "duration_s": duration_s}


def recording(duration_s: float, transcript: Path | None = None, **streams: list[dict[str, object]]) -> pa.Table:
    row: dict[str, object] = {
        "recording_id": "r1", "dataset": "test", "duration_s": duration_s, "time_domain": "unknown",
        "synthetic": True, "metadata": "{}", "source": "folder", "source_uri": "x", "recording_key": "k1",
        "transcript_uri": str(transcript) if transcript else None, **streams,
    }  # fmt: skip
    return RECORDINGS.rows([row])


@dataclass
class Bench:
    """A store's media cache, and stages over it."""

    cache: MediaCache

    def run(self, rows: pa.Table, settings: MediaConfig = SETTINGS) -> Outcome:
        stage = MediaStage(cache=self.cache, settings=settings, recordings=lambda _bucket: rows)
        outcome = stage.compute(stage.needs(0), Media(self.cache, MEDIA.empty()))
        MEDIA.check(outcome.rows, body=True)
        assert len(outcome.input_keys) == outcome.rows.num_rows
        return outcome

    def cut(self, outcome: Outcome, start_s: float, end_s: float, sha256: str | None = None) -> Outcome:
        media = Media(self.cache, outcome.rows)
        proxy = media.row("r1", "proxy")
        assert proxy is not None
        clip = {"clip_id": "c1", "recording_id": "r1", "start_s": start_s, "end_s": end_s}
        rows = pa.Table.from_pylist([{**clip, "proxy_sha256": sha256 or proxy["sha256"]}])
        stage = ClipMediaStage(cache=self.cache, clips=lambda _bucket: rows)
        return stage.compute(stage.needs(0), media)

    def mean(self, row: dict[str, object]) -> float:
        with av.open(str(self.cache.path(str(row["uri"])))) as file:
            return float(np.mean([frame.to_ndarray(format="gray").mean() for frame in file.decode(video=0)]))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(MediaCache(Objects(str(tmp_path / "store"), create=True)))


def by_kind(outcome: Outcome) -> dict[str, dict[str, object]]:
    return {row["kind"]: row for row in outcome.rows.to_pylist()}


def test_a_whole_recording_gives_audio_proxy_and_eye(tmp_path: Path, bench: Bench) -> None:
    seen, eye = video(tmp_path / "v.mp4", 6), video(tmp_path / "e.mp4", 5, with_sound=False, size=(320, 120))
    outcome = bench.run(recording(6, video=[entry(seen)], audio=[entry(seen)], eye=[entry(eye, 0.5, 5.0)]))
    rows = by_kind(outcome)
    assert not outcome.problems
    assert list(rows) == ["audio", "proxy", "eye"]
    assert all({name: row[name] for name in MADE} == MADE for row in rows.values())
    assert rows["audio"]["duration_s"] == rows["proxy"]["duration_s"] == 6.0
    assert (rows["proxy"]["width"], rows["proxy"]["height"], rows["proxy"]["fps"]) == (160, 120, 10.0)
    assert (rows["eye"]["start_s"], rows["eye"]["duration_s"], rows["eye"]["sample_rate_hz"]) == (0.5, 5.0, None)
    pcm = Media(bench.cache, outcome.rows).audio("r1", 2.0, 3.0)
    assert pcm is not None
    assert pcm.shape == (16_000,)
    assert np.abs(pcm).max() > 0.1


def test_equal_input_gives_equal_files_and_other_settings_another_fingerprint(tmp_path: Path, bench: Bench) -> None:
    seen = video(tmp_path / "v.mp4", 3)
    rows = recording(3, video=[entry(seen)], audio=[entry(seen)])
    assert bench.run(rows).rows.equals(bench.run(rows).rows)
    stages = [
        MediaStage(cache=bench.cache, settings=settings, recordings=lambda _bucket: rows)
        for settings in (SETTINGS, SETTINGS, MediaConfig(proxy_height=90))
    ]
    assert len({stage.fingerprint for stage in stages}) == 2


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_transcript_alone_gives_a_silent_captioned_proxy(tmp_path: Path, bench: Bench, language: str) -> None:
    said = TRANSCRIPT if language == "en" else TRANSCRIPT.replace("Where is the blue cup?", "我很生气！")
    outcome = bench.run(recording(5, text(tmp_path / "t.csv", said)))
    rows = by_kind(outcome)
    assert list(rows) == ["proxy"]
    assert not outcome.problems
    assert rows["proxy"]["captioned"]
    assert rows["proxy"]["silent"]
    assert (rows["proxy"]["duration_s"], rows["proxy"]["fps"]) == (5.0, 2.0)
    assert not Media(bench.cache, outcome.rows).has("r1", "audio")
    assert not Media(bench.cache, outcome.rows).has("r1", "proxy")


def test_sound_without_video_is_heard_under_captions(tmp_path: Path, bench: Bench) -> None:
    rows = by_kind(
        bench.run(recording(5, text(tmp_path / "t.csv", TRANSCRIPT), audio=[entry(wav(tmp_path / "a.wav", 5))]))
    )
    assert list(rows) == ["audio", "proxy"]
    assert rows["proxy"]["captioned"]
    assert not rows["proxy"]["silent"]


def test_video_without_sound_gets_a_silent_track(tmp_path: Path, bench: Bench) -> None:
    seen = video(tmp_path / "v.mp4", 3, with_sound=False)
    rows = by_kind(bench.run(recording(3, video=[entry(seen)])))
    assert list(rows) == ["proxy"]
    assert rows["proxy"]["silent"]
    assert not rows["proxy"]["captioned"]


def test_sound_longer_than_video_is_kept_under_black(tmp_path: Path, bench: Bench) -> None:
    seen, said = video(tmp_path / "v.mp4", 3, with_sound=False), wav(tmp_path / "a.wav", 8)
    outcome = bench.run(recording(8, video=[entry(seen)], audio=[entry(said)]))
    assert not outcome.problems
    assert by_kind(outcome)["proxy"]["duration_s"] == 8.0


@pytest.mark.parametrize("broken", ["missing", "empty", "text"])
def test_a_broken_video_with_a_transcript_is_captioned_and_warned_of(tmp_path: Path, bench: Bench, broken: str) -> None:
    place = tmp_path / "v.mp4"
    if broken != "missing":
        text(place, b"" if broken == "empty" else b"no video" * 100)
    outcome = bench.run(recording(5, text(tmp_path / "t.csv", TRANSCRIPT), video=[entry(place)], audio=[entry(place)]))
    (problem,) = outcome.problems
    assert problem.warning
    assert problem.where == str(place)
    assert "\n" not in problem.what
    assert by_kind(outcome)["proxy"]["captioned"]


@pytest.mark.parametrize("broken", ["missing", "empty", "text", "half a second"])
def test_nothing_usable_is_one_permanent_problem(tmp_path: Path, bench: Bench, broken: str) -> None:
    place = tmp_path / "v.mp4"
    if broken == "half a second":
        whole = video(place, 20, with_sound=False).read_bytes()
        text(place, whole[: len(whole) // 40])
    elif broken != "missing":
        text(place, b"" if broken == "empty" else b"no video" * 100)
    outcome = bench.run(recording(20, video=[entry(place)], audio=[entry(place)]))
    (problem,) = outcome.problems
    assert outcome.rows.num_rows == 0
    assert problem.permanent
    assert not problem.warning
    assert problem.where == str(place)
    assert "ingest again" in problem.remedy


def test_a_truncated_video_is_used_as_far_as_it_goes(tmp_path: Path, bench: Bench) -> None:
    place = tmp_path / "v.mp4"
    whole = video(place, 10).read_bytes()
    text(place, whole[: len(whole) // 2])
    outcome = bench.run(recording(10, video=[entry(place)], audio=[entry(place)]))
    (problem,) = outcome.problems
    assert problem.warning
    assert "of 10.0 s can be decoded" in problem.what
    assert by_kind(outcome)["proxy"]["duration_s"] == 10.0


def test_a_transcript_that_is_not_utf8_leaves_nothing_to_show(tmp_path: Path, bench: Bench) -> None:
    outcome = bench.run(recording(5, text(tmp_path / "t.csv", "start_s,end_s,text\n0,1,气\n".encode("gbk"))))
    (problem,) = outcome.problems
    assert problem.permanent
    assert "UTF-8" in problem.what


def test_a_file_that_changed_since_ingest_waits_for_another_ingest(tmp_path: Path, bench: Bench) -> None:
    seen = video(tmp_path / "v.mp4", 3)
    rows = recording(3, video=[entry(seen)])
    text(seen, seen.read_bytes() + b"more")
    (problem,) = bench.run(rows).problems
    assert not problem.permanent
    assert "changed since it was ingested" in problem.what


def test_remote_files_are_fetched(tmp_path: Path, bench: Bench, s3_uri: str) -> None:
    said = text(tmp_path / "t.csv", TRANSCRIPT)
    seen = video(tmp_path / "v.mp4", 3)
    remote = Objects(s3_uri)
    remote.create_from_file("r1/v.mp4", seen)
    remote.create_from_file("r1/t.csv", said)
    found = {**entry(seen), "uri": f"{s3_uri}/r1/v.mp4"}
    local = bench.run(recording(3, video=[entry(seen)], audio=[entry(seen)]))
    assert bench.run(recording(3, video=[found], audio=[found])).rows.equals(local.rows)
    (problem,) = bench.run(recording(3, video=[{**found, "uri": f"{s3_uri}/r1/gone.mp4"}])).problems
    assert "no such file" in problem.what
    rows = recording(3).set_column(
        RECORDINGS.body_schema.get_field_index("transcript_uri"), "transcript_uri", pa.array([f"{s3_uri}/r1/t.csv"])
    )
    assert by_kind(bench.run(rows))["proxy"]["captioned"]


def test_a_clip_is_cut_from_the_proxy_with_times_from_zero(tmp_path: Path, bench: Bench) -> None:
    seen = video(tmp_path / "v.mp4", 8)
    outcome = bench.run(recording(8, video=[entry(seen)], audio=[entry(seen)]))
    cut = bench.cut(outcome, 2, 7)
    (row,) = cut.rows.to_pylist()
    assert (row["kind"], row["clip_id"], row["start_s"], row["duration_s"]) == ("clip", "c1", 2.0, 5.0)
    assert row["source_sha256"] == by_kind(outcome)["proxy"]["sha256"]
    assert bench.mean(row) == pytest.approx(180, abs=10)
    assert bench.cut(outcome, 2, 7).rows.equals(cut.rows)


@pytest.mark.parametrize(
    ("sha256", "end_s", "gone", "permanent", "what"),
    [
        ("another", 7, False, False, "another one"),
        (None, 7, True, False, "no such object"),
        (None, 99, False, True, "no picture"),
    ],
    ids=["another proxy", "proxy deleted", "outside the proxy"],
)
def test_a_clip_that_cannot_be_cut_says_why(
    tmp_path: Path, bench: Bench, sha256: str | None, end_s: float, gone: bool, permanent: bool, what: str
) -> None:
    outcome = bench.run(recording(8, text(tmp_path / "t.csv", TRANSCRIPT)))
    if gone:
        bench.cache.path(str(by_kind(outcome)["proxy"]["uri"])).unlink()
    cut = bench.cut(outcome, end_s - 5, end_s, sha256)
    (problem,) = cut.problems
    assert (problem.permanent, cut.rows.num_rows) == (permanent, 0)
    assert what in problem.what


def test_real_film_gives_a_proxy_with_its_own_pictures(corpora: Path, bench: Bench) -> None:
    film = corpora / "friday_video" / "friday.mp4"
    outcome = bench.run(recording(6.166, video=[entry(film)], audio=[entry(film)]), MediaConfig())
    rows = by_kind(outcome)
    assert not outcome.problems
    assert (rows["proxy"]["width"], rows["proxy"]["height"]) == (480, 360)
    with av.open(str(film)) as source, av.open(str(bench.cache.path(str(rows["proxy"]["uri"])))) as proxy:
        was = [f.to_ndarray(format="gray").mean() for f in source.decode(video=0) if f.time * 10 % 1 < Fraction(1, 100)]
        now = [f.to_ndarray(format="gray").mean() for f in proxy.decode(video=0)]
    assert len(now) == 62
    assert np.corrcoef(was[:61], now[:61])[0, 1] > 0.98


GAZE_HEADER = "tracking_timestamp_us,yaw_rads_cpf,pitch_rads_cpf,depth_m\n"


def gaze_entry(file: Path, start_s: float) -> dict[str, object]:
    return {**{k: v for k, v in entry(file, start_s).items() if k != "duration_s"}, "format": "mps_gaze"}


def test_gaze_becomes_a_track_on_the_recordings_clock(tmp_path: Path, bench: Bench) -> None:
    first = text(tmp_path / "1.csv", f"{GAZE_HEADER}11000000,0.1,0.2,1.5\n12000000,0.3,0.4,\n")
    second = text(tmp_path / "2.csv", f"{GAZE_HEADER}500000,0.5,0.6,\n")
    seen = [entry(video(tmp_path / "v.mp4", 3, with_sound=False))]
    outcome = bench.run(recording(3, video=seen, gaze=[gaze_entry(first, -10.0), gaze_entry(second, 0.0)]))
    assert not outcome.problems
    row = by_kind(outcome)["gaze"]
    assert {row[name] for name in ("fps", "width", "height", "sample_rate_hz")} == {None}
    assert {name: row[name] for name in MADE} == MADE
    track = Media(bench.cache, outcome.rows).track("r1", "gaze")
    assert track is not None
    assert track["time_s"].to_pylist() == pytest.approx([0.5, 1.0, 2.0])
    assert track["depth_m"].to_pylist() == [None, 1.5, None]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a,b\n1,2\n", b"", None], ids=["bytes", "columns", "empty", "gone"])
def test_gaze_that_cannot_be_read_is_a_warning(tmp_path: Path, bench: Bench, content: bytes | None) -> None:
    file = tmp_path / "g.csv"
    if content is not None:
        text(file, content)
    seen = [entry(video(tmp_path / "v.mp4", 3, with_sound=False))]
    outcome = bench.run(recording(3, video=seen, gaze=[gaze_entry(file, 0.0)]))
    (problem,) = outcome.problems
    assert problem.warning
    assert "gaze" in problem.what
    assert "\n" not in problem.what
    assert list(by_kind(outcome)) == ["proxy"]


def array_wav(path: Path, seconds: float, channels: int) -> Path:
    """A tone on the first channel, its opposite on all others: their sum would be the opposite too."""
    tone = np.sin(2 * np.pi * 440 * np.arange(round(seconds * 16_000)) / 16_000) * 9000
    samples = np.repeat(-tone[:, np.newaxis], channels, axis=1)
    samples[:, 0] = tone
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def test_eight_channels_at_16_khz_are_heard_by_the_first_and_measured_by_all(tmp_path: Path, bench: Bench) -> None:
    outcome = bench.run(recording(3, audio=[entry(array_wav(tmp_path / "a.wav", 3, 8))]))
    assert list(by_kind(outcome)) == ["audio", "microphones", "proxy"]
    media = Media(bench.cache, outcome.rows)
    pcm, track = media.audio("r1", 1.0, 2.0), media.track("r1", "microphones")
    assert pcm is not None
    assert track is not None
    turn = np.exp(-2j * np.pi * 440 * np.arange(len(pcm)) / 16_000)
    assert 2 * abs((pcm * turn).mean()) == pytest.approx(9000 / 32768, rel=0.02)
    assert np.angle((pcm * turn).mean()) == pytest.approx(-np.pi / 2, abs=0.1), "the first channel, not the others"
    assert track.num_rows > 20


def test_sound_that_outlasts_the_pictures_of_its_own_file_is_kept(tmp_path: Path, bench: Bench) -> None:
    with (
        av.open(str(video(tmp_path / "v.mp4", 2, with_sound=False))) as seen,
        av.open(str(wav(tmp_path / "a.wav", 6))) as said,
        av.open(str(tmp_path / "both.mkv"), "w") as out,
    ):
        pairs = [(seen.streams.video[0], seen), (said.streams.audio[0], said)]
        copies = [out.add_stream_from_template(stream) for stream, _ in pairs]
        for (stream, source), copy in zip(pairs, copies, strict=True):
            for packet in source.demux(stream):
                if packet.size:
                    packet.stream = copy
                    out.mux(packet)
    both = [entry(tmp_path / "both.mkv")]
    outcome = bench.run(recording(6, video=both, audio=both))
    assert not outcome.problems
    pcm = Media(bench.cache, outcome.rows).audio("r1", 4.0, 6.0)
    assert pcm is not None
    assert np.abs(pcm).max() > 0.1
    assert by_kind(outcome)["proxy"]["duration_s"] == 6.0


def test_a_file_that_changes_while_it_is_read_leaves_nothing(tmp_path: Path) -> None:
    cache, scratch = MediaCache(Objects(str(tmp_path / "store"), create=True)), tmp_path / "scratch"
    scratch.mkdir()
    seen = video(tmp_path / "v.mp4", 20)
    rows = recording(20, video=[entry(seen)], audio=[entry(seen)])
    stage = MediaStage(cache=cache, settings=SETTINGS, recordings=lambda _bucket: rows, scratch=scratch)
    running = threading.Event()
    running.set()

    def touch() -> None:
        """Once its sound is there its pictures are still to be decoded."""
        while running.is_set() and not any(scratch.rglob("audio.wav")):
            pass
        os.utime(seen)

    other = threading.Thread(target=touch)
    other.start()
    outcome = stage.compute(stage.needs(0), Media(cache, MEDIA.empty()))
    running.clear()
    other.join()
    (problem,) = outcome.problems
    assert (problem.permanent, problem.warning, problem.where) == (False, False, str(seen))
    assert problem.what == "the file changed while it was read"
    assert outcome.rows.num_rows == 0
    assert not [file for file in (tmp_path / "store").rglob("*") if file.is_file()]


def eyes(count: int) -> Iterator[npt.NDArray[np.uint8]]:
    """Dark pupils of a known size in grey, with the noise of a camera: every third frame is the one before."""
    noise, shown = np.random.default_rng(0), np.zeros((240, 640), np.uint8)
    y, x = np.mgrid[:240, :640]
    for n in range(count):
        if n % 3 != 2:
            pupils = sum((x - at - n % 7) ** 2 + (y - 120) ** 2 < 18**2 for at in (160, 480))
            shown = np.clip(np.where(pupils, 14, 60) + noise.normal(0, 2, x.shape), 0, 255).astype(np.uint8)
        yield shown


def test_the_eye_proxy_keeps_pupils_and_tells_repeated_and_black_frames(tmp_path: Path, bench: Bench) -> None:
    frames = list(eyes(40))
    with VrsWriter(tmp_path / "e.vrs", {"211-1": Camera(640, 240, 10, "grey8")}) as file:
        for n, frame in enumerate(frames):
            if n < 25 or n >= 38:
                file.picture("211-1", 5 + n / 10, frame)
        file.finish()
    listed = entry(tmp_path / "e.vrs", duration_s=4.0)
    rows = recording(4, text(tmp_path / "t.csv", TRANSCRIPT), eye=[{**listed, "uri": f"{listed['uri']}#211-1"}])
    row = by_kind(bench.run(rows))["eye"]
    assert (row["width"], row["height"], row["fps"]) == (640, 240, pytest.approx(10, abs=0.01))
    with av.open(str(bench.cache.path(str(row["uri"])))) as video_file:
        shown = [frame.to_ndarray(format="gray").astype(np.float64) for frame in video_file.decode(video=0)]
    for n in range(25):
        genuine, kept = (int((image < 37).sum()) for image in (frames[n], shown[n]))
        assert kept == pytest.approx(genuine, rel=0.02)
    step = [float(np.abs(shown[n] - shown[n - 1]).mean()) for n in range(1, 25)]
    assert max(step[n - 1] for n in range(1, 25) if n % 3 == 2 and n % 10) < 0.1
    assert min(step[n - 1] for n in range(1, 25) if n % 3 != 2) > 0.5
    assert [float(image.mean()) < 1 for image in shown] == [35 <= n < 38 for n in range(40)]
