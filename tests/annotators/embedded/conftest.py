"""Utterances, and a media handle over WAV files, as voters get them."""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from osmo.annotators.voter import Turn, Utterance
from osmo.schemas.tables import MEDIA
from osmo.storage.media import Media, MediaCache
from osmo.storage.objects import Objects

Say = Callable[..., Utterance]
Hear = Callable[[dict[str, npt.NDArray[np.float32]]], Media]


@pytest.fixture(scope="session")
def say() -> Say:
    """Makes an utterance of the wearer; turns before it as (speaker, text)."""

    def make(
        text: str,
        language: str | None = "en",
        *turns: tuple[str, str],
        speaker: str = "wearer",
        start_s: float = 0.0,
        end_s: float = 2.0,
        recording_id: str = "r",
    ) -> Utterance:
        dialogue = tuple(Turn(*turn) for turn in turns)
        return Utterance(f"s{start_s}", recording_id, start_s, end_s, text, language, speaker, dialogue)

    return make


@pytest.fixture
def hear(tmp_path: Path) -> Hear:
    """Makes a media handle from each recording's sound (mono, 16 kHz)."""

    def make(sounds: dict[str, npt.NDArray[np.float32]]) -> Media:
        cache = MediaCache(Objects(str(tmp_path / "store"), create=True))
        rows = []
        for recording_id, sound in sounds.items():
            path = tmp_path / f"{recording_id}.wav"
            with wave.open(str(path), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(16_000)
                file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
            cached = cache.put(path)
            rows.append({
                "recording_id": recording_id, "kind": "audio", "source_sha256": "0" * 64, "uri": cached.uri,
                "sha256": cached.sha256, "bytes": cached.bytes, "start_s": 0.0, "duration_s": len(sound) / 16_000,
                "sample_rate_hz": 16_000, "captioned": False, "silent": False, "encoder": "test",
            })  # fmt: skip
        return Media(cache, MEDIA.rows(rows))

    return make


@pytest.fixture
def deaf(hear: Hear) -> Media:
    """A handle over nothing."""
    return hear({})
