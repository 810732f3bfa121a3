"""What replies become."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from osmo.annotators.parse.reply import read_reply
from osmo.schemas.vocabulary import EKMAN_LABELS

ROWS: list[dict[str, Any]] = [
    json.loads(line) for line in Path(__file__).with_name("replies.jsonl").read_text("utf-8").splitlines()
]

LETTERS = str.maketrans("0123456789", "bcdfghjklm")


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
    read = read_reply(text, labels=row.get("labels", EKMAN_LABELS), words=row.get("words"), cut=row.get("cut", False))
    assert time.perf_counter() - started < 1.0
    assert (read.label or (read.abstain_reason or "").partition(":")[0]) == row["becomes"], read
