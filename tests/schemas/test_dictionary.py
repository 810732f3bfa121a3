"""The data dictionary names every table and column, and the copy in docs/ is that of today's declarations."""

from pathlib import Path

import pytest

from osmo.schemas.dictionary import data_dictionary
from osmo.schemas.tables import TABLES

STORED = Path(__file__).parents[2] / "docs" / "data-dictionary.md"


@pytest.mark.parametrize("name", TABLES)
def test_every_column_has_a_line_with_its_meaning(name: str) -> None:
    section = data_dictionary().split(f"\n## {name}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][2:]
    assert [line.split(" | ")[0].removeprefix("| ") for line in lines] == [c.name for c in TABLES[name].columns]
    assert all(line.count(" | ") == 3 and len(line.rsplit(" | ", 1)[1]) > 3 for line in lines)


def test_the_copy_in_docs_is_up_to_date() -> None:
    assert STORED.read_text(encoding="utf-8") == data_dictionary(), (
        "run: python -m osmo.schemas.dictionary > docs/data-dictionary.md"
    )
