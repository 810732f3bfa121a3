"""Runs one rule by its name."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest

from osmo.schemas.config import QualityConfig
from osmo.tasks.qa.registry import rule

Found = list[tuple[str | None, str]]


@pytest.fixture
def check(clips: Callable[..., pa.Table]) -> Callable[[str, pa.Table], Found]:
    """Run a rule over annotations of clip c1, 30 s long: (region_id, severity) of each finding."""

    def run(name: str, annotations: pa.Table) -> Found:
        found = rule(name, QualityConfig()).check(annotations, clips(("c1", 60.0, 90.0)))
        assert set(found["rule"].to_pylist()) <= {name}
        assert all(found["detail"].to_pylist())
        return list(zip(found["region_id"].to_pylist(), found["severity"].to_pylist(), strict=True))

    return run
