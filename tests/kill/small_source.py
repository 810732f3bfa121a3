"""Recordings of every kind that takes another way through the stages, small enough to be built hundreds of times."""

from __future__ import annotations

import json
import math
import wave
from pathlib import Path

import av
import numpy as np

SECONDS = 12
HAPPY = (
    "start_s,end_s,speaker,text\n"
    '0.5,2.5,Ann,"I am so happy, this is wonderful!"\n'
    '3.0,5.0,Ben,"Great, congratulations!"\n'
    '6.0,9.0,Ann,"I love it, what a delightful surprise!"\n'
)
ODD = HAPPY + '10.0,9.0,Ben,"This line ends before it begins."\n'


def write_source(folder: Path) -> Path:
    """Sound and picture; a transcript alone, one line of it bad; broken sound; no speech; a folder that is refused."""
    full = _recording(folder, "rec-full", "Ann", 0, HAPPY, audio="audio.wav", video="video.mp4", eye="eye.mp4")
    _tone(full / "audio.wav")
    for name in ("video.mp4", "eye.mp4"):
        _film(full / name)
    _recording(folder, "rec-text", "Ann", 60, ODD)
    _recording(folder, "rec-text-2", "Ann", 120, HAPPY.replace("delightful", "lovely"))
    broken = _recording(folder, "rec-broken", "Ann", 180, HAPPY, audio="audio.wav")
    (broken / "audio.wav").write_bytes(b"RIFF no sound at all")
    (folder / "refused").mkdir()
    (folder / "refused" / "recording.json").write_text("{", encoding="utf-8")
    return folder


def _recording(folder: Path, name: str, subject: str, later_s: int, lines: str, **files: str) -> Path:
    place = folder / name
    place.mkdir(parents=True)
    (place / "transcript.csv").write_text(lines, encoding="utf-8")
    facts = {
        "recording_id": name,
        "dataset": "test",
        "subject_id": subject,
        "language": "en",
        "started_at": f"2026-01-02T03:{later_s // 60:02d}:00+00:00",
        "duration_s": float(SECONDS),
        "transcript": "transcript.csv",
        **files,
    }
    (place / "recording.json").write_text(json.dumps(facts), encoding="utf-8")
    return place


def _tone(path: Path, rate_hz: int = 16_000) -> None:
    samples = [int(9000 * math.sin(i * (180 + i % rate_hz / 400) / 2600)) for i in range(rate_hz * SECONDS)]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(np.array(samples, "<i2").tobytes())


def _film(path: Path, fps: int = 5) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for index in range(fps * SECONDS):
            picture = np.full((64, 64, 3), 40 + index * 3 % 160, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
