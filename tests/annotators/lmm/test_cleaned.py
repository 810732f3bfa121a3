"""From what a describer says to one clean line, or to the reason for none."""

from __future__ import annotations

import pytest

from osmo.annotators.lmm.cleaned import LONGEST, cleaned

LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = [f"{one}{two}{one}{two}" for one in LETTERS for two in LETTERS]
SENTENCES = "".join(f"A person sets {' '.join(WORDS[n : n + 12])} on it. " for n in range(0, 240, 12))


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("A person sets a cup down.", "A person sets a cup down."),
        ("  A person\n\nsets a\tcup down. ", "A person sets a cup down."),
        ('"A person sets a cup down."', "A person sets a cup down."),
        ("**A person** sets a `cup` down.", "A person sets a cup down."),
        ("Cafe\u0301 noise.", "Café noise."),
        ("A per\u200bson\u0000 sets a cup down.\u202e", "A person sets a cup down."),
        ("一个人把杯子放下。", "一个人把杯子放下。"),
        ("no full stop", "no full stop"),
        ("2.5 m away stands a door.", "2.5 m away stands a door."),
    ],
    ids=["plain", "lines", "quoted", "markdown", "composed", "unseen", "mandarin", "unended", "number"],
)
def test_a_description_is_one_line(said: str, text: str) -> None:
    assert cleaned(said) == (text, None)


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("", "empty"),
        (" \n…!? ", "empty"),
        ("I'm sorry, but I can't help with that.", "refused"),
        ("I’m unable to process audio.", "refused"),
        ("抱歉,我无法描述这段声音。", "refused"),
        ("A door opens. " * 3, "loop"),
        ("the voice is low and " * 30, "loop"),
        ("有人说话。" * 4, "loop"),
    ],
    ids=["empty", "marks", "refusal", "unable", "mandarin-refusal", "sentences", "words", "mandarin-loop"],
)
def test_what_describes_nothing_has_a_reason(said: str, word: str) -> None:
    text, reason = cleaned(said)
    assert text is None and reason is not None
    assert reason.partition(":")[0] == word
    assert "\n" not in reason and len(reason) < 120


def test_a_long_description_ends_at_a_sentence() -> None:
    text, _ = cleaned(SENTENCES)
    assert text is not None
    assert LONGEST - 110 < len(text) <= LONGEST
    assert text.endswith(".")


def test_a_long_sentence_ends_at_a_word() -> None:
    text, _ = cleaned(" ".join(WORDS))
    assert text is not None and len(text) <= LONGEST
    assert text.split()[-1] in WORDS
    mandarin, _ = cleaned("".join(chr(0x4E00 + n) for n in range(2_000)))
    assert mandarin is not None and len(mandarin) == LONGEST


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("A door opens. A voice says", "A door opens."),
        ("A door opens.", "A door opens."),
        ("A door opens slowly and", "A door opens slowly and"),
    ],
    ids=["second-broken", "whole", "nothing-whole"],
)
def test_what_was_cut_keeps_its_whole_sentences(said: str, text: str) -> None:
    assert cleaned(said, cut=True) == (text, None)
