"""What a server said about a request, in one line that holds no key, no prompt and no media."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import JsonValue, TypeAdapter, ValidationError
from pydantic import SecretStr as Key

LONGEST_LINE = 200
LONGEST_RAW = 4000
HIDDEN = "…"

_QUOTE = 16
"""So many characters in a row that a request has too are a quote of it."""
_MEDIA = re.compile(r"(?<!sha256:)[A-Za-z0-9+/=_-]{64,}")
_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


@dataclass(frozen=True)
class Hidden:
    """What must not be seen in what a server says.

    Attributes:
        key: The server's key; null: it wants none.
        texts: Texts of the request.
    """

    key: Key | None = None
    texts: tuple[str, ...] = ()


def one_line(body: bytes, hidden: Hidden) -> str:
    """What a body says, at most `LONGEST_LINE` characters; empty: nothing that is text.

    The message is looked for where OpenAI-compatible servers and FastAPI put it; what FastAPI quotes of a request
    (`input`) is passed over.
    """
    text = _text(body)
    if text is None:
        return ""
    try:
        found = list(_messages(_JSON.validate_json(body)))
    except ValidationError:
        found = [re.sub(r"<[^>]*>", " ", text)]
    line = " ".join("; ".join(found).split())
    line = "".join(letter for letter in line if letter.isprintable())[: 4 * LONGEST_LINE]
    line = _without_quotes(_MEDIA.sub(HIDDEN, _without_key(line, hidden.key)), hidden.texts)
    return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + HIDDEN


def raw(body: bytes, hidden: Hidden) -> str | None:
    """What a body says, at most `LONGEST_RAW` characters, for the row; null: it is no text."""
    text = _text(body)
    return None if text is None else _without_key(text, hidden.key)[:LONGEST_RAW]


def _text(body: bytes) -> str | None:
    try:
        return body.decode("utf-8").replace("\x00", "") or None
    except UnicodeDecodeError:
        return None


def _without_key(text: str, key: Key | None) -> str:
    return text if key is None else text.replace(key.get_secret_value(), HIDDEN)


def _messages(said: JsonValue) -> Iterator[str]:
    if isinstance(said, str):
        yield said
    elif isinstance(said, list):
        for one in said[:3]:
            yield from _messages(one)
    elif isinstance(said, dict):
        place = said.get("loc")
        for name in ("error", "detail", "message", "msg"):
            if name in said:
                where = ".".join(map(str, place)) + ": " if isinstance(place, list) else ""
                yield from (where + message for message in _messages(said[name]))
                return


def _without_quotes(line: str, texts: Sequence[str]) -> str:
    """The line without what it quotes of the request, however it is cut."""
    folded = [" ".join(text.split()) for text in texts]
    kept: list[str] = []
    at = 0
    while at < len(line):
        window = line[at : at + _QUOTE]
        if len(window) == _QUOTE and any(window in text for text in folded):
            end = at + _QUOTE
            while end < len(line) and any(line[at : end + 1] in text for text in folded):
                end += 1
            kept.append(HIDDEN)
            at = end
        else:
            kept.append(line[at])
            at += 1
    return "".join(kept)
