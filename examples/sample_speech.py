"""Speech of the sample: each line spoken by espeak-ng in a voice and a delivery, laid out on one clock."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

SPEECH_HZ = 22_050
LEAD_S, TAIL_S, PAUSE_S = 0.8, 1.2, 0.35
VOICES = {"Mira": "en-us+f3", "Tom": "en-us+m3", "Lin": "cmn+f2", "Wei": "cmn+m1"}
DELIVERY = {
    # emotion: words a minute, pitch 0–99, amplitude 0–200
    "neutral": (160, 50, 70),
    "anger": (185, 62, 190),
    "sadness": (125, 34, 45),
    "joy": (178, 72, 130),
    "fear": (190, 76, 110),
    "surprise": (180, 82, 140),
    "disgust": (140, 42, 110),
}
MANDARIN_PACE = 1.2  # espeak-ng counts syllables of Mandarin as words
SENTIMENT = {"joy": "positive", "neutral": "neutral", "surprise": "neutral"}


class NoSpeechSynthesiserError(RuntimeError):
    """espeak-ng is not installed."""

    def __init__(self) -> None:
        super().__init__("espeak-ng is not installed. On Debian: apt-get install espeak-ng")


@dataclass(frozen=True)
class Line:
    """One line of the script with its time, in seconds of the recording."""

    start_s: float
    end_s: float
    speaker: str
    text: str
    emotion: str
    intensity: int | None
    cause: str | None

    @property
    def sentiment(self) -> str:
        """Polarity of the emotion."""
        return SENTIMENT.get(self.emotion, "negative")


def speak(lines: Sequence[dict[str, object]]) -> tuple[list[Line], npt.NDArray[np.int16]]:
    """The lines with their times, and the sound of the recording, mono at `SPEECH_HZ`, shape (N,).

    Raises:
        NoSpeechSynthesiserError: espeak-ng is not installed.
    """
    spoken: list[Line] = []
    pieces = [_silence(LEAD_S)]
    at = LEAD_S
    for line in lines:
        pause_s = float(str(line.get("pause_s", PAUSE_S)))
        emotion = str(line.get("emotion", "neutral"))
        voice = _utterance(str(line["text"]), VOICES[str(line["speaker"])], DELIVERY[emotion])
        pieces += [_silence(pause_s), voice]
        start_s = round(at + pause_s, 2)
        at += pause_s + len(voice) / SPEECH_HZ
        intensity = line.get("intensity")
        spoken.append(
            Line(
                start_s,
                round(at, 2),
                str(line["speaker"]),
                str(line["text"]),
                emotion,
                int(str(intensity)) if intensity is not None else None,
                str(line["cause"]) if "cause" in line else None,
            )
        )
    pieces.append(_silence(TAIL_S))
    return spoken, np.concatenate(pieces)


def _silence(seconds: float) -> npt.NDArray[np.int16]:
    return np.zeros(round(seconds * SPEECH_HZ), np.int16)


def _utterance(text: str, voice: str, delivery: tuple[int, int, int]) -> npt.NDArray[np.int16]:
    program = shutil.which("espeak-ng")
    if program is None:
        raise NoSpeechSynthesiserError
    pace, pitch, amplitude = delivery
    speed = round(pace * (MANDARIN_PACE if voice.startswith("cmn") else 1))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "line.wav"
        options = {"-v": voice, "-s": speed, "-p": pitch, "-a": amplitude, "-w": out}
        command = [program, *(str(part) for option in options.items() for part in option), text]
        subprocess.run(command, check=True, capture_output=True)
        with wave.open(str(out), "rb") as file:
            assert file.getframerate() == SPEECH_HZ
            found = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    loud = np.flatnonzero(np.abs(found) > 200)
    return found[loud[0] : loud[-1] + 1]
