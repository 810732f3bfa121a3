"""The segment stage, from transcripts and through Whisper, over real recordings."""

from __future__ import annotations

import hashlib
import wave
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import av
import numpy as np
import pyarrow as pa
import pytest

from osmo.schemas.config import SegmentConfig
from osmo.schemas.tables import MEDIA, RECORDINGS
from osmo.storage.media import Media, MediaCache, write_track
from osmo.storage.objects import Objects
from osmo.tasks.arrays import array_of
from osmo.tasks.microphones import MICROPHONES, microphone_tables
from osmo.tasks.segment import SegmentStage
from osmo.tasks.stage import Outcome

RATE = 16_000
Run = Callable[..., Outcome]


def recording(**changed: object) -> dict[str, Any]:
    """A recording of ten seconds with nothing but its length."""
    return {
        "recording_id": "r", "dataset": "d", "subject_id": "Ana", "language": "en", "duration_s": 10.0,
        "video_reason": "none", "audio_reason": "none", "eye_reason": "none", "transcript_reason": "none",
        "time_domain": "unknown", "synthetic": False, "metadata": "{}", "source": "folder", "source_uri": "/r",
        "recording_key": "k", **changed,
    }  # fmt: skip


def with_transcript(path: Path, content: str | bytes, **changed: object) -> dict[str, Any]:
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    file = {"uri": str(path), "sha256": sha256, "bytes": len(data), "start_s": 0.0, "format": path.suffix[1:]}
    return recording(transcript=[file], transcript_reason=None, **changed)


def with_audio(**changed: object) -> dict[str, object]:
    file = {"uri": "/a.wav", "sha256": "s", "bytes": 1, "start_s": 0.0, "duration_s": None}
    return recording(audio=[file], audio_reason=None, **changed)


def samples(path: Path) -> np.ndarray[Any, np.dtype[np.int16]]:
    """A sound file as 16 kHz mono."""
    resampler = av.AudioResampler("s16", "mono", RATE)
    with av.open(str(path)) as container:
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    return np.concatenate([part.to_ndarray()[0] for part in [*frames, *resampler.resample(None)]])


class Bench:
    """A stage over recordings that a test gives it, with a media cache of its own."""

    def __init__(self, folder: Path, config: SegmentConfig) -> None:
        self.cache = MediaCache(Objects(str(folder / "store"), create=True))
        self.folder = folder
        self.config = config
        self.recordings = RECORDINGS.rows([])
        self.media = MEDIA.rows([])

    @property
    def stage(self) -> SegmentStage:
        return SegmentStage(self.config, recordings=lambda _: self.recordings, media=lambda _: self.media)

    def hold(self, *rows: dict[str, object]) -> Bench:
        self.recordings = RECORDINGS.rows(rows)
        return self

    def cached(self, pcm: np.ndarray[Any, np.dtype[np.int16]]) -> Bench:
        """Put the sound of recording `r` into the media cache, as the media stage does."""
        path = self.folder / "r.wav"
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, RATE, 0, "NONE", ""))
            file.writeframes(pcm.tobytes())
        found = self.cache.put(path)
        row = {
            "recording_id": "r", "kind": "audio", "source_sha256": "s", "uri": found.uri, "sha256": found.sha256,
            "bytes": found.bytes, "start_s": 0.0, "duration_s": len(pcm) / RATE, "captioned": False, "silent": False,
            "encoder": "test",
        }  # fmt: skip
        self.media = MEDIA.rows([row])
        return self

    def needs(self) -> pa.Table:
        return self.stage.needs(0)

    def run(self) -> Outcome:
        return self.stage.compute(self.needs(), Media(self.cache, self.media))


@pytest.fixture
def bench(tmp_path: Path, whisper_checkpoint: Path) -> Bench:
    return Bench(tmp_path, SegmentConfig(whisper_model=str(whisper_checkpoint), whisper_sample_len=6))


def told(outcome: Outcome) -> list[tuple[bool, bool, str]]:
    return [(problem.permanent, problem.warning, problem.what) for problem in outcome.problems]


