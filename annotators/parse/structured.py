"""Replies that are nothing but an answer: a word, a list of words, or JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator

from pydantic import JsonValue

from osmo.annotators.parse.folding import fold
from osmo.annotators.parse.reading import Reading
from osmo.annotators.parse.sentences import MANY
from osmo.annotators.parse.verdict import abstain, one_of
from osmo.annotators.parse.words import LABEL, UNSETTLED, Words, longest, tokens_of

_MOST_TOKENS = 80
_DEEPEST = 8
_OPEN_FENCE = re.compile(r"```[a-zA-Z]*[ \t]*\n?")
_LOOKS_LIKE_JSON = re.compile(r"[\[{]\s*(?:[\"'“{\[]|$)")
_FIELD = re.compile(
    r"[\"'“]([^\"'“”{}\[\],:\n]{1,40})[\"'”]\s*[:：]\s*"
    r"(?:\"([^\"\\\n]{0,300})\"|'([^'\\\n]{0,300})'|“([^“”\n]{0,300})”|(null\b)|\[([^\[\]{}]{0,500})\])"
)
_ENUMERATED = re.compile(r"(?:option\s+)?\(?(?:\d{1,2}|[a-z])[).:]\s+|option\s+\d{1,2}\s*[).:-]\s*")
_JOINTS = frozenset({"and", "or", "和", "与", "或", *",、。/|.!?;:-()[]{}【】<>\"'\n…•·&+\\$"})


def read_words(folded: str, labels: Collection[str], words: Words) -> Reading | None:
    """The label of a reply that is one known word, or several that mean one label; null: it is more than that.

    Args:
        folded: The reply, folded.
        labels: Those that the model can answer.
        words: What is looked for.
    """
    above, blank, last = folded.rpartition("\n\n")
    if blank and last:
        options = _read_row(above, labels, words)
        if options is not None and (options.abstain_reason or "").startswith("options"):
            return _read_row(last, labels, words)
    return _read_row(folded, labels, words)


def _read_row(folded: str, labels: Collection[str], words: Words) -> Reading | None:
    text = folded[: _MOST_TOKENS * 40]
    head = _ENUMERATED.match(text)
    tokens = tokens_of(folded[head.end() :] if head else folded) if len(folded) == len(text) else tokens_of(text)
    while tokens and not tokens[-1].isalnum():  # a row of marks at the end says nothing
        tokens.pop()
    if len(tokens) > _MOST_TOKENS or len(folded.rstrip("!.?。…-= \n")) > len(text):
        return None
    found: dict[str, list[str]] = {LABEL: [], UNSETTLED: [], "unanswered": []}
    at = 0
    while at < len(tokens):
        match = longest(words.whole, tokens, at)
        if match is not None:
            length, item = match
            found[item.role].append(item.value)
            at += length
        elif tokens[at] in _JOINTS or _is_picture(tokens[at]) or _numbers_a_line(tokens, at):
            at += 1
        else:
            return None
    if len(set(found[LABEL])) >= MANY:
        return abstain(f"options: {', '.join(dict.fromkeys(found[LABEL]))}")
    if found[LABEL]:
        return one_of(found[LABEL], labels, "constrained")
    if found[UNSETTLED]:
        return abstain(f"unsupported: {', '.join(dict.fromkeys(found[UNSETTLED]))}")
    return abstain(f"refused: {found['unanswered'][0]}") if found["unanswered"] else None


def read_json(text: str, labels: Collection[str], words: Words, read: Callable[[str], Reading]) -> Reading | None:
    """The label of a reply that is or holds JSON; null: there is none, or it has no field for the label.

    Args:
        text: The reply, not folded.
        labels: Those that the model can answer.
        words: What is looked for.
        read: Reads what stands in a field.
    """
    if "{" not in text and "[" not in text:
        return None
    bare = unfenced(text)
    value = _parsed(bare)
    if value is None and "{" in bare:
        value = _parsed(bare[bare.find("{") : bare.rfind("}") + 1])
    fields = list(_fields(value, words, 0)) if value is not None else list(_salvaged(bare, words))
    if fields:
        return _together([_read_field(field, read) for field in fields], labels)
    if value is not None:
        return _without_field(value, labels, words, read)
    if _LOOKS_LIKE_JSON.match(bare) and _is_open(bare) and read_words(fold(bare), labels, words) is None:
        return abstain("truncated: JSON ends before its label")
    return None


def unfenced(text: str) -> str:
    """What stands in the first fence, if that is JSON; else all."""
    fence = _OPEN_FENCE.search(text)
    if fence is None:
        return text.strip()
    inside = text[fence.end() :].partition("```")[0].strip()
    return inside if inside[:1] in ("{", "[") else text.strip()


def _parsed(text: str) -> JsonValue:
    if text[:1] not in ("{", "["):
        return None
    try:
        value: JsonValue = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value


def _key(name: str) -> str:
    return fold(name).replace("-", " ")


def _fields(value: JsonValue, words: Words, depth: int) -> Iterator[JsonValue]:
    """What stands in fields for the label, other persons' left out."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        if depth == 0 and value and all(isinstance(one, str) for one in value):
            yield value
        for one in value:
            if isinstance(one, dict | list):
                yield from _fields(one, words, depth + 1)
    if isinstance(value, dict):
        for name, one in value.items():
            key = _key(name)
            if isinstance(one, dict) or (isinstance(one, list) and any(isinstance(x, dict) for x in one)):
                if key not in words.others:
                    yield from _fields(one, words, depth + 1)
            elif key in words.fields:
                yield one


