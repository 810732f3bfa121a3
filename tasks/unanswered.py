"""What a stage makes of questions that nobody answered: problems, and a reason to pause where the server is gone."""

from __future__ import annotations

from collections.abc import Iterable

from osmo.annotators.answer import Unanswered, Usage
from osmo.tasks.stage import Problem


def open_problem(answer: Unanswered, annotator: str, *, recording_id: str, key: str, what: str) -> Problem:
    """The problem of a unit that stays open.

    Args:
        answer: Why there is none.
        annotator: Who was asked.
        recording_id: The unit's recording.
        key: The unit's input key.
        what: What was asked about, for the place: "segment 1f…".
    """
    return Problem(
        recording_id=recording_id,
        key=key,
        permanent=False,
        what=f"{annotator} gave no answer: {answer.problem}",
        where=f"{answer.where}, {what}",
        remedy=answer.remedy,
    )


def pause(answers: Iterable[object], annotator: str) -> str | None:
    """Why a stage cannot go on: the first answer whose server is gone says it; null: it can."""
    gone = next((one for one in answers if isinstance(one, Unanswered) and one.gone), None)
    return None if gone is None else f"{annotator} at {gone.where}: {gone.problem}"


def usage_columns(usage: Usage) -> dict[str, int | float | None]:
    """The columns tokens_in, tokens_out, latency_ms and attempts."""
    return vars(usage)
