"""Problems as rows."""

from __future__ import annotations

from osmo.schemas.tables import PROBLEMS
from osmo.tasks.problems import problem_rows
from osmo.tasks.stage import Problem


def test_attempts_count_on_and_the_status_says_what_comes_next() -> None:
    problems = [
        Problem("r", "k1", True, "broken", "f", "mend it"),
        Problem("r", "k2", False, "away", "f", "wait"),
        Problem("r", "k3", True, "odd", "f", "look", warning=True),
    ]
    rows = PROBLEMS.rows(problem_rows("media", problems, {"k2": 2})).to_pylist()
    assert [(row["key"], row["attempt"], row["status"], row["stage"]) for row in rows] == [
        ("k1", 1, "permanent", "media"),
        ("k2", 3, "failed", "media"),
        ("k3", 1, "warning", "media"),
    ]
