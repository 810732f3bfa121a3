"""Voter: Emotion-LLaMA (Cheng et al., 2024): pictures, sound and words, behind a sidecar.

It was taught six labels, those of MER2023: disgust is none of them, and it says "worried" for fear. Its encoders of
pictures have to see something, so it is not asked about a recording without them. Its own code reads the first frame
alone; the sidecar's has to read them all.
"""

from __future__ import annotations

from osmo.annotators.lmm.media_parts import Pictures
from osmo.annotators.lmm.traits import VoterTraits
from osmo.annotators.lmm.voter import LmmVoter
from osmo.schemas.endpoints import Models

TRAITS = VoterTraits(
    name="emotion_llama",
    sees="film",
    takes=("video", "audio"),
    needs=("video",),
    languages=("en", "zh"),
    words={
        "joy": "happy",
        "sadness": "sad",
        "neutral": "neutral",
        "anger": "angry",
        "fear": "worried",
        "surprise": "surprise",
    },
    longest_audio_s=30.0,
    pictures=Pictures(fps=4.0, most=16),
)


def create_voter(models: Models) -> LmmVoter:
    """The voter."""
    return LmmVoter(TRAITS, models)
