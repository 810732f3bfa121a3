"""Turns what failed into rows of `PROBLEMS`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from osmo.tasks.stage import Problem


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
            "what": problem.what,
            "where": problem.where,
            "remedy": problem.remedy,
        }
        for problem in problems
    ]


def status(problem: Problem) -> str:
    """How the log calls it: warning, permanent, or failed (left to try again)."""
    if problem.warning:
        return "warning"
    return "permanent" if problem.permanent else "failed"