def test_each_cue_is_a_segment(bench: Bench, tmp_path: Path) -> None:
    text = "start_s,end_s,speaker,text\n0,1,Ana,Hello.\n1,2,Bea,Hi.\n"
    outcome = bench.hold(with_transcript(tmp_path / "t.csv", text)).run()
    rows = outcome.rows.to_pylist()
    assert [(row["text"], row["speaker"], row["speaker_name"], row["source"]) for row in rows] == [
        ("Hello.", "wearer", "Ana", "sidecar"),
        ("Hi.", "other", "Bea", "sidecar"),
    ]
    assert rows[0]["asr_confidence"] is None
    assert list(outcome.input_keys) == bench.needs()["input_key"].to_pylist() * 2
    assert outcome.problems == []


def test_a_long_cue_is_split_at_its_sentences(bench: Bench, tmp_path: Path) -> None:
    text = "start_s,end_s,text\n0,40,One two. Three four. 五六七。\n"
    rows = bench.hold(with_transcript(tmp_path / "t.csv", text, duration_s=60.0)).run().rows.to_pylist()
    assert [row["text"] for row in rows] == ["One two.", "Three four.", "五六七。"]
    assert (rows[0]["start_s"], rows[-1]["end_s"]) == (0.0, 40.0)


def test_bad_cues_are_one_warning_and_the_good_ones_go_on(bench: Bench, tmp_path: Path) -> None:
    text = "start_s,end_s,text\n-1,1,a\n0,2,b\n1,3,c\n99,100,d\n5,4,e\n"
    outcome = bench.hold(with_transcript(tmp_path / "t.csv", text)).run()
    assert [(row["text"], row["in_media"]) for row in outcome.rows.to_pylist()] == [
        ("b", True), ("c", True), ("d", False),
    ]  # fmt: skip
    ((_, warning, what),) = told(outcome)
    assert warning
    assert what.startswith("2 of 5 cues refused (line 2: negative time")
    assert "outside the 10.000 s of media (the first at 99.000 s): 1" in what
    assert "begin before an earlier one ends: 1" in what


@pytest.mark.parametrize(
    ("name", "content", "permanent", "what"),
    [
        ("t.csv", b"start_s,end_s,text\n0,1,\xff\n", True, "not UTF-8: byte 0xff at offset 23"),
        ("t.vtt", b"0,1,hi\n", True, "not a vtt transcript"),
        ("t.doc", b"hi", True, "not a doc transcript"),
    ],
)
def test_a_transcript_that_cannot_be_read_is_a_problem_without_rows(
    bench: Bench, tmp_path: Path, name: str, content: bytes, permanent: bool, what: str
) -> None:
    good = with_transcript(tmp_path / "g.csv", "start_s,end_s,text\n0,1,hi\n", recording_id="good")
    outcome = bench.hold(with_transcript(tmp_path / name, content), good).run()
    assert outcome.rows["recording_id"].to_pylist() == ["good"]
    ((is_permanent, warning, said),) = told(outcome)
    assert (is_permanent, warning, what in said) == (permanent, False, True)


def test_a_transcript_that_went_or_changed_waits_for_another_ingest(bench: Bench, tmp_path: Path) -> None:
    text = "start_s,end_s,text\n0,1,hi\n"
    bench.hold(with_transcript(tmp_path / "t.csv", text))
    (tmp_path / "t.csv").write_text(text.replace("hi", "ho"))
    assert told(bench.run()) == [(False, False, "the transcript has changed since ingest")]
    (tmp_path / "t.csv").unlink()
    assert told(bench.run()) == [(False, False, "the transcript is gone since ingest")]


def test_a_recording_with_nothing_to_read_or_hear_has_one_row_that_says_why(bench: Bench) -> None:
    outcome = bench.hold(recording(transcript_reason="not given", audio_reason="no microphone")).run()
    (row,) = outcome.rows.to_pylist()
    assert (row["segment_id"], row["empty_reason"]) == (None, "no transcript: not given; no audio: no microphone")


def test_an_empty_transcript_has_one_row_and_a_warning(bench: Bench, tmp_path: Path) -> None:
    outcome = bench.hold(with_transcript(tmp_path / "t.csv", "start_s,end_s,text\n")).run()
    assert outcome.rows["empty_reason"].to_pylist() == ["the transcript is empty"]
    assert told(outcome) == [(True, True, "the transcript is empty")]


def test_a_recording_waits_for_its_media_only_where_it_is_to_be_heard(bench: Bench, tmp_path: Path) -> None:
    sidecar = with_transcript(tmp_path / "t.csv", "start_s,end_s,text\n0,1,hi\n", recording_id="read")
    bench.hold(with_audio(), {**with_audio(), **sidecar})
    assert bench.needs()["recording_id"].to_pylist() == ["read"]
    bench.cached(np.zeros(RATE, np.int16))
    assert bench.needs()["recording_id"].to_pylist() == ["r", "read"]


