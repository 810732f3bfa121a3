"""Voter: DeSTA2.5-Audio (Lu et al., 2025): sound and words, behind a sidecar.

It answers prose, takes our transcript in place of its own, and at most 30 s of sound.
"""

from __future__ import annotations

from osmo.annotators.lmm.traits import VoterTraits
from osmo.annotators.lmm.voter import LmmVoter
from osmo.schemas.endpoints import Models

TRAITS = VoterTraits(
    name="desta",
    sees="speech",
    takes=("audio",),
    needs=("audio",),
    languages=("en", "zh"),
    words={
        "anger": "angry",
        "disgust": "disgusted",
        "fear": "fearful",
        "joy": "happy",
        "sadness": "sad",
        "surprise": "surprised",
        "neutral": "neutral",
    },
    longest_audio_s=30.0,
)


def create_voter(models: Models) -> LmmVoter:
    """The voter."""
    return LmmVoter(TRAITS, models)
