"""Speech is found in real meetings: bounds that the printed table meets with room to spare."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def segmentation() -> ModuleType:
    sys.path.insert(0, str(BENCHMARKS))
    spec = importlib.util.spec_from_file_location("segmentation", BENCHMARKS / "segmentation.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["segmentation"] = module
    spec.loader.exec_module(module)
    sys.path.remove(str(BENCHMARKS))
    return module


def test_most_speech_of_meetings_is_found(segmentation: ModuleType, corpora: Path) -> None:
    found = {one.name: one for one in segmentation.everything()}
    assert found.keys() == {"sample", "dev00", "dev01", "tst00"}
    assert min(one.found for one in found.values()) > 0.85
    assert max(one.false_alarm for one in found.values()) < 0.2
    assert found["sample"].boundary_median_s < 0.2


def test_marked_stretches_join_over_short_pauses_only(segmentation: ModuleType, tmp_path: Path) -> None:
    rows = ["a 1.0 1.0", "a 2.5 0.5", "b 0.0 9.0", "a 5.0 1.0"]
    lines = ["SPEAKER {} 1 {} {} <NA> <NA> x <NA> <NA>".format(*row.split()) for row in rows]
    (tmp_path / "x.rttm").write_text("\n".join(lines))
    assert segmentation.marked(tmp_path / "x.rttm", "a", pause_s=0.8) == [(1.0, 3.0), (5.0, 6.0)]
