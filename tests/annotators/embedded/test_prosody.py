"""The prosody voter: sadness or neutral against earlier speech, else an abstention."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from osmo.annotators import registry
from osmo.annotators.embedded.prosody import create_voter
from osmo.annotators.voter import Ballot, Utterance
from osmo.storage.media import Media

Say = Callable[..., Utterance]
Sound = npt.NDArray[np.float32]
Hear = Callable[[dict[str, Sound]], Media]
RATE = 16_000


def voice(
    seconds: float, *, pitch_hz: float = 180.0, swing: float = 0.12, level: float = 0.3, rate_hz: float = 4.0
) -> Sound:
    """A buzz whose pitch swings slowly, cut into syllables."""
    t = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(pitch_hz * (1 + swing * np.sin(2 * np.pi * 0.7 * t))) / RATE
    buzz = np.sum([np.sin(k * phase) / k for k in range(1, 11)], axis=0)
    return (level * 0.5 * buzz * (0.05 + 0.95 * np.sin(np.pi * rate_hz * t) ** 2)).astype(np.float32)


def vote(say: Say, hear: Hear, *sounds: Sound) -> Ballot:
    """The ballot on the last of some sounds that follow each other."""
    end_s = sum(map(len, sounds)) / RATE
    utterance = say("la la", start_s=end_s - len(sounds[-1]) / RATE, end_s=end_s)
    return create_voter().vote([utterance], hear({"r": np.concatenate(sounds)}))[0]


def test_quieter_lower_slower_than_before_is_sadness(say: Say, hear: Hear) -> None:
    ballot = vote(say, hear, voice(20.0), voice(3.0, pitch_hz=140.0, swing=0.02, level=0.06, rate_hz=2.0))
    assert (ballot.label, ballot.extraction) == ("sadness", "prosody/quiet-slow-low")
    assert "loudness -" in (ballot.raw_text or "")


def test_a_voice_as_it_was_is_neutral(say: Say, hear: Hear) -> None:
    assert vote(say, hear, voice(20.0), voice(4.0)).label == "neutral"


@pytest.mark.parametrize(
    ("before", "segment", "reason"),
    [
        (voice(20.0, level=0.05), voice(3.0, pitch_hz=300.0, level=0.5, rate_hz=6.0), "aroused"),
        (voice(20.0), voice(3.0, level=0.05), "unclear"),
        (voice(3.0), voice(3.0), "no_baseline"),
        (np.zeros(20 * RATE, np.float32), voice(3.0), "no_baseline"),
        (voice(20.0), np.zeros(3 * RATE, np.float32), "no_voice"),
        (voice(20.0), voice(0.2), "no_voice"),
    ],
    ids=["loud-high-fast", "only-quieter", "too-little-before", "silence-before", "silent-segment", "too-short"],
)
def test_it_abstains_and_says_why(say: Say, hear: Hear, before: Sound, segment: Sound, reason: str) -> None:
    ballot = vote(say, hear, before, segment)
    assert ballot.label is None
    assert (ballot.abstain_reason or "").startswith(reason)


def test_without_sound_it_abstains(say: Say, deaf: Media) -> None:
    assert (create_voter().vote([say("hello")], deaf)[0].abstain_reason or "").startswith("no_audio")


def test_ballots_come_in_the_order_of_the_utterances(say: Say, hear: Hear) -> None:
    media = hear({"a": voice(30.0), "b": np.zeros(30 * RATE, np.float32)})
    asked = [say("x", start_s=25.0, end_s=28.0, recording_id=recording_id) for recording_id in ("b", "a", "unknown")]
    ballots = create_voter().vote(asked, media)
    assert [b.label or (b.abstain_reason or "").partition(":")[0] for b in ballots] == [
        "no_voice",
        "neutral",
        "no_audio",
    ]
    assert create_voter().vote(list(reversed(asked)), media) == list(reversed(ballots))


def test_it_is_found_by_its_file() -> None:
    assert registry.voter("prosody").sees == "audio"
