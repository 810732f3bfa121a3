"""A wrong name in the configuration is answered with the right one, before anything is read or written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from osmo.annotators.registry import UnknownAnnotatorError
from osmo.tasks.sources.registry import UnknownAdapterError

Bench = Any


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        ('[[sources]]\nadapter = "foldr"\npath = "."\n', UnknownAdapterError, "'foldr'. Did you mean 'folder'?"),
        ('[prescreen]\nvoters = ["lexikon"]\n', UnknownAnnotatorError, "'lexikon'. Did you mean 'lexicon'?"),
        ('[quality]\njudge = "rubrik"\n', UnknownAnnotatorError, "'rubrik'. Did you mean 'rubric'?"),
        ('[sense]\nwriter = "compser"\n', UnknownAnnotatorError, "'compser'. Did you mean 'composer'?"),
    ],
    ids=["adapter", "voter", "judge", "writer"],
)
def test_a_wrong_name(bench: Bench, settings: str, error: type[ValueError], says: str) -> None:
    bench.put("good")
    with bench.config_file.open("a", encoding="utf-8") as file:
        file.write(settings)
    run: Callable[[], object] = bench.run if error is UnknownAdapterError else lambda: bench.pipeline().stage_names
    with pytest.raises(error) as refused:
        run()
    assert says in str(refused.value)
    assert bench.ids() == set()
    assert bench.problems() == []
