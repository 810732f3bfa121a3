"""How chains came about: whose stand, why the others were refused, what they took, and whether they leak the label."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from osmo.tasks.intervals import Share, share
from osmo.tasks.leakage import Leakage, leakage

OUTCOMES = ("first", "again", "composed")
_REFUSAL = re.compile(r"try (\d+): (\w+): (.*)", re.DOTALL)


@dataclass(frozen=True)
class RuleRefusals:
    """How often a rule refused.

    Attributes:
        rule: Its name, as `check_chain` says; unreadable: no chain could be read.
        events: Events of which it refused a chain.
        tries: Chains that it refused.
        example: One of them, the first by event.
    """

    rule: str
    events: int
    tries: int
    example: str


@dataclass(frozen=True)
class SenseReport:
    """What REASONING says of its chains.

    Attributes:
        chains: Events that have one.
        without_outcome: Of those, written before outcomes were kept.
        outcomes: Share of each of `OUTCOMES` among the others.
        models: Chains of each model.
        refusals: By rule, the most frequent first.
        tokens_in: Prompt tokens of all chains; null: none was counted.
        tokens_out: Answer tokens; null as above.
        attempts: Requests; null as above.
        leakage: Whether steps 1–4 give away the label.
    """

    chains: int
    without_outcome: int
    outcomes: dict[str, Share]
    models: dict[str, int]
    refusals: tuple[RuleRefusals, ...]
    tokens_in: int | None
    tokens_out: int | None
    attempts: int | None
    leakage: Leakage


def sense_report(events: pa.Table, cues: pa.Table, reasoning: pa.Table, segments: pa.Table) -> SenseReport:
    """Count how chains came about, and probe them.

    Args:
        events: `EVENTS`.
        cues: `CUES`.
        reasoning: `REASONING`.
        segments: `SEGMENTS`.
    """
    firsts = [row for row in reasoning.sort_by("event_id").to_pylist() if row["step"] == 1]
    outcomes = Counter(row["outcome"] for row in firsts)
    told = len(firsts) - outcomes[None]
    return SenseReport(
        chains=len(firsts),
        without_outcome=outcomes[None],
        outcomes={name: share(outcomes[name], told) for name in OUTCOMES},
        models=dict(sorted(Counter(row["model"] for row in firsts).items())),
        refusals=_refusals(firsts),
        tokens_in=_total(firsts, "tokens_in"),
        tokens_out=_total(firsts, "tokens_out"),
        attempts=_total(firsts, "attempts"),
        leakage=leakage(events, cues, reasoning, segments),
    )


def _refusals(firsts: list[dict[str, Any]]) -> tuple[RuleRefusals, ...]:
    tries: dict[str, set[tuple[str, str]]] = {}
    examples: dict[str, str] = {}
    for row in firsts:
        for text in row["refusals"] or ():
            number, rule, what = found.groups() if (found := _REFUSAL.fullmatch(text)) else ("1", "unknown", text)
            tries.setdefault(rule, set()).add((row["event_id"], number))
            examples.setdefault(rule, what)
    counted = [
        RuleRefusals(rule, len({event for event, _ in of}), len(of), examples[rule]) for rule, of in tries.items()
    ]
    return tuple(sorted(counted, key=lambda one: (-one.tries, one.rule)))


def _total(rows: list[dict[str, Any]], name: str) -> int | None:
    known = [row[name] for row in rows if row[name] is not None]
    return sum(known) if known else None
