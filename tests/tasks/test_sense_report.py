"""What is counted of chains: outcomes, refusals by rule, what they took."""

from __future__ import annotations

import pyarrow as pa

from osmo.schemas.tables import CUES, EVENTS, REASONING, SEGMENTS
from osmo.tasks.chain_check import Violation
from osmo.tasks.sense_report import SenseReport, sense_report


def chain(event_id: str, outcome: str | None, *refusals: str, **more: object) -> list[dict[str, object]]:
    row: dict[str, object] = {
        "event_id": event_id, "recording_id": "r", "name": "n", "text": "t", "cited": ["cue:visual"], "history": [],
        "model": "composer@1 for llama3@2" if outcome == "composed" else "llama3@2", "outcome": outcome,
    }  # fmt: skip
    whole = {"refusals": list(refusals), **more}
    return [{**row, "step": step, **(whole if step == 1 else {})} for step in range(1, 7)]


def reported(*chains: list[dict[str, object]]) -> SenseReport:
    rows: pa.Table = REASONING.rows(row for one in chains for row in one)
    return sense_report(EVENTS.rows([]), CUES.rows([]), rows, SEGMENTS.rows([]))


NUMBER = str(Violation("number", 1, "'7 times' says 7, which cue:visual does not"))
EMOTION = str(Violation("emotion", 2, "names joy/joy, which nothing allows: at all"))


def test_outcomes_and_refusals_are_counted() -> None:
    found = reported(
        chain("a", "first", tokens_in=100, tokens_out=10, attempts=1),
        chain("b", "again", f"try 1: {NUMBER}", f"try 1: {EMOTION}", tokens_in=200, tokens_out=20, attempts=2),
        chain("c", "composed", *(f"try {n}: {NUMBER}" for n in (1, 1, 2, 3)), tokens_in=300, attempts=3),
        chain("d", "first"),
        chain("e", None),
    )
    assert (found.chains, found.without_outcome) == (5, 1)
    assert {name: (one.hits, one.of) for name, one in found.outcomes.items()} == {
        "first": (2, 4), "again": (1, 4), "composed": (1, 4),
    }  # fmt: skip
    assert found.models == {"composer@1 for llama3@2": 1, "llama3@2": 4}
    number, emotion = found.refusals
    assert (number.rule, number.tries, number.events) == ("number", 4, 2), "two violations of one try are one"
    assert number.example == "step 1: '7 times' says 7, which cue:visual does not"
    assert (emotion.rule, emotion.tries, emotion.events) == ("emotion", 1, 1)
    assert (found.tokens_in, found.tokens_out, found.attempts) == (600, 30, 6)
    assert found.leakage.too_few is not None


def test_a_refusal_of_another_form_is_not_lost() -> None:
    [only] = reported(chain("a", "composed", "something else")).refusals
    assert (only.rule, only.tries, only.example) == ("unknown", 1, "something else")


def test_nothing_gives_no_shares() -> None:
    found = reported()
    assert found.chains == 0 and {one.share for one in found.outcomes.values()} == {None}
    assert found.tokens_in is None and found.attempts is None
