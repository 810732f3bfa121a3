"""The order of what is stamped by a clock that may run backwards."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from typing import TypeVar

_JITTER_S = 0.05

Piece = TypeVar("Piece")


def in_order(
    pieces: Iterator[tuple[float, Piece]], length_s: Callable[[Piece], float]
) -> Generator[tuple[float, Piece], None, int]:
    """Pieces whose times rise; of a clock that runs backwards the rest is left out.

    Of two pieces of which the second is stamped before the first, one is left out: the first, where the second goes on
    from what came before them (then the first jumped ahead), else the second.

    Args:
        pieces: Seconds and pictures or blocks of sound, as they were read.
        length_s: Length of a piece in seconds; 0 for pictures, which last until the next one.

    Returns:
        How often the clock ran backwards: also where a piece begins before the end of the one before by more than
        jitter, which keeps both.
    """
    held: tuple[float, Piece] | None = None
    given_s, backwards = -math.inf, 0
    for time_s, piece in pieces:
        if held is not None and time_s < held[0]:
            backwards += 1
            if time_s < given_s - _JITTER_S:
                continue
        elif held is not None:
            end_s = held[0] + length_s(held[1])
            backwards += time_s < end_s - _JITTER_S
            given_s = end_s
            yield held
        held = time_s, piece
    if held is not None:
        yield held
    return backwards
