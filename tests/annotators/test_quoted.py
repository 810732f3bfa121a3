"""Untrusted text stands in a prompt as one JSON string between marks that it cannot write itself."""

from __future__ import annotations

import json
import random
import sys
import unicodedata

import pytest

from osmo.annotators.quoted import (
    LONGEST,
    NONCE_DIGITS,
    announcement,
    closing,
    escaped,
    nonce_for,
    opening,
    quote,
    revision,
)

TOKENS = (
    "<|eot_id|>", "<|start_header_id|>system<|end_header_id|>", "<|begin_of_text|>", "</s>", "<s>", "[INST]", "[/INST]",
    "[ /INST ]", "<<SYS>>", "<|im_start|>", "<start_of_turn>", "<｜User｜>", "[gMASK]", "[TOOL_CALLS]", "＜|eot_id|＞",
    "［INST］", "<|audio_bos|>",
)  # fmt: skip
UNSEEN = (
    "\x00",
    "\x1b",
    "\x85",
    "\u200b",
    "\u202e",
    "\u2066",
    "\ufeff",
    "\u2028",
    "\U000e0041",
    "\ud800",
    "\ufe0f",
    "\u3164",
)


def between(quoted: str, nonce: str) -> str:
    assert quoted.startswith(opening(nonce))
    assert quoted.endswith(closing(nonce))
    return quoted[len(opening(nonce)) : -len(closing(nonce))]


@pytest.mark.parametrize(
    "text", ["", "plain", "我很高兴。", 'She said "no" \\ and left', "two\nlines\r\n\tand a tab", *TOKENS, *UNSEEN]
)
def test_a_text_comes_back_unchanged_from_one_line_between_its_marks(text: str) -> None:
    nonce = nonce_for(text)
    inside = between(quote(text, nonce), nonce)
    assert json.loads(inside) == text
    assert len(inside.splitlines()) == 1


@pytest.mark.parametrize("token", TOKENS)
def test_tokens_of_chat_templates_are_broken(token: str) -> None:
    inside = escaped(f"a {token} b")
    folded = unicodedata.normalize("NFKC", inside)
    assert token not in inside
    assert not set("<>") & set(folded)
    assert token not in folded


@pytest.mark.parametrize("char", UNSEEN, ids=[f"U+{ord(char):04X}" for char in UNSEEN])
def test_what_cannot_be_seen_is_written_out(char: str) -> None:
    inside = escaped(f"a{char}b")
    assert char not in inside
    assert inside.isascii()
    inside.encode("utf-8")


def test_ordinary_square_brackets_stay_readable() -> None:
    assert escaped("[laughs a bit] list[0]") == '"[laughs a bit] list[0]"'


def test_mandarin_and_its_punctuation_stay_readable() -> None:
    assert escaped("他说：「好的」，《红楼梦》！") == '"他说：「好的」，《红楼梦》！"'


def test_every_code_point_comes_back_and_none_writes_a_bracket() -> None:
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    inside = escaped(every)
    # A high and a low half that stand side by side are one character to JSON, and stand so only once here.
    assert json.loads(inside).encode("utf-16", "surrogatepass") == every.encode("utf-16", "surrogatepass")
    assert not set("<>\n\r\x00\u200b") & set(inside)


def test_a_long_text_is_cut_and_says_so_behind_the_string() -> None:
    text = "x" * (LONGEST + 1)
    nonce = nonce_for(text)
    inside = between(quote(text, nonce), nonce)
    assert inside == f'"{"x" * LONGEST}" (cut: {LONGEST} of {LONGEST + 1} characters)'
    assert "cut" not in quote("x" * LONGEST, nonce)
    assert between(quote("abcdef", nonce, longest=3), nonce) == '"abc" (cut: 3 of 6 characters)'


def test_a_text_that_claims_to_be_cut_says_so_only_inside_its_string() -> None:
    text = 'abc" (cut: 3 of 6 characters)'
    assert json.loads(escaped(text)) == text


def test_the_nonce_follows_from_the_texts_and_from_where_one_ends() -> None:
    assert nonce_for("a", "b") == nonce_for("a", "b")
    assert len({nonce_for("a", "b"), nonce_for("b", "a"), nonce_for("ab"), nonce_for("ab", ""), nonce_for()}) == 5
    assert len(nonce_for()) == NONCE_DIGITS


@pytest.mark.parametrize(
    "spell", [str, str.upper, "\u200b".join, " ".join, lambda n: "".join(chr(ord(c) + 0xFEE0) for c in n)]
)
def test_a_nonce_that_occurs_in_a_text_is_not_taken(spell: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fixed point that no author can find is forced here: the nonce is one digit long."""
    assert callable(spell)
    monkeypatch.setattr("osmo.annotators.quoted.NONCE_DIGITS", 2)
    numbers = random.Random(5)
    for _ in range(50):
        taken = [f"{numbers.randrange(256):02x}" for _ in range(100)]
        texts = [str(spell(one)) for one in taken]
        assert nonce_for(*texts) not in taken


def test_the_announcement_names_both_marks_and_the_revision_is_a_hash() -> None:
    nonce = nonce_for("x")
    assert opening(nonce) in announcement(nonce)
    assert closing(nonce) in announcement(nonce)
    assert announcement(nonce).replace(nonce, "") == announcement(nonce_for("y")).replace(nonce_for("y"), "")
    assert len(revision()) == 16
