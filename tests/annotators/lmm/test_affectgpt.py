"""AffectGPT answers lists and prose; it can do without pictures or without sound."""

import pytest

from osmo.annotators.lmm.affectgpt import TRAITS
from osmo.annotators.parse.reply import read_reply


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("happiness", "joy"),
        ("['angry']", "anger"),
        ("angry, frustrated, irritated", "anger"),
        ("The wearer is sad and also happy.", "contradiction"),
        ("anger, joy", "contradiction"),
    ],
)
def test_its_replies_become(reply: str, expected: str) -> None:
    found = read_reply(reply, labels=TRAITS.labels, words=TRAITS.own_words)
    assert (found.label or found.abstain_reason or "").split(":")[0] == expected


def test_it_needs_no_one_sense() -> None:
    assert (TRAITS.sees, TRAITS.needs, set(TRAITS.takes)) == ("film", (), {"video", "audio"})
    assert len(TRAITS.labels) == 7
