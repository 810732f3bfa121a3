"""What nobody answered stays open with its place, and a server that is gone pauses the stage."""

from osmo.annotators.answer import Unanswered, Usage
from osmo.tasks.unanswered import open_problem, pause, usage_columns

BUSY = Unanswered("503 after 6 tries", "http://h:1")
GONE = Unanswered("refuses connections", "http://h:1", gone=True)


def test_the_problem_says_who_where_and_about_what() -> None:
    problem = open_problem(BUSY, "desta", recording_id="r", key="k", what="segment s")
    assert (problem.recording_id, problem.key, problem.permanent, problem.warning) == ("r", "k", False, False)
    assert problem.what == "desta gave no answer: 503 after 6 tries"
    assert problem.where == "http://h:1, segment s"
    assert "osmo annotators check" in problem.remedy


def test_only_a_server_that_is_gone_pauses() -> None:
    assert pause(["an answer", BUSY], "desta") is None
    assert pause([], "desta") is None
    assert pause(["an answer", BUSY, GONE], "desta") == "desta at http://h:1: refuses connections"


def test_usage_fills_the_columns_of_every_table_that_keeps_it() -> None:
    from osmo.schemas.tables import CUES, REASONING, VERDICTS, VOTES

    columns = usage_columns(Usage(1, 2, 3.0, 4))
    assert columns == {"tokens_in": 1, "tokens_out": 2, "latency_ms": 3.0, "attempts": 4}
    for table in (VOTES, VERDICTS, CUES, REASONING):
        assert set(columns) <= set(table.body_schema.names)