def _salvaged(text: str, words: Words) -> Iterator[JsonValue]:
    """Fields for the label that stand complete in JSON that does not parse."""
    for match in _FIELD.finditer(text):
        name, double, single, curly, null, listed = match.groups()
        if _key(name) in words.fields:
            texts = [one for one in (double, single, curly, listed) if one is not None]
            yield None if null else texts[0]


def _read_field(value: JsonValue, read: Callable[[str], Reading]) -> Reading:
    if isinstance(value, str):
        return read(value) if value.strip() else abstain("refused: the label is empty")
    if isinstance(value, list):
        return read(", ".join(one for one in value if isinstance(one, str)))
    return abstain("refused: the label is null") if value is None else abstain("unclear: no field holds a label")


def _together(read: list[Reading], labels: Collection[str]) -> Reading:
    found = [one.label for one in read if one.label is not None]
    contradiction = next((one for one in read if (one.abstain_reason or "").startswith("contradiction")), None)
    if contradiction is not None or not found:
        return contradiction or read[0]
    return one_of(found, labels, "constrained")


def _without_field(
    value: JsonValue, labels: Collection[str], words: Words, read: Callable[[str], Reading]
) -> Reading | None:
    """An object whose keys are labels with numbers, or one that holds prose."""
    if not isinstance(value, dict) or not value:
        return abstain("unclear: no field holds a label") if value in ({}, []) else None
    scores = [(name, one) for name, one in value.items() if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(scores) == len(value):
        most = max(one for _, one in scores)
        best = [read_words(_key(name), labels, words) for name, one in scores if one == most]
        known = [one for one in best if one is not None]
        return _together(known, labels) if len(known) == len(best) else abstain("unclear: no field holds a label")
    prose = [f"{name}: {one}" for name, one in value.items() if isinstance(one, str)]
    return read("\n".join(prose)) if prose else abstain("unclear: no field holds a label")


def _is_open(text: str) -> bool:
    return text.count("{") > text.count("}") or text.count("[") > text.count("]")


def _is_picture(token: str) -> bool:
    return len(token) == 1 and (ord(token) >= 0x1F000 or 0x2600 <= ord(token) <= 0x27BF) and token not in "❌✗✘✕✖"


def _numbers_a_line(tokens: list[str], at: int) -> bool:
    return tokens[at].isdigit() and (at == 0 or tokens[at - 1] == "\n") and tokens[at + 1 : at + 2] in (["."], [")"])
