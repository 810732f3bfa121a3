"""What is used of a clock that runs backwards."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import pytest

from osmo.tasks.in_order import in_order


def taken(pieces: Generator[tuple[float, float], None, int]) -> tuple[list[float], int]:
    times: list[float] = []
    while True:
        try:
            times.append(next(pieces)[0])
        except StopIteration as end:
            return times, end.value


@pytest.mark.parametrize(
    ("times", "length_s", "used", "backwards"),
    [
        ((0, 1, 2), 1.0, [0, 1, 2], 0),
        ((0, 1.04, 2), 1.0, [0, 1.04, 2], 0),
        ((0, 1, 90, 2, 3), 1.0, [0, 1, 2, 3], 1),
        ((0, 1, 2, 0.5, 3), 1.0, [0, 1, 2, 3], 1),
        ((5, 0, 1), 0.0, [0, 1], 1),
        ((0, 1, 2, 1.5, 3), 0.0, [0, 1, 1.5, 3], 1),
        ((0, 1, 2, 0, 1, 2, 3), 1.0, [0, 1, 2, 2, 3], 3),
        ((0, 0.5, 2), 1.0, [0, 0.5, 2], 1),
        ((), 1.0, [], 0),
        ((7,), 1.0, [7], 0),
    ],
    ids=[
        "in order", "jitter", "one jumps ahead", "one falls back", "the first is wrong", "one of two pictures",
        "set back by three", "overlap", "nothing", "one",
    ],
)  # fmt: skip
def test_the_piece_that_does_not_go_on_from_what_came_before_is_left_out(
    times: Sequence[float], length_s: float, used: list[float], backwards: int
) -> None:
    assert taken(in_order(((time, length_s) for time in times), lambda length: length)) == (used, backwards)
