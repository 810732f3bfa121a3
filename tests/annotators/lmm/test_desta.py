"""DeSTA2.5-Audio answers prose, and hears at most 30 s."""

import pytest

from osmo.annotators.lmm.desta import TRAITS
from osmo.annotators.parse.reply import read_reply


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("sadness", "sadness"),
        ("The emotion of the person behind the camera is anger.", "anger"),
        ("I cannot determine the emotion from this audio.", "refused"),
        ("", "empty"),
    ],
)
def test_its_replies_become(reply: str, expected: str) -> None:
    found = read_reply(reply, labels=TRAITS.labels, words=TRAITS.own_words)
    assert (found.label or found.abstain_reason or "").split(":")[0] == expected


def test_it_hears_thirty_seconds_and_sees_nothing() -> None:
    assert (TRAITS.sees, TRAITS.takes, TRAITS.longest_audio_s, TRAITS.pictures) == ("speech", ("audio",), 30.0, None)
