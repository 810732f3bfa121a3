"""What replies become."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osmo.annotators.parse.reading import Reading
from osmo.annotators.parse.reply import read_reply
from osmo.annotators.parse.words import LABEL
from osmo.annotators.parse.words import words as all_words
from osmo.schemas.vocabulary import EKMAN_LABELS

ROWS: list[dict[str, Any]] = [
    json.loads(line) for line in Path(__file__).with_name("replies.jsonl").read_text("utf-8").splitlines()
]

LETTERS = str.maketrans("0123456789", "bcdfghjklm")

REASONS = {
    "empty", "loop", "truncated", "refused", "unsupported", "contradiction", "other_person", "options", "negated",
    "instruction", "unclear",
}  # fmt: skip


def read(text: str) -> Reading:
    return read_reply(text, labels=EKMAN_LABELS)


def reply(row: dict[str, Any]) -> str:
    """The reply of a row; a long one is made from its parts.

    `repeat`: the reply so many times. `then`: what follows it, `times` times; `numbered`: the same with another word in
    it each time. `end`: what stands at its end; `again`: then the numbered part once more.
    """
    text: str = row["reply"] * row.get("repeat", 1) + row.get("then", "") * row.get("times", 1)
    if "numbered" not in row:
        return text + str(row.get("end", ""))
    numbered: str = " ".join(row["numbered"].replace("{}", str(7 * n).translate(LETTERS)) for n in range(row["times"]))
    return text + numbered + str(row.get("end", "")) + (" " + numbered if row.get("again") else "")


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_a_reply_becomes_what_a_careful_reader_says(row: dict[str, Any]) -> None:
    text = reply(row)
    started = time.perf_counter()
    found = read_reply(text, labels=row.get("labels", EKMAN_LABELS), words=row.get("words"), cut=row.get("cut", False))
    assert time.perf_counter() - started < 1.0
    assert (found.label or (found.abstain_reason or "").partition(":")[0]) == row["becomes"], found


def test_the_table_is_wide() -> None:
    assert len({row["id"] for row in ROWS}) == len(ROWS) >= 240
    becomes = {row["becomes"] for row in ROWS}
    assert set(EKMAN_LABELS) < becomes and len(becomes - set(EKMAN_LABELS)) >= 10


SETTLED = [
    (" ".join(phrase) if phrase[0].isascii() else "".join(phrase), item.value)
    for phrases in all_words().phrases.values()
    for phrase, item in phrases
    if item.role == LABEL
]
ENGLISH = [pair for pair in SETTLED if pair[0].isascii()]
MANDARIN = [pair for pair in SETTLED if not pair[0].isascii()]


@pytest.mark.parametrize("frame", ["The wearer feels {}.", "{}", "Final answer: {}", "She sounds {} about it."])
def test_every_word_for_a_label_is_read(frame: str) -> None:
    assert [(w, read(frame.format(w)).label) for w, _ in ENGLISH] == ENGLISH


@pytest.mark.parametrize("frame", ["佩戴者感到{}。", "{}", "答案：{}", "The wearer sounds {}."])
def test_every_mandarin_word_for_a_label_is_read(frame: str) -> None:
    assert [(w, read(frame.format(w)).label) for w, _ in MANDARIN] == MANDARIN


@pytest.mark.parametrize(
    "frame",
    [
        "The wearer is not {}.",
        "The wearer isn't {} at all.",
        "The wearer isn’t really {}.",
        "There is no sign of {}.",
        "I don't think the wearer is {}.",
        "The wearer never sounds {}.",
        "It is hardly {}.",
        "Without any {}.",
        "Final answer: not {}",
        "not {}",
        "The wearer is not, as it may seem, {}.",
        "The wearer is neither {} nor loud.",
        "The emotion is not {}.",
        "**Not** {}",
        "The wearer is NOT\n{}.",
        "{}? No.",
        "The man is {}.",
        "Is the wearer {}?",
        "If the wearer were {}, the voice would be louder.",
        "The wearer says “I was so {} at that time”.",
    ],
)
def test_a_word_that_is_denied_or_is_not_the_wearers_is_no_label(frame: str) -> None:
    assert {w: label for w, _ in ENGLISH if (label := read(frame.format(w)).label) is not None} == {}


@pytest.mark.parametrize(
    "frame",
    [
        "佩戴者并不{}。",
        "佩戴者没有{}。",
        "不是{}",
        "没有{}的迹象。",
        "答案：不是{}",
        "对方很{}。",
        "佩戴者{}吗？",
        "无法判断佩戴者是否{}。",
    ],
)
def test_a_mandarin_word_that_is_denied_or_is_not_the_wearers_is_no_label(frame: str) -> None:
    assert {w: label for w, _ in MANDARIN if (label := read(frame.format(w)).label) is not None} == {}


@pytest.mark.parametrize("row", [row for row in ROWS if row["becomes"] in EKMAN_LABELS], ids=lambda row: row["id"])
def test_a_denial_that_follows_never_turns_a_label_into_another(row: dict[str, Any]) -> None:
    text = reply(row)[-3000:]
    before = read_reply(text, labels=EKMAN_LABELS, words=row.get("words"))
    for more in ("\nThe wearer is not {}.", " It is not {}.", " 并不是{}。", "\nNo sign of {}."):
        for other in ("angry", "joy", "恐惧", "sad", "disgust", "surprised", "neutral"):
            after = read_reply(text + more.format(other), labels=EKMAN_LABELS, words=row.get("words"))
            assert after.label in (before.label, row["becomes"], None), (more, other, after)


NOT = st.sampled_from([f"not {w}" for w, _ in ENGLISH] + [f"并不{w}" for w, _ in MANDARIN])
FILLER = st.sampled_from(
    [
        "the wearer is",
        "she",
        "but",
        "and",
        "佩戴者",
        "answer:",
        "the man",
        "because",
        "very",
        "the tone",
        "joking",
        "3",
        "is",
        "so",
    ]
)
JOINT = st.sampled_from([" ", ", ", ". ", "\n", "; ", " - ", ": ", " (", ") "])


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.one_of(NOT, FILLER), JOINT), max_size=12))
def test_a_text_that_denies_each_word_gives_no_label(pieces: list[tuple[str, str]]) -> None:
    assert read("".join(piece + joint for piece, joint in pieces)).label is None


FRAGMENT = st.one_of(
    st.text(max_size=20),
    st.sampled_from([row["reply"] for row in ROWS if len(row["reply"]) < 200]),
    st.sampled_from(
        ['{"label": "', '"}', "```json\n", "```", "<think>", "</think>", "not ", "\n\n", "Answer:", '["', "“", "”", "'"]
    ),
)


@settings(max_examples=500, deadline=None)
@given(
    st.lists(FRAGMENT, max_size=6).map("".join),
    st.lists(st.sampled_from(EKMAN_LABELS), min_size=1, unique=True),
    st.booleans(),
)
def test_any_text_is_a_label_that_the_model_can_answer_or_a_reason(text: str, labels: list[str], cut: bool) -> None:
    one = read_reply(text, labels=labels, cut=cut)
    assert one == read_reply(text, labels=labels, cut=cut)
    assert (one.label is None) != (one.abstain_reason is None)
    assert (one.extraction is None) == (one.label is None)
    if one.label is not None:
        assert one.label in labels
        assert read_reply(one.label, labels=labels).label == one.label
    else:
        assert (one.abstain_reason or "").partition(":")[0] in REASONS


@pytest.mark.parametrize(
    "unit",
    [
        "\n\n",
        "joy\n\n",
        "not ",
        "“",
        "'",
        "(",
        "-",
        "the man ",
        "{",
        '{"label": "joy"}',
        "<b>",
        "a\u0301",
        "。",
        "0.",
        "\\boxed{",
        "```",
        " ",
    ],
)
def test_a_megabyte_of_anything_is_read_in_well_under_a_second(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    started = time.perf_counter()
    read(text)
    read("The wearer " + text + " is angry.")
    assert time.perf_counter() - started < 2.0
