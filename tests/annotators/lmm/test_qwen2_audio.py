"""Qwen2-Audio chooses one label, hears at most 29.5 s, and may describe a voice too."""

import pytest

from osmo.annotators.lmm.qwen2_audio import DESCRIBES, TRAITS
from osmo.annotators.parse.reply import read_reply


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("happy", "joy"),
        ("fearful", "fear"),
        ("Neutral.", "neutral"),
        ("我无法判断。", "refused"),
        ("生气", "anger"),
    ],
)
def test_its_replies_become(reply: str, expected: str) -> None:
    found = read_reply(reply, labels=TRAITS.labels, words=TRAITS.own_words)
    assert (found.label or found.abstain_reason or "").split(":")[0] == expected


def test_no_more_sound_than_its_server_survives() -> None:
    assert TRAITS.longest_audio_s == DESCRIBES.longest_s == 29.5
    assert (TRAITS.sees, DESCRIBES.describes) == ("speech", "acoustic")