def test_keys_change_with_what_the_segments_depend_on(bench: Bench, tmp_path: Path) -> None:
    text = "start_s,end_s,text\n0,1,hi\n"
    one = with_transcript(tmp_path / "t.csv", text)
    two = with_transcript(tmp_path / "u.csv", text + "1,2,ho\n")
    pcm = np.zeros(RATE, np.int16)
    keys = {
        bench.hold(row).needs()["input_key"][0].as_py()
        for row in (one, two, {**one, "subject_id": "Bea"}, {**one, "language": "zh"}, {**one, "duration_s": 11.0})
    }
    assert len(keys) == 5
    moved = {**one, "transcript": [{**one["transcript"][0], "uri": "/elsewhere/t.csv"}], "source_uri": "/elsewhere"}
    assert bench.hold(moved).needs()["input_key"][0].as_py() in keys
    heard = bench.hold(with_audio()).cached(pcm).needs()["input_key"][0].as_py()
    fingerprint = bench.stage.fingerprint
    bench.config = SegmentConfig(whisper_model="tiny")
    assert bench.needs()["input_key"][0].as_py() != heard
    assert bench.stage.fingerprint == fingerprint
    assert bench.hold(one).needs()["input_key"][0].as_py() in keys


def test_silence_is_never_transcribed(bench: Bench) -> None:
    bench.config = SegmentConfig(whisper_model="no such model: it must not be asked for")
    outcome = bench.hold(with_audio()).cached(np.zeros(5 * RATE, np.int16)).run()
    assert outcome.rows["empty_reason"].to_pylist() == ["no speech was found"]
    assert told(outcome) == [(True, True, "no speech was found")]


def test_a_model_that_is_not_at_hand_is_tried_again_later(bench: Bench, corpora: Path, tmp_path: Path) -> None:
    bench.hold(with_audio()).cached(samples(corpora / "speech_zh" / "zero_shot_prompt.wav"))
    junk = tmp_path / "junk.pt"
    junk.write_bytes(b"not a checkpoint")
    for name, what in (("/gone.pt", "no such file"), (str(junk), "is no openai-whisper checkpoint")):
        bench.config = SegmentConfig(whisper_model=name)
        outcome = bench.run()
        assert outcome.rows.num_rows == 0
        ((permanent, warning, said),) = told(outcome)
        assert (permanent, warning, what in said) == (False, False, True)
        assert "segment.whisper_model" in outcome.problems[0].remedy


def test_another_engine_computes_anew_what_was_heard_and_nothing_else(bench: Bench, tmp_path: Path) -> None:
    read = with_transcript(tmp_path / "t.csv", "start_s,end_s,text\n0,1,hi\n", recording_id="read")
    bench.hold(with_audio(), read).cached(np.zeros(RATE, np.int16))
    before = dict(zip(bench.needs()["recording_id"].to_pylist(), bench.needs()["input_key"].to_pylist(), strict=True))
    bench.config = bench.config.model_copy(update={"engine": "faster_whisper"})
    after = dict(zip(bench.needs()["recording_id"].to_pylist(), bench.needs()["input_key"].to_pylist(), strict=True))
    assert after["read"] == before["read"]
    assert after["r"] != before["r"]


def test_what_was_invented_stays_in_its_row_with_the_reason_and_is_counted(bench: Bench, corpora: Path) -> None:
    """Random weights put words after the end of the sound; Whisper's rule for silence is set so that all is silence."""
    pcm = samples(corpora / "speech_zh" / "zero_shot_prompt.wav")
    bench.config = bench.config.model_copy(update={"no_speech_threshold": 0.0, "logprob_min": 0.0})
    outcome = bench.hold(with_audio(duration_s=len(pcm) / RATE)).cached(pcm).run()
    rows = outcome.rows.to_pylist()
    assert rows
    assert all(row["text"] and row["words"] and row["refused_reason"] for row in rows)
    assert all(
        row["refused_reason"].startswith(("silence: no-speech probability 0.00 over 0", "invented")) for row in rows
    )
    ((permanent, warning, what),) = told(outcome)
    assert (permanent, warning) == (True, True)
    assert what.startswith(f"{len(rows)} of {len(rows)} sentences quarantined: ")


