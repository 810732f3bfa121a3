"""Emotion-LLaMA knows six labels, says worried for fear, and has to see something."""

import pytest

from osmo.annotators.lmm.emotion_llama import TRAITS
from osmo.annotators.parse.reply import read_reply


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("worried", "fear"),
        ("The person behind the camera feels worried.", "fear"),
        ("happy", "joy"),
        ("surprise", "surprise"),
        ("disgust", "unsupported"),
        ("The wearer is disgusted.", "unsupported"),
    ],
)
def test_its_replies_become(reply: str, expected: str) -> None:
    found = read_reply(reply, labels=TRAITS.labels, words=TRAITS.own_words)
    assert (found.label or found.abstain_reason or "").split(":")[0] == expected


def test_it_is_not_asked_without_pictures() -> None:
    assert TRAITS.needs == ("video",)
    assert "disgust" not in TRAITS.labels
    assert TRAITS.pictures is not None and TRAITS.pictures.most > 1, "its own code reads the first frame alone"
