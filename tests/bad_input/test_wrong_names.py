"""A wrong name in the configuration is answered with the right one, before anything is read or written."""

from __future__ import annotations

from typing import Any

import pytest

from osmo.schemas.config import load_config
from osmo.schemas.extensions import UnknownExtensionError
from osmo.tasks.names import check_names

Bench = Any


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ('[[sources]]\nadapter = "foldr"\npath = "."\n', "'foldr'. Did you mean 'folder'?"),
        ('[prescreen]\nvoters = ["lexikon"]\n', "'lexikon'. Did you mean 'lexicon'?"),
        ('[quality]\njudge = "rubrik"\n', "'rubrik'. Did you mean 'rubric'?"),
        ('[sense]\nwriter = "compser"\n', "'compser'. Did you mean 'composer'?"),
    ],
    ids=["adapter", "voter", "judge", "writer"],
)
def test_a_wrong_name(bench: Bench, settings: str, says: str) -> None:
    bench.put("good")
    with bench.config_file.open("a", encoding="utf-8") as file:
        file.write(settings)
    with pytest.raises(UnknownExtensionError) as refused:
        check_names(load_config(bench.config_file))
    assert says in str(refused.value)
    assert bench.ids() == set()
    assert bench.problems() == []
