"""Voter: AffectGPT (Lian et al., 2025): pictures, sound and words, behind a sidecar.

It was taught open words and answers lists or prose, and its own code samples: the sidecar decodes greedily, and the
prompt asks for one label. It can do without pictures or without sound, and is then told so; without both it is not
asked.
"""

from __future__ import annotations

from osmo.annotators.lmm.media_parts import Pictures
from osmo.annotators.lmm.traits import VoterTraits
from osmo.annotators.lmm.voter import LmmVoter
from osmo.schemas.endpoints import Models

TRAITS = VoterTraits(
    name="affectgpt",
    sees="film",
    takes=("video", "audio"),
    needs=(),
    languages=("en", "zh"),
    words={
        "anger": "anger",
        "disgust": "disgust",
        "fear": "fear",
        "joy": "happiness",
        "sadness": "sadness",
        "surprise": "surprise",
        "neutral": "neutral",
    },
    longest_audio_s=30.0,
    pictures=Pictures(fps=4.0, most=16),
)


def create_voter(models: Models) -> LmmVoter:
    """The voter."""
    return LmmVoter(TRAITS, models)
