"""Voter and describer: Qwen2-Audio (Chu et al., 2024): sound and words, behind a chat server.

More than 30 s of sound ends vLLM's engine, so it gets at most 29.5 s.
"""

from __future__ import annotations

from osmo.annotators.lmm.describer import LmmDescriber
from osmo.annotators.lmm.traits import DescriberTraits, VoterTraits
from osmo.annotators.lmm.voter import LmmVoter
from osmo.schemas.endpoints import Models

LONGEST_S = 29.5

TRAITS = VoterTraits(
    name="qwen2_audio",
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
    longest_audio_s=LONGEST_S,
)

DESCRIBES = DescriberTraits(name="qwen2_audio", describes="acoustic", longest_s=LONGEST_S)


def create_voter(models: Models) -> LmmVoter:
    """The voter."""
    return LmmVoter(TRAITS, models)


def create_describer(models: Models) -> LmmDescriber:
    """The describer."""
    return LmmDescriber(DESCRIBES, models)
