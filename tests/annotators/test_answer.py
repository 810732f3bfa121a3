"""What answers took adds up, and what is not known stays so."""

import pytest

from osmo.annotators.answer import Usage


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (Usage(10, 2, 5.0, 1), Usage(4, 1, 2.5, 3), Usage(14, 3, 7.5, 4)),
        (Usage(10, None, None, 1), Usage(None, None, 2.0, 1), Usage(10, None, 2.0, 2)),
        (Usage(), Usage(), Usage(attempts=2)),
    ],
)
def test_usage_adds_up(one: Usage, other: Usage, both: Usage) -> None:
    assert one + other == both
    assert other + one == both
