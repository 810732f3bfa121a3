"""A folded reply as sentences of items: phrases with roles, marks, and words that do nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from osmo.annotators.parse.words import LABEL, UNSETTLED, Item, Words, longest, tokens_of

COMMA = Item("comma", ",")
STOP = Item("stop", ".")
OPEN = Item("open", "(")
CLOSE = Item("close", ")")

_MARKS = {
    ",": COMMA, "、": COMMA, ":": Item("colon", ":"), "-": Item("dash", "-"),
    "|": Item("bar", "|"), "/": Item("bar", "/"),
    "(": OPEN, "[": OPEN, "{": OPEN, "【": OPEN, ")": CLOSE, "]": CLOSE, "}": CLOSE, "】": CLOSE,
    ".": STOP, "。": STOP,
    "!": Item("stop", "!"), "?": Item("stop", "?"), ";": Item("stop", ";"), "\n": Item("stop", "\n"),
}  # fmt: skip

_JOINTS = ("comma", "bar", "and", "or", "dash", "stop", "open", "close", "mark", "number")
MANY = 5
"""So many labels in a row are the list that the model was to choose from."""


def is_emotion(item: Item) -> bool:
    """Whether an item names an emotion."""
    return item.role in (LABEL, UNSETTLED)


def is_word(item: Item) -> bool:
    """Whether an item is more than a mark."""
    return item.role not in (
        "comma", "colon", "dash", "bar", "open", "close", "stop", "mark", "number",
    )  # fmt: skip


def items_of(folded: str, words: Words, *, cut: bool) -> list[Item]:
    """All items of a text, in order.

    Args:
        folded: The text.
        words: What is looked for.
        cut: Whether its last word may be the stump of another, which is left out.
    """
    tokens = tokens_of(folded)
    if cut and tokens and tokens[-1].isalnum():
        tokens.pop()
    items: list[Item] = []
    at = 0
    while at < len(tokens):
        found = longest(words.phrases, tokens, at)
        if found is not None:
            length, item = found
            at += length
        else:
            item = _single(tokens, at)
            at += 1
        items.append(item)
    return items


def sentences(items: Sequence[Item]) -> Iterator[tuple[int, int]]:
    """First position and end of each sentence, its stop included; a line's end stops one too."""
    start = 0
    for at, item in enumerate(items):
        if item.role == "stop":
            yield start, at + 1
            start = at + 1
    if start < len(items):
        yield start, len(items)


def offered(items: Sequence[Item]) -> frozenset[int]:
    """Positions of labels that a reply lists as what may be chosen, not as what it chose.

    Five different labels in a row are such a list wherever they stand; two are, in a sentence that says so before.
    """
    found: set[int] = set()
    for row in _rows(items):
        distinct = len({items[at].value for at in row})
        if distinct >= MANY or (distinct > 1 and _says_so(items, row[0])):
            found.update(row)
    return frozenset(found)


def _rows(items: Sequence[Item]) -> Iterable[list[int]]:
    row: list[int] = []
    for at, item in enumerate(items):
        if is_emotion(item):
            row.append(at)
        elif row and (item.role not in _JOINTS or _is_blank_line(items, at)):
            yield row
            row = []
    if row:
        yield row


def _is_blank_line(items: Sequence[Item], at: int) -> bool:
    return at > 0 and items[at].value == items[at - 1].value == "\n"


def _says_so(items: Sequence[Item], at: int) -> bool:
    for before in range(at - 1, max(-1, at - 13), -1):
        if items[before].role == "choose":
            return True
        if items[before].role == "stop":
            return False
    return False


def _single(tokens: Sequence[str], at: int) -> Item:
    token = tokens[at]
    if token == "." and tokens[at - 1 : at + 2 : 2] and _between_digits(tokens, at):
        return Item("mark", ".")
    if token in _MARKS:
        return _MARKS[token]
    if token.isdigit():
        return Item("number", token)
    return Item("" if token.isalnum() or token in ("…", "%") else "mark", token)


def _between_digits(tokens: Sequence[str], at: int) -> bool:
    return 0 < at < len(tokens) - 1 and tokens[at - 1].isdigit() and tokens[at + 1].isdigit()
