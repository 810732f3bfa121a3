"""Good and bad recordings together in one source, and the machine stages over them."""

from __future__ import annotations

import json
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from osmo.schemas.config import OsmoConfig, load_config
from osmo.schemas.tables import PROBLEMS, RECORDINGS
from osmo.storage.store import Store
from osmo.tasks.ingest import IngestReport, current_recordings, ingest
from osmo.tasks.pipeline import Pipeline
from osmo.tasks.status import Stuck, stuck

MACHINE = ("media", "segment", "evidence:ocular", "evidence:acoustic", "evidence:visual", "prescreen:lexicon",
           "prescreen:dialogue", "prescreen:valence", "prescreen:prosody", "clips", "clip_media")  # fmt: skip
HEAD = "start_s,end_s,speaker,text\n"
LINES = HEAD + (
    '0.5,2.5,Ann,"I am so happy, this is wonderful!"\n'
    '3.0,5.0,Ben,"Great, congratulations!"\n'
    '6.0,9.0,Ann,"I love it, what a delightful surprise!"\n'
)


@dataclass(frozen=True)
class Bench:
    """A source, a configuration over it, and its store; `run` does all that machines do."""

    folder: Path
    config_file: Path

    @property
    def recordings(self) -> Path:
        return self.folder / "recordings"

    @property
    def config(self) -> OsmoConfig:
        return load_config(self.config_file)

    @property
    def store(self) -> Store:
        return Store.open(self.config.store.uri, buckets=2)

    def put(self, name: str, transcript: str | bytes | None = LINES, /, **said: object) -> Path:
        """A recording that has a transcript (null: none) beside what `said` adds to, or takes from, its facts."""
        facts = {
            "recording_id": name, "dataset": "test", "subject_id": "Ann", "language": "en", "duration_s": 12.0,
            "transcript": None if transcript is None else "transcript.csv",
        }  # fmt: skip
        folder = self.recordings / name
        folder.mkdir(parents=True, exist_ok=True)
        if transcript is not None:
            file = folder / str(said.get("transcript", "transcript.csv"))
            file.write_bytes(transcript if isinstance(transcript, bytes) else transcript.encode())
        (folder / "recording.json").write_text(json.dumps({**facts, **said}), encoding="utf-8")
        return folder

    def raw(self, name: str, manifest: str) -> Path:
        """A recording whose recording.json is exactly so."""
        folder = self.recordings / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "recording.json").write_text(manifest, encoding="utf-8")
        return folder

    def run(self, *, stages: Sequence[str] = MACHINE) -> IngestReport:
        """Ingest, then the stages in order."""
        store = self.store
        report = ingest(store, self.config.sources)
        for name in stages:
            pipeline = Pipeline(store, self.config)
            for bucket in pipeline.buckets_with_missing(name):
                pipeline.run_bucket(name, bucket)
        return report

    def pipeline(self) -> Pipeline:
        return Pipeline(self.store, self.config)

    def problems(self) -> list[dict[str, object]]:
        """All rows of the log."""
        return list(self.store.read(PROBLEMS).to_pylist())

    def stuck(self, *, warnings: bool = False) -> list[Stuck]:
        return stuck(self.pipeline(), warnings=warnings)

    def ids(self) -> set[str]:
        """Recordings in the store."""
        return set(map(str, current_recordings(self.store.read(RECORDINGS))["recording_id"].to_pylist()))


def new_bench(folder: Path, checkpoint: Path) -> Bench:
    config = folder / "osmo.toml"
    config.write_text(
        '[[sources]]\nadapter = "folder"\npath = "recordings"\n[store]\nuri = "store"\nbuckets = 2\n'
        "[media]\nproxy_height = 64\ncaptions_fps = 1.0\n"
        f'[segment]\nwhisper_model = "{checkpoint}"\nwhisper_sample_len = 4\n',
        encoding="utf-8",
    )
    return Bench(folder, config)


def sound(path: Path, seconds: float, *, loud: bool = True) -> bytes:
    """A wave file of a tone, or of silence; its bytes."""
    tone = np.sin(np.arange(round(seconds * 16_000)) / 9) * (9000 if loud else 0)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(tone.astype("<i2").tobytes())
    return path.read_bytes()


@pytest.fixture
def bench(tmp_path: Path, whisper_checkpoint: Path) -> Bench:
    return new_bench(tmp_path, whisper_checkpoint)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, whisper_checkpoint: Path) -> Bench:
    """Every kind of bad recording among good ones, run once."""
    bench = new_bench(tmp_path_factory.mktemp("bad"), whisper_checkpoint)
    for name in ("good-1", "good-2", "zz-good"):
        bench.put(name)
    bench.put("missing-audio", audio="gone.wav")
    bench.put("zero-audio", audio="a.wav").joinpath("a.wav").write_bytes(b"")
    bench.put("no-media", audio="a.wav").joinpath("a.wav").write_bytes(b"this is no sound" * 50)
    whole = sound(bench.put("cut-audio", audio="a.wav") / "a.wav", 12)
    bench.recordings.joinpath("cut-audio", "a.wav").write_bytes(whole[: len(whole) // 2])
    bench.put("video-gone", video="gone.mp4")
    sound(bench.put("silence", None, audio="a.wav") / "a.wav", 12, loud=False)
    bench.put("nothing", None)
    bench.put("overlapping", HEAD + "0,4,Ann,I am happy\n2,5,Ben,me too\n")
    bench.put("negative", HEAD + "-3,-1,Ann,I am happy\n1,2,Ann,we go on\n5,4,Ann,backwards\n")
    bench.put("outside", HEAD + "1,2,Ann,we go on\n90,95,Ann,far away\n")
    bench.put("gbk", (HEAD + "0,1,Ann,我很生气\n").encode("gbk"))
    bench.put("no-columns", "a,b\n1,2\n")
    bench.put("transcript-gone", None, transcript="transcript.csv")
    bench.put("odd-format", "hello", transcript="transcript.docx")
    bench.put("twin-a", recording_id="twin")
    bench.put("twin-b", recording_id="twin")
    bench.put("climbs", audio="../../etc/passwd")
    bench.put("climbs-transcript", None, transcript="/etc/passwd")
    link = bench.put("linked", audio="a.wav")
    bench.folder.joinpath("outside.wav").write_bytes(b"x")
    link.joinpath("a.wav").symlink_to(bench.folder / "outside.wav")
    bench.recordings.joinpath("empty-folder").mkdir()
    bench.raw("no-json", "{oops")
    bench.raw("not-an-object", "[1, 2]")
    bench.raw("wrong-type", '{"duration_s": "six"}')
    bench.raw("nan", '{"duration_s": NaN}')
    bench.raw("huge", '{"duration_s": 1e999}')
    bench.raw("deep", "[" * 5000 + "]" * 5000)
    bench.raw("unknown-length", "{}")
    bench.run()
    return bench


@pytest.fixture(scope="module")
def odd_bench(tmp_path_factory: pytest.TempPathFactory, whisper_checkpoint: Path) -> Callable[[], Bench]:
    """Makes a bench that outlives a test."""
    return lambda: new_bench(tmp_path_factory.mktemp("odd"), whisper_checkpoint)


@pytest.fixture
def make_sound() -> Callable[..., bytes]:
    """Writes wave files."""
    return sound
