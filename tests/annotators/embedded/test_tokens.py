"""Tokens: words, marks and emoji of both languages."""

from __future__ import annotations

import subprocess
import sys

import pytest

from osmo.annotators.embedded.tokens import EnglishTokens, MandarinTokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("I'm SO happy!!!", ["i'm", "so", "happy", "!!"]),
        ("Don’t go…", ["don't", "go", "..."]),
        ("Noooo way?!?", ["no", "way", "?!"]),
        ("great 😂 :)", ["great", "😂", ":)"]),
        ("wait — what", ["wait", "—", "what"]),
        ("", []),
        ("123", []),
    ],
)
def test_english(text: str, tokens: list[str]) -> None:
    assert EnglishTokens().split(text) == tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("我今天很开心！", ["我", "今天", "很", "开心", "!"]),
        ("气死我了", ["气死我了"]),
        ("哈哈哈哈哈", ["哈哈"]),
        ("什么？！", ["什么", "?!"]),
        ("好，ＯＫ。", ["好", ",", "ok", "。"]),
        ("   ", []),
    ],
)
def test_mandarin(text: str, tokens: list[str]) -> None:
    assert MandarinTokens(["气死我了", "哈哈"]).split(text) == tokens


def test_mandarin_starts_without_a_word_on_stderr() -> None:
    code = "from osmo.annotators.embedded.tokens import MandarinTokens; MandarinTokens([]).split('你好世界')"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert (run.stdout, run.stderr) == ("", "")
