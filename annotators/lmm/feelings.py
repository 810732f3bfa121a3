"""Which words of a description name a feeling, so that the model can be told to do without them."""

from __future__ import annotations

import re

from osmo.annotators.mentions import mentioned

_WORD = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*")
_MANDARIN = re.compile(r"[\u4e00-\u9fff]+")
_LONGEST = 8
"""Words, or Mandarin characters, of the longest name of a feeling that is looked for."""


def feeling_words(text: str) -> list[str]:
    """The shortest pieces of a text that name a concept which the text as a whole names, each once; empty: none.

    Where no piece does by itself, the concepts' own names stand for them.
    """
    concepts = mentioned(text)
    found: list[str] = []
    runs = [(_WORD.findall(text), " "), *((list(run), "") for run in _MANDARIN.findall(text))] if concepts else []
    for size in range(1, _LONGEST + 1):
        for words, gap in runs:
            for start in range(len(words) - size + 1):
                piece = gap.join(words[start : start + size]).lower()
                if concepts & mentioned(piece) and not any(shorter in piece for shorter in found):
                    found.append(piece)
    return found or sorted(concept.rpartition("/")[2] for concept in concepts)
