"""Turns what failed into rows of `PROBLEMS`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from osmo.tasks.stage import Problem

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def problem_rows(stage_name: str, problems: Iterable[Problem], attempts: Mapping[str, int]) -> list[dict[str, object]]:
    """Rows of `PROBLEMS`, in order.

    Args:
        stage_name: The stage that met them.
        problems: What it met.
        attempts: Earlier attempts by key; a key that is not there had none.
    """
    return [
        {
            "recording_id": problem.recording_id,
            "stage": stage_name,
            "key": problem.key,
            "attempt": attempts.get(problem.key, 0) + 1,
            "status": status(problem),
            "what": one_line(problem.what),
            "where": one_line(problem.where),
            "remedy": one_line(problem.remedy),
        }
        for problem in problems
    ]


def status(problem: Problem) -> str:
    """How the log calls it: warning, permanent, or failed (left to try again)."""
    if problem.warning:
        return "warning"
    return "permanent" if problem.permanent else "failed"


def one_line(text: str) -> str:
    """A text with what is no text of a line written as escapes: names of files may hold a line break, or any bytes."""
    utf8 = text.encode(errors="backslashreplace").decode()
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], utf8)
