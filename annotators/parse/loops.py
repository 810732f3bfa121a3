"""Whether a reply ends in one phrase said over and over, as a model that has lost its way writes it."""

from __future__ import annotations

_LOOKED_AT = 8_000
_TIMES = 5
_LETTERS = 60


def is_loop(folded: str) -> bool:
    """Whether the last 60 letters or more of a text are one phrase, five times or more in succession.

    Marks, spaces and digits do not count, so that a numbered loop is one too, and a row of marks is none.
    """
    tail = "".join(char for char in folded[-2 * _LOOKED_AT :] if char.isalpha())[-_LOOKED_AT:]
    text = tail[::-1]
    # Knuth–Morris–Pratt: `border[i]` is the longest proper prefix of text[:i + 1] that also ends it.
    border = [0] * len(text)
    for i in range(1, len(text)):
        k = border[i - 1]
        while k and text[i] != text[k]:
            k = border[k - 1]
        border[i] = k + (text[i] == text[k])
        period = i + 1 - border[i]
        if i + 1 >= max(_LETTERS, _TIMES * period):
            return True
    return False
