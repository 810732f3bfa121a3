"""A reply made comparable: cut to its ends, one width, one case, without what cannot be seen."""

from __future__ import annotations

import functools
import html
import re
import unicodedata
from importlib.resources import files

from osmo.annotators.parse.words import TOKEN, words

CAP = 20_000
"""Characters that are looked at from the start and from the end of a reply that is longer than both together."""

ELLIPSIS = "…"
"""Stands for what somebody said."""

_THOUGHT = "</think>"
_BREAK = re.compile(r"<(?:/?(?:p|div|li|tr|ul|ol|h[1-6])|br)\b[^<>\n]{0,200}>", re.IGNORECASE)
_TAG = re.compile(r"<[a-z/!|][^<>\n]{0,200}>", re.IGNORECASE)
_BOX = re.compile(r"\\(?:boxed|text|textbf)\{([^{}\n]{0,200})\}")
_URL = re.compile(r"https?://[^\s<>]+")
_SENTENCE_END = re.compile(r"[.!?。！？；\n]")
_KEY = re.compile(r"[ \-*#]*\w[\w ]{0,30}[:：]")
_SAME = {"‘": "'", "’": "'", "＇": "'", "`": "", "*": "", "#": "", "~": "", "_": " "}
_SAME |= dict.fromkeys("“”„«»「」『』《》〈〉＂", '"') | dict.fromkeys("—–―", "-")
_UNSEEN = ("Cf", "Mn", "Me", "Cs")
_KEPT_TOKENS = 3


class _Folding(dict[int, str]):
    """What each character becomes, computed once; never depends on what stands beside it, so it takes linear time."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        self[code] = folded = _SAME[char] if char in _SAME else _fold(char)
        return folded


def window(reply: str, cap: int = CAP) -> str:
    """What is looked at: all, or the first and last `cap` characters, each from or to the end of a sentence.

    A model's thoughts before `</think>` are left out; what began to think and never ended has said nothing yet.
    """
    text = reply[reply.rfind(_THOUGHT) + len(_THOUGHT) :] if _THOUGHT in reply else reply
    text = text.partition("<think>")[0].strip()
    if len(text) <= 2 * cap:
        return text
    head, tail = text[:cap], text[-cap:]
    ends = [match.end() for match in _SENTENCE_END.finditer(head)]
    begins = _SENTENCE_END.search(tail) or re.search(r"\s", tail)
    return head[: ends[-1] if ends else cap].strip() + "\n" + tail[begins.end() if begins else 0 :].strip()


def fold(text: str) -> str:
    """Lines of plain text in lower case and simplified characters: no markup, no addresses, nothing unseen."""
    text = _BOX.sub(r"\1", text)
    text = _URL.sub(" ", html.unescape(_TAG.sub(" ", _BREAK.sub("\n", text))))
    return _lines(text).translate(_folding()).strip()


def without_speech(text: str) -> str:
    """A folded text without what it quotes: words between marks are somebody's speech, unless they are three at most.

    Args:
        text: Folded; where all of it stands between two marks, these are left out first.
    """
    if len(text) > 1 and text[0] == text[-1] == '"' and text.count('"') == 2:
        text = text[1:-1]
    return "\n".join(_unsaid(_unsaid(line, '"'), "'") for line in text.split("\n"))


def _unsaid(line: str, mark: str) -> str:
    kept: list[str] = []
    opened = -1
    done = 0
    for at, char in enumerate(line):
        if char != mark:
            continue
        before, after = line[at - 1 : at], line[at + 1 : at + 2]
        if mark == "'" and before.isalnum() and after.isalnum():
            continue
        if opened < 0:
            opened = at if mark == '"' or not before.isalnum() else -1
            continue
        said = line[opened + 1 : at]
        kept.append(line[done:opened] + (f" {ELLIPSIS} " if _is_speech(said) else f' "{said}" '))
        done, opened = at + 1, -1
    return "".join(kept) + line[done:]


def _is_speech(said: str) -> bool:
    tokens = TOKEN.findall(said)
    return len([t for t in tokens if t.isalnum()]) > _KEPT_TOKENS or (
        len(tokens) > 1 and tokens[0] in words().speech_begins
    )


def _lines(text: str) -> str:
    """Lines that only wrap are joined, so that a negation reaches over the wrap."""
    lines: list[str] = []
    wraps = False
    for line in text.splitlines():
        bare = line.strip()
        if wraps and bare[:1].islower() and not _KEY.match(bare):
            lines[-1] += " " + bare
        else:
            lines.append(bare)
        end = lines[-1][-1:]
        wraps = (end.isalnum() or end == ",") and len(lines[-1][-80:].split()) > 2
    return "\n".join(lines)


def _fold(char: str) -> str:
    category = unicodedata.category(char)
    if category in _UNSEEN:
        return ""
    if category == "Cc":
        return "\n" if char in "\n\x85" else " "
    plain = unicodedata.normalize("NFKC", char).casefold()
    return "".join(_SAME.get(c, _traditional().get(c, c)) for c in plain)


@functools.cache
def _folding() -> _Folding:
    return _Folding()


@functools.cache
def _traditional() -> dict[str, str]:
    """Simplified characters by their traditional ones, for the words that are looked for."""
    text = files("osmo.annotators.parse").joinpath("traditional.txt").read_text(encoding="utf-8")
    pairs = "".join(text.split())
    return dict(zip(pairs[::2], pairs[1::2], strict=True))