@pytest.mark.parametrize("engine", ["whisper", "faster_whisper"])
@pytest.mark.parametrize(
    ("file", "language"),
    [
        ("speech_en/jfk.flac", "en"),
        ("speech_en/librispeech-1995-1837-0001.wav", None),
        ("speech_zh/aishell-BAC009S0724W0121.wav", "zh"),
        ("speech_zh/sample.wav", None),
        ("ami_multispeaker/dev00.wav", "en"),
        ("ami_multispeaker/tst00.wav", "en"),
        ("friday_video/friday.mp4", "en"),
    ],
)
def test_speech_becomes_segments(bench: Bench, corpora: Path, file: str, language: str | None, engine: str) -> None:
    bench.config = bench.config.model_copy(update={"engine": engine})
    pcm = samples(corpora / file)
    length_s = len(pcm) / RATE
    bench.hold(with_audio(language=language, duration_s=length_s)).cached(pcm)
    outcome = bench.run()
    rows = outcome.rows.to_pylist()
    assert rows
    for row in rows:
        assert row["text"].strip() == row["text"] != ""
        assert 0 <= row["start_s"] < row["end_s"] <= length_s + 0.001
        assert row["end_s"] - row["start_s"] <= 30
        assert row["in_media"]
        assert row["speaker"] == "unknown"
        assert row["source"].startswith(f"{engine}:sha256:")
        assert "".join(word["text"] for word in row["words"]).strip() == row["text"]
        assert (row["words"][0]["start_s"], row["words"][-1]["end_s"]) == (row["start_s"], row["end_s"])
        assert 0 < row["asr_confidence"] <= 1
        assert 0 <= row["no_speech_prob"] <= 1
        assert row["language"] == (language or row["language"])
        assert row["language"]
        assert row["audio_key"]
    assert bench.run().rows.equals(outcome.rows)


def test_microphones_tell_who_speaks_where_nobody_is_named(
    bench: Bench, tmp_path: Path, mixtures: ModuleType, corpora: Path
) -> None:
    array = array_of(7)
    assert array is not None
    voices = mixtures.pieces(sorted((corpora / "speech_zh").glob("*.wav")))
    mixture = mixtures.mixed(voices[:4], array, mixtures.Room("room"), seed=5)
    out = tmp_path / "track.parquet"
    write_track(out, microphone_tables(iter([(0.0, mixture.sound)]), mixtures.RATE_HZ), MICROPHONES)
    put = bench.cache.put(out)
    lines = [f"{start_s},{end_s},,speech" for start_s, end_s, _ in mixture.turns]
    text = "start_s,end_s,speaker,text\n" + "\n".join([*lines, "500,501,,later", "1,2,Ana,named"])
    length_s = len(mixture.sound) / mixtures.RATE_HZ
    stream = {"uri": "/r.vrs#231-1", "sha256": "s", "bytes": 1, "start_s": 0.0, "duration_s": length_s}
    row = with_transcript(tmp_path / "t.csv", text, duration_s=length_s, audio=[stream], audio_reason=None)
    bench.hold(row)
    assert bench.needs().num_rows == 0  # its sound has not been decoded
    bench.media = MEDIA.rows(
        [
            {
                "recording_id": "r", "kind": "microphones", "source_sha256": "s", "uri": put.uri, "sha256": put.sha256,
                "bytes": put.bytes, "start_s": 0.0, "duration_s": length_s, "captioned": False, "silent": False,
                "encoder": "test",
            }
        ]
    )  # fmt: skip
    rows = {(row["start_s"], row["text"]): row for row in bench.run().rows.to_pylist()}
    for start_s, _, who in mixture.turns:
        found = rows[start_s, "speech"]
        assert (found["speaker"], found["speaker_source"]) == (who, "own_voice")
        assert 0.7 <= found["speaker_confidence"] <= 1
    later, named = rows[500.0, "later"], rows[1.0, "named"]
    assert (later["speaker"], later["speaker_reason"]) == ("unknown", "nobody is named")
    assert (named["speaker"], named["speaker_source"], named["speaker_confidence"]) == ("wearer", "name", None)
    key = bench.needs()["input_key"][0].as_py()
    bench.config = bench.config.model_copy(update={"own_voice_confidence": 0.9})
    assert bench.needs()["input_key"][0].as_py() != key
