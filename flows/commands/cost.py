"""The bill as `osmo plan --cost` and `osmo status --cost` show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from osmo.flows import console

if TYPE_CHECKING:
    from osmo.tasks.amounts import Amount
    from osmo.tasks.bill import Bill

_SCALES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def show_bill(bill: Bill, json: bool, *, title: str) -> None:
    """The bill, for people or for programs."""
    if json:
        totals = {"left": bill.total_left, "foretold": bill.total_foretold, "actual": bill.total_actual}
        console.emit_json({**asdict(bill), "totals": {name: asdict(one) for name, one in totals.items()}})
        return
    if bill.rows:
        _show_left(bill, title)
        _show_done(bill)
    else:
        console.out.print(f"{title}: no configured annotator asks a model, so nothing is to be paid.", markup=False)
    if bill.here:
        console.show_table(
            "Annotators that run here cost time of this machine's processors, and no money",
            ("stage", "rows", "seconds"),
            [(one.stage, one.rows, one.seconds) for one in bill.here],
        )


def _show_left(bill: Bill, title: str) -> None:
    rows = [
        (row.stage, _count(row.left.calls), _count(row.by_ratio.calls), *_cells(row.left + row.by_ratio), row.basis)
        for row in bill.rows
    ]
    rows.append(
        ("all", _count(sum(row.left.calls or 0 for row in bill.rows)),
         _count(sum(row.by_ratio.calls or 0 for row in bill.rows)), *_cells(bill.total_left), "")
    )  # fmt: skip
    columns = ("stage", "calls", "by ratio", "in", "out", "GPU h", bill.currency, "told by")
    console.show_table(f"{title}: what is left to ask, foretold", columns, _right(columns, rows, numbers=range(1, 7)))


def _show_done(bill: Bill) -> None:
    done = [row for row in bill.rows if row.actual is not None]
    if not done:
        return
    rows: list[tuple[str, ...]] = []
    for row in done:
        assert row.actual is not None
        rows.append((row.stage, "foretold", _count(row.foretold.calls), *_cells(row.foretold)))
        rows.append(("", "actual", _count(row.actual.calls), *_cells(row.actual)))
        rows.append(("", "ratio", *(_times(value) for value in vars(row.ratio).values())))
    rows.append(("all", "foretold", _count(bill.total_foretold.calls), *_cells(bill.total_foretold)))
    rows.append(("", "actual", _count(bill.total_actual.calls), *_cells(bill.total_actual)))
    columns = ("stage", "", "calls", "in", "out", "GPU h", bill.currency)
    console.show_table(
        "What is done: foretold beside what it took", columns, _right(columns, rows, numbers=range(2, 7))
    )


def _cells(one: Amount) -> tuple[str, ...]:
    return _count(one.tokens_in), _count(one.tokens_out), _fixed(one.gpu_hours), _fixed(one.money)


def _right(columns: Sequence[str], rows: Sequence[tuple[str, ...]], *, numbers: range) -> list[tuple[str, ...]]:
    """The rows with their numbers, which are texts of mixed units, standing right."""
    widths = {column: max(len(columns[column]), *(len(row[column]) for row in rows)) for column in numbers}
    return [tuple(cell.rjust(widths.get(column, 0)) for column, cell in enumerate(row)) for row in rows]


def _count(value: float | None) -> str:
    """A count in at most five characters: 940, 12.3k, 61.5M."""
    if value is None:
        return "–"
    for size, letter in _SCALES:
        if value >= size:
            return f"{value / size:.3g}{letter}" if value < 999.5 * size else f"{value / size:.0f}{letter}"
    return f"{value:.0f}"


def _fixed(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}" if value >= 1 or value == 0 else f"{value:.3f}"


def _times(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}×"
