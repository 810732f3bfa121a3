"""Events as protocols see them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from osmo.tasks.protocol import Unit


@pytest.fixture
def unit() -> Callable[..., Unit]:
    """Makes 30 s windows that start at `t` of the subject's timeline, each in a recording of its own unless named."""

    def make(event_id: str, subject: str | None = "ann", t: float | None = 0.0, **other: object) -> Unit:
        made = Unit(
            event_id=event_id,
            subject_id=subject,
            recording_id=f"r-{event_id}",
            session_group=None,
            dataset="toy",
            language="en",
            window_start_s=0.0,
            window_end_s=30.0,
            window_start_t=t,
            window_end_t=None if t is None else t + 30.0,
        )
        return replace(made, **other)  # type: ignore[arg-type]

    return make
