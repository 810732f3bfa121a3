"""A table is what its declaration says, or it is refused with the column's name."""

import pyarrow as pa
import pytest

from osmo.schemas.table import LOG_COLUMNS, Column, SchemaMismatchError, Table

POINTS = Table(
    "points",
    "log",
    "Points.",
    (
        Column("name", pa.string(), "Name"),
        Column("x", pa.float64(), "Place"),
        Column("note", pa.string(), "Note; null: none", True),
    ),
)


def body(**columns: list[object]) -> pa.Table:
    return pa.table(columns)


def test_order_types_and_absent_nullable_columns_are_mended() -> None:
    checked = POINTS.check(body(x=[1, 2], name=["a", "b"]), body=True)
    assert checked.schema.equals(POINTS.body_schema, check_metadata=True)
    assert checked.to_pylist() == [{"name": "a", "x": 1.0, "note": None}, {"name": "b", "x": 2.0, "note": None}]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"name": ["a"]}, "column 'x' is missing"),
        ({"name": ["a"], "x": [1.0], "y": [2.0]}, r"unknown columns \['y'\]"),
        ({"name": [None], "x": [1.0]}, "column 'name' holds 1 nulls"),
        ({"name": ["a"], "x": ["one"]}, "column 'x'"),
        ({"name": ["a"], "x": [[1.0]]}, "column 'x'"),
    ],
    ids=["missing", "unknown", "null", "not-a-number", "list"],
)
def test_what_is_not_as_declared_is_refused(columns: dict[str, list[object]], says: str) -> None:
    with pytest.raises(SchemaMismatchError, match=rf"Table 'points': .*{says}"):
        POINTS.check(body(**columns), body=True)


def test_rows_become_a_table_and_unknown_names_are_refused() -> None:
    assert POINTS.rows([{"name": "a", "x": 1.0}])["note"].to_pylist() == [None]
    assert POINTS.rows([]).schema.names == ["name", "x", "note"]
    with pytest.raises(SchemaMismatchError, match="unknown columns"):
        POINTS.rows([{"name": "a", "x": 1.0, "nmae": "b"}])
    with pytest.raises(SchemaMismatchError):
        POINTS.rows([{"name": "a", "x": "one"}])


def test_a_log_stores_its_unit_beside_the_body_and_a_view_does_not() -> None:
    assert POINTS.schema.names == [*(column.name for column in LOG_COLUMNS), "name", "x", "note"]
    view = Table("seen", "view", "Points.", POINTS.columns)
    assert view.schema == view.body_schema == POINTS.body_schema
    assert view.empty().num_rows == 0


def test_every_column_carries_its_meaning() -> None:
    assert POINTS.schema.field("note").metadata == {b"doc": b"Note; null: none"}
