"""Renders examples/sample/: four synthetic recordings of two fictional wearers, in the folder layout.

Needs the Debian package `espeak-ng`; everything else comes with osmo. Run `python examples/render_sample.py`; equal
versions of espeak-ng, PyAV and Pillow give equal files.
"""

from __future__ import annotations

import csv
import json
import shutil
import tomllib
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from sample_scenes import EYE_FPS, EYE_SIZE, SCENE_FPS, SCENE_SIZE, eyes, scene
from sample_speech import SPEECH_HZ, Line, speak

from osmo.tasks.proxy import Shape, encode

HERE = Path(__file__).resolve().parent
SCRIPT = HERE / "sample_script.toml"
SAMPLE = HERE / "sample"
VIDEO_CRF, EYE_CRF = 27, 27
SOUND_BITS_PER_S = 40_000


def main() -> None:
    """Render every recording of the script; what lay there is replaced."""
    recordings = tomllib.loads(SCRIPT.read_text("utf-8"))["recordings"]
    for index, recording in enumerate(recordings):
        folder = SAMPLE / recording["recording_id"]
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        render(recording, folder, seed=index)
        print(folder.name, sum(file.stat().st_size for file in folder.iterdir()) // 1024, "KiB")


def render(recording: dict[str, str | list[str]], folder: Path, *, seed: int) -> None:
    """Write one recording: recording.json, transcript, labels and the streams that the script names."""
    lines, samples = speak(recording["lines"])  # type: ignore[arg-type]
    duration_s = len(samples) / SPEECH_HZ
    wearer, streams = str(recording["subject_id"]), recording["streams"]
    about: dict[str, object] = {
        "recording_id": recording["recording_id"],
        "dataset": "osmo-sample",
        "subject_id": wearer,
        "language": recording["language"],
        "started_at": recording["started_at"],
        "duration_s": round(duration_s, 3),
        "synthetic": True,
    }
    if "video with sound" in streams or "video" in streams:
        with_sound = "video with sound" in streams
        shape = Shape.of(SCENE_SIZE, SCENE_FPS, duration_s, SPEECH_HZ if with_sound else None)
        drawn = scene(str(recording["scene"]), lines, wearer, shape.count)
        pieces = iter([samples[: shape.samples]]) if with_sound else None
        encode(folder / "video.mp4", shape, drawn, pieces, crf=VIDEO_CRF)
        about["video"] = "video.mp4"
        if with_sound:
            about["audio"] = "video.mp4"
    if "sound" in streams:
        write_m4a(folder / "audio.m4a", samples)
        about["audio"] = "audio.m4a"
    if "eye" in streams:
        shape = Shape.of(EYE_SIZE, EYE_FPS, duration_s, None)
        encode(folder / "eye.mp4", shape, eyes(lines, wearer, shape.count, seed=seed), None, crf=EYE_CRF)
        about["eye"] = "eye.mp4"
    about["transcript"] = "transcript.csv"
    (folder / "recording.json").write_text(json.dumps(about, ensure_ascii=False, indent=1) + "\n", "utf-8")
    spoken = [(line.start_s, line.end_s, line.speaker, line.text) for line in lines]
    write_csv(folder / "transcript.csv", ("start_s", "end_s", "speaker", "text"), spoken)
    write_labels(folder / "labels.csv", lines)


def write_labels(file: Path, lines: Sequence[Line]) -> None:
    """Write what the script says of every line; a neutral one has no intensity and no cause."""
    columns = ("start_s", "end_s", "speaker", "emotion", "sentiment", "intensity", "cause")
    write_csv(
        file,
        columns,
        [(n.start_s, n.end_s, n.speaker, n.emotion, n.sentiment, n.intensity, n.cause) for n in lines],
    )


def write_csv(file: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a csv file; null becomes an empty field."""
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(["" if value is None else value for value in row] for row in rows)


def write_m4a(file: Path, samples: npt.NDArray[np.int16]) -> None:
    """Write mono sound as AAC."""
    with av.open(str(file), "w", format="ipod", options={"movflags": "+faststart", "fflags": "+bitexact"}) as container:
        stream = container.add_stream("aac", rate=SPEECH_HZ, layout="mono")
        stream.codec_context.bit_rate = SOUND_BITS_PER_S
        for start in range(0, len(samples), SPEECH_HZ):
            scaled = (samples[start : start + SPEECH_HZ].astype(np.float32) / 32768.0)[np.newaxis]
            frame = av.AudioFrame.from_ndarray(scaled, format="fltp", layout="mono")
            frame.sample_rate, frame.time_base, frame.pts = SPEECH_HZ, Fraction(1, SPEECH_HZ), start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


if __name__ == "__main__":
    main()
