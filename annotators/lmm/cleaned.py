"""From what a describer says to a text that can stand in a chain: one line, whole sentences, no longer than asked."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from osmo.annotators.lmm.wording import phrases
from osmo.annotators.parse.loops import is_loop

LONGEST = 600
"""Characters of a description."""

_END = re.compile(r"[.!?](?=\s|$)[\"'”’)]*|[。！？][”’」』）]*")
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn")
_AGAIN = 3
"""So many equal sentences are a loop."""


def cleaned(text: str, *, cut: bool = False) -> tuple[str | None, str | None]:
    """A description, or why there is none.

    Args:
        text: What a model said.
        cut: Whether it was cut at its longest: then what follows its last whole sentence is left out.

    Returns:
        The text in Unicode's composed form, on one line, ended at a sentence within `LONGEST` characters where one
        ends there, else at a word; or null and the reason: empty, refused or loop.
    """
    line = _one_line(text)
    if not any(character.isalnum() for character in line):
        return None, "empty: the model said nothing"
    folded = line.casefold().replace("’", "'")
    if any(folded.startswith(start) for start in phrases().refusals):
        return None, f"refused: {line[:80]}"
    if _loops(line):
        return None, f"loop: {line[:80]}"
    return _ended(line, cut=cut), None


def _one_line(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    spaced = "".join(
        " " if c.isspace() else c for c in composed if c.isspace() or unicodedata.category(c) not in _UNSEEN
    )
    return " ".join(spaced.replace("*", "").replace("`", "").split()).strip('"“” ')


def _loops(line: str) -> bool:
    sentences = Counter(one for part in _END.split(line) if len(one := part.strip()) > 3)
    return any(count >= _AGAIN for count in sentences.values()) or is_loop(line.casefold())


def _ended(line: str, *, cut: bool) -> str:
    if len(line) <= LONGEST and not cut:
        return line
    kept = line[:LONGEST]
    ends = [found.end() for found in _END.finditer(kept)]
    if ends:
        return kept[: ends[-1]]
    return kept if len(line) <= LONGEST or " " not in kept else kept[: kept.rindex(" ")]
